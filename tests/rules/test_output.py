"""What an engine's output says of the clock."""

from __future__ import annotations

from rules.output import Output


def test_all_that_clocks_woke_is_counted_and_the_earliest_instant_of_the_wall_clock_is_kept() -> None:
    output = Output()
    output.note_fired(2, None)
    assert (output.fired, output.due_since) == (2, None)
    output.note_fired(3, 2_000)
    output.note_fired(1, 3_000)
    output.note_fired(4, None)
    assert (output.fired, output.due_since) == (10, 2_000)
    output.note_fired(1, 1_000)
    assert (output.fired, output.due_since) == (11, 1_000)
