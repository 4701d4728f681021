"""What both engines keep besides their subjects: by what all was judged, who is still to be judged by new data, alarms raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rules.output import Alarm, Output
from supervision.worktime import CalendarMissing


class Upkeep:
    """`judges_by` names the reference data and the rulebook in use, `judged_by` those that every subject was judged by."""

    def __init__(self, judges_by: str) -> None:
        self.judges_by = judges_by
        self.judged_by = judges_by
        self.is_settled = True  # nothing is left to be judged again
        self.has_caught_up = False  # since its engine last gave its changes
        self._stale: Iterator[str] = iter(())
        self._alarms: set[Alarm] = set()

    def restored(self, judged_by: str, subjects: Iterable[str]) -> None:
        """State was taken up that was judged by other data, perhaps: then all of it is judged again."""
        self.judged_by = judged_by
        if judged_by != self.judges_by:
            self._stale = iter(list(subjects))
            self.is_settled = False

    def use(self, judges_by: str, subjects: Iterable[str]) -> None:
        """Other data is in use now, by which all subjects are to be judged again."""
        self.judges_by = judges_by
        self._alarms.clear()
        self._stale = iter(list(subjects))
        self.is_settled = False

    def refresh(self, limit: int, judge: Callable[[str], None], output: Output) -> None:
        """Judge at most so many of those that are still to be judged again."""
        for _ in range(limit):
            subject = next(self._stale, None)
            if subject is None:
                self.has_caught_up = self.has_caught_up or self.judged_by != self.judges_by
                self.judged_by = self.judges_by
                self.is_settled = True
                return
            judge(subject)
        output.more = True

    def alarm(self, missing: CalendarMissing, output: Output) -> None:
        """Say once that a calendar year is missing."""
        alarm = Alarm("calendar_missing", missing.region, str(missing.year))
        if alarm not in self._alarms:
            self._alarms.add(alarm)
            output.alarms.append(alarm)
