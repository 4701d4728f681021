"""The live wall: clocks, figures shared by everybody, the drill-down, and why it is quiet."""
