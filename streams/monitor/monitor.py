"""The monitor at work: looks at every source in turn, raises a feed alarm, and withholds what it explains until it is lifted.

What it has said lies in the reference topic: a found outage without end is an alarm that stands. So it has no state of its own,
and one that was killed between the two messages says the same again, under the same id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog
from msgspec import structs

from rules.book import Rulebook
from rules.feed import IDLE_RULE, Fault, Figures, Finding, alert_of, day_of, findings, outage_of
from rules.parameters import After, Deadline
from streams.monitor.figures import figures_of, sources_of
from streams.store.client import Store
from supervision import metrics
from supervision.alert import Alert
from supervision.calendars import Calendars, calendars_of
from supervision.reference import Entry, Outage, Reference, Source
from supervision.worktime import CalendarMissing, WorkCalendar

WALL = "wall"
_log = structlog.get_logger("monitor")

Say = Callable[[Alert], None]
Publish = Callable[[Iterable[Entry]], object]


class Monitor:
    """`say` publishes an alert, `publish` reference data; both return when it is written."""

    def __init__(self, book: Rulebook, store: Store, say: Say, publish: Publish) -> None:
        self._book = book
        self._store = store
        self._say = say
        self._publish = publish
        self._told: set[str] = set()  # alerts that need no taking back, said by this process

    def look(self, reference: Reference, clocks: Mapping[str, int]) -> list[Figures]:
        """At every source whose clock is known; `clocks`: how far each has come, ms UTC. Says what has changed."""
        calendars, looked = calendars_of(reference), []
        for name in sources_of(self._store):
            source = reference.source(name)
            at = clocks.get(source.clock)
            if at is None:
                continue
            try:
                looked.append(self._look_at(reference, calendars, source, at))
            except CalendarMissing as missing:
                _log.warning("no calendar for a source", source=name, region=missing.region, year=missing.year)
        return looked

    def _look_at(self, reference: Reference, calendars: Calendars, source: Source, at: int) -> Figures:
        calendar = calendars.of_region(source.region_code, at)
        figures = figures_of(self._store, source, calendar, at, self._idle_wd())
        if IDLE_RULE in self._book.off(source):  # its silence says nothing
            figures = structs.replace(figures, open_cases=0, idle_cases=0)
        found = {finding.fault: finding for finding in findings(figures, calendar)}
        metrics.FEED_IDLE_SHARE.labels(source.name).set(figures.idle_share)
        for fault in Fault:
            metrics.FEED_ALARM.labels(source.name, fault.value).set(fault in found)
        self._raise_or_lift(reference, figures, found.get(Fault.SILENT), calendar)
        if Fault.MIDNIGHT in found:
            self._tell_once(found[Fault.MIDNIGHT])
        return figures

    def _raise_or_lift(self, reference: Reference, figures: Figures, finding: Finding | None, calendar: WorkCalendar) -> None:
        own = [entry for entry in reference.of_kind("outage") if isinstance(entry, Outage) and entry.found]
        own = [entry for entry in own if entry.source_system == figures.source.name]
        standing = [entry for entry in own if entry.valid_to is None]
        if finding is not None and not standing:
            outage = outage_of(finding)
            if any(entry.outage_id == outage.outage_id for entry in own):
                return  # lifted today: what is wrong again is said tomorrow, under a name of its own
            self._say(alert_of(finding))
            self._publish([outage])
            _log.warning("a source has stopped sending", source=figures.source.name, **_counts(figures))
        elif finding is None:
            for entry in standing:
                day = day_of(entry)
                facts = {"source": figures.source.name, "time_zone": calendar.time_zone, "heard_at": figures.heard_at}
                begun = calendar.day_start(day)
                lifted = Finding(Fault.SILENT, figures.source, day, begun, entry.valid_from or begun, facts | _counts(figures))
                self._say(alert_of(lifted, lifted=True))
                self._publish([structs.replace(entry, valid_to=max(figures.at, (entry.valid_from or 0) + 1))])
                _log.info("a source sends again", source=figures.source.name, **_counts(figures))

    def _tell_once(self, finding: Finding) -> None:
        alert = alert_of(finding)
        if alert.alert_id not in self._told:
            self._told.add(alert.alert_id)
            self._say(alert)

    def _idle_wd(self) -> int:
        """The working days after which the rule on idle cases speaks."""
        rule = self._book.by_id.get(IDLE_RULE)
        detector = None if rule is None else rule.card.detector
        marks = [mark for choices in detector.at.values() for mark in choices] if isinstance(detector, Deadline) else []
        return min((mark.wd for mark in marks if isinstance(mark, After)), default=15)


def _counts(figures: Figures) -> dict[str, float]:
    counts = {"open_cases": figures.open_cases, "idle_cases": figures.idle_cases, "idle_wd": figures.idle_wd}
    return counts | {"idle_share": figures.idle_share}


def encoded(alert: Alert) -> bytes:
    """As it is published, stamped with the time of the moment."""
    return msgspec.json.encode(structs.replace(alert, issued_at=time.time_ns() // 1_000_000))
