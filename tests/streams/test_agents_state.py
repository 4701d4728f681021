from __future__ import annotations

import msgspec
import pytest

from streams.agents.state import RUNTIME_KEY, Loss, Runtime, messages, where_to_begin
from supervision.language import UserError

WHERE = ("case-events", 3)


@pytest.mark.parametrize(
    ("runtime", "shown", "low", "high", "first"),
    [
        pytest.param(None, None, 0, 0, 0, id="first start on an empty log"),
        pytest.param(None, None, 40, 90, 40, id="first start ever: from the log's beginning"),
        pytest.param(Runtime(50, 7), 44, 40, 90, 50, id="state is the truth, not the group's offset"),
        pytest.param(Runtime(40, 7), 44, 40, 90, 40, id="the next record is the log's first"),
        pytest.param(Runtime(90, 7), 90, 40, 90, 90, id="everything was judged"),
        pytest.param(None, 44, 0, 90, 0, id="state went but the log is whole: all again"),
    ],
)
def test_where_a_partition_goes_on(runtime: Runtime | None, shown: int | None, low: int, high: int, first: int) -> None:
    begun = where_to_begin(runtime, shown, low, high, WHERE, 1, accept_loss=False)
    assert begun.next == first
    assert begun.losses == ()
    assert begun.batches == (0 if runtime is None else runtime.batches)


@pytest.mark.parametrize("runtime", [Runtime(30, 7), None], ids=["judged up to 30", "state went, but the group had an offset"])
def test_records_deleted_before_they_were_judged_are_a_loud_stop(runtime: Runtime | None) -> None:
    with pytest.raises(UserError, match=r"case-events/3.*the log begins at 40.*--accept-loss"):
        where_to_begin(runtime, 30, 40, 90, WHERE, 1, accept_loss=False)


def test_an_accepted_loss_is_recorded_with_those_before_it() -> None:
    known = Runtime(30, 7, (Loss(1, 2, 3),))
    assert where_to_begin(known, 30, 40, 90, WHERE, 99, accept_loss=True) == Runtime(40, 7, (Loss(1, 2, 3), Loss(30, 40, 99)))


def test_a_log_shorter_than_its_state_is_a_loud_stop_even_when_losses_are_accepted() -> None:
    with pytest.raises(UserError, match="made anew"):
        where_to_begin(Runtime(91), None, 0, 90, WHERE, 1, accept_loss=True)


def test_a_transaction_writes_changed_entries_tombstones_and_the_next_offset() -> None:
    written = messages("case-state", 3, Runtime(8, 2), [("s/c", b"blob"), ("s/d", None), ("", b"meta")])
    assert [(message.key, message.value, message.partition) for message in written] == [
        (b"s/c", b"blob", 3),
        (b"s/d", None, 3),
        (b"", b"meta", 3),
        (RUNTIME_KEY, msgspec.json.encode(Runtime(8, 2)), 3),
    ]
