"""A plain engine that counts events per key and says each count once, so that a lost or doubled batch shows; and its worker.

`python -m tests.streams.counting` runs one worker with it, by the settings of the environment.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from uuid import UUID

from rules.output import Item, Output, Size
from streams.agents import worker
from supervision import logs, settings
from supervision.alert import Alert, Disposition, Level, State
from supervision.event import CaseEvent, ClockAdvanced, Stream
from supervision.glance import Glance
from supervision.language import UserError
from supervision.reference import Reference
from supervision.signal import ClockStep, Signal


class Counting:
    """Satisfies `rules.output.Engine`. The n-th event of a key makes alert `<key>#<n>` and a signal of the same name."""

    def __init__(self, stream: Stream, reference: Reference, partition: int, case_partitions: int) -> None:
        self.stream = stream
        self.partition = partition
        self.reference = reference
        self.counts: dict[str, int] = {}
        self.now: dict[str, int] = {}
        self.told: dict[str, int] = {}
        self.changed: set[str] = set()

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        output = Output()
        for item in items:
            if isinstance(item, CaseEvent | Glance):
                self._count(item.case_id or getattr(item, "subject", None) or "", item.event_id, output)
            elif isinstance(item, Signal):
                self._count(f"signal:{item.subject}", item.fact_id, output)
            elif isinstance(item, ClockAdvanced):
                self.now[item.clock] = item.to
                output.steps.append(ClockStep(partition=self.partition, clock=item.clock, to=item.to))
            else:
                self._count(f"step:{item.clock}:{item.partition}", UUID(int=item.to % 2**64), output)
        return output

    def _count(self, key: str, fact_id: UUID, output: Output) -> None:
        number = self.counts[key] = self.counts.get(key, 0) + 1
        self.changed.add(key)
        output.alerts.append(
            Alert(
                alert_id=f"{key}#{number}",
                rule_id="X01",
                rule_version=1,
                level=Level.NOTICE,
                disposition=Disposition.CARD if self.stream is Stream.CASE else Disposition.CLUE,
                state=State.ISSUED,
                revision=1,
                clock="wall",
                subject_key=key,
                segment=str(number),
                detected_at=0,
            )
        )
        if self.stream is Stream.CASE:
            output.signals.append(
                Signal(subject=f"officer:{key}", kind="x", fact_id=fact_id, revision=1, clock="wall", source_system="s", at=number)
            )

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        output = Output()
        if to > self.now.get(clock, -(2**62)):
            self.now[clock] = to
            output.steps.append(ClockStep(partition=self.partition, clock=clock, to=to))
        return output

    def changes(self) -> list[tuple[str, bytes | None]]:
        changed = [(key, str(self.counts[key]).encode()) for key in sorted(self.changed)]
        self.changed.clear()
        return [*changed, ("", json.dumps(self.now).encode())]

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        for key, blob in entries:
            if key:
                self.counts[key] = int(blob)
            else:
                self.now = json.loads(blob)

    def use(self, reference: Reference) -> None:
        self.reference = reference

    def clocks(self) -> dict[str, int]:
        return dict(self.now)

    def size(self) -> Size:
        return Size(len(self.counts), 8 * len(self.counts), 0)


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_level)
    index = int(os.environ.get("COUNTING_INDEX", "0"))
    options = worker.Options(index=index, accept_loss="COUNTING_ACCEPT_LOSS" in os.environ, step_ms=1000)
    try:
        worker.run(chosen, Counting, options)
    except UserError as error:  # as the command does it
        sys.stderr.write("\n".join(error.lines) + "\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
