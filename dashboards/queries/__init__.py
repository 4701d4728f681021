"""The questions of the board to ClickHouse. SQL stays here; every one takes the scope of whoever asks."""
