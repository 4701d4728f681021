"""Engines that judge nothing, and the agent worker that runs with one: what the way through the agents costs without the rules.

`pipeline.py` starts it: `python bench/hollow.py empty` or `... writing`, by the settings of the environment, one worker.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rules.output import Item, Output, Size
from streams.agents import worker
from supervision import logs, settings
from supervision.event import CaseEvent, Stream, root_key
from supervision.reference import Reference

STATE_BYTES = 450
# What all cases of an item have in common compresses well, what makes a case itself does not: about a third of an entry.
_COMMON = bytes(range(32, 127)) * 3


class Empty:
    """Satisfies `rules.output.Engine`: remembers nothing, says nothing."""

    def __init__(self, stream: Stream, reference: Reference, partition: int, case_partitions: int) -> None: ...

    def process(self, items: Sequence[Item]) -> Output:
        return Output()

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        return Output()

    def changes(self) -> list[tuple[str, bytes | None]]:
        return []

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None: ...

    def use(self, reference: Reference) -> None: ...

    def clocks(self) -> dict[str, int]:
        return {}

    def size(self) -> Size:
        return Size(0, 0, 0)


class Writing(Empty):
    """Gives back an entry of STATE_BYTES for every case that a batch touches."""

    def __init__(self, stream: Stream, reference: Reference, partition: int, case_partitions: int) -> None:
        self._touched: dict[str, bytes | None] = {}

    def process(self, items: Sequence[Item]) -> Output:
        for item in items:
            if isinstance(item, CaseEvent):
                own = item.event_id.bytes * 2 + f"{item.applicant_hash}{item.source_seq}{item.actor_person_hash}".encode()
                self._touched[root_key(item)] = own + _COMMON[: STATE_BYTES - len(own)]
        return Output()

    def changes(self) -> list[tuple[str, bytes | None]]:
        touched, self._touched = self._touched, {}
        return list(touched.items())


ENGINES: dict[str, worker.MakeEngine] = {"empty": Empty, "writing": Writing}


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_level)
    worker.run(chosen, ENGINES[sys.argv[1]], worker.Options())


if __name__ == "__main__":
    main()
