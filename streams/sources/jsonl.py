"""Our own events from a file, one JSON object a line, as on the wire; it may carry `clock_advanced` lines of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from streams.sources.log import Progress, Refusals
from streams.sources.row import RefusedRow, opened, shown
from streams.sources.spool import Spool
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.refusal import Refusal

_EVERY = 2000
_SIGN = 1 << 63


class Lines:
    """The events of a JSONL file. Without clock lines they come by (occurred_at, event_id), else as the file has them."""

    def __init__(self, refusals: Refusals | None = None) -> None:
        self.refusals = refusals or Refusals()
        self.ignored: Counter[str] = Counter()
        self.never_seen: list[str] = []
        self.rows = 0
        self.events = 0
        self.cases: set[str] = set()
        self.sources: set[str] = set()
        self.has_clock = False
        self._path: Path | None = None
        self._ordered = Spool()

    def read(self, path: Path, progress: Progress = lambda position: None) -> None:
        """Go through the file once: count, refuse, sort. Raises UserError for a file that cannot be read."""
        self._path = path
        for number, raw, item in _decoded(path, progress):
            self.rows += 1
            if isinstance(item, Refusal):
                self.refusals.add(RefusedRow(number, item.reason, item.field, shown(raw.decode("utf-8", "replace")), item.wanted))
            elif isinstance(item, ClockAdvanced):
                self.has_clock = True
            else:
                self.events += 1
                self.sources.add(item.source_system)
                if item.case_id is not None:
                    self.cases.add(f"{item.source_system}/{item.case_id}")
                if not self.has_clock:
                    self._ordered.add((item.occurred_at + _SIGN).to_bytes(8, "big") + item.event_id.bytes, raw)
        if self.has_clock:
            self._ordered.close()

    def __iter__(self) -> Iterator[tuple[int, bytes] | ClockAdvanced]:
        """(occurred_at in ms UTC, the line) of each event, and the clock lines where the file has them."""
        if not self.has_clock:
            for key, raw in self._ordered:
                yield int.from_bytes(key[:8], "big") - _SIGN, raw
            return
        assert self._path is not None
        for _, raw, item in _decoded(self._path, lambda position: None):
            if isinstance(item, ClockAdvanced):
                yield item
            elif isinstance(item, CaseEvent):
                yield item.occurred_at, raw

    def close(self) -> None:
        self._ordered.close()


def _decoded(path: Path, progress: Progress) -> Iterator[tuple[int, bytes, CaseEvent | ClockAdvanced | Refusal]]:
    """(line number, its bytes, what it says) of every line that is not blank."""
    with opened(path) as file:
        for number, line in enumerate(file.stream, 1):
            raw = line.strip()
            if number % _EVERY == 0:
                progress(file.position())
            if raw:
                yield number, raw, decode(raw)
        progress(file.size)
