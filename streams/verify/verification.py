"""All alerts of a span judged a second time from the stored events, and compared with the stored ones, both ways.

Beside a living system the first comparison also finds what was on its way just then. What differs is therefore looked at again once
the agents and the sink have passed everything that was there, with the clocks as they were before and as they are then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from rules.book import Rulebook
from rules.reasons import Known, Reason, reasons
from rules.recompute import Judgement, differences, is_judged, judge_cases, judge_subjects, moved_on
from rules.subjects import READS
from streams.store.client import Store
from streams.store.evidence import DAYS_OF_A_SUBJECT, alerts_where, arrivals, events_where, stored_alert, stored_events, unjudged
from streams.verify.bins import Bins
from streams.verify.cases import EVENTS_AT_ONCE, Key, Span, orphans, slices
from supervision.alert import Alert, State
from supervision.durations import DAY_MS
from supervision.event import CaseEvent, Stream
from supervision.reference import Reference
from supervision.subject import stream_of

WALL = "wall"
LOOKS = 3  # what differs this often, each time after all that was there had been passed, differs
MOST_AGAIN = 500  # differences that are looked at again
MOST_KEPT = 10_000  # differences that are kept to be told; the others are counted
STEP_LAG_MS = 30_000  # the wall clock is forwarded to subjects every ten seconds, by two steps

Reach = Mapping[str, int]


class Asked(Struct, frozen=True):
    """What to verify: a span, of one source and some rules only if they are named."""

    span: Span = Span()
    source: str = ""
    rules: frozenset[str] = frozenset()

    def concerns(self, alert: Alert | None) -> bool:
        if alert is None or not self.span.holds(alert.detected_at) or (self.rules and alert.rule_id not in self.rules):
            return False
        return not self.source or alert.case_id is None or alert.source_system == self.source


class Unlike(Struct, frozen=True):
    """An alert that came out otherwise. `stored` None: it is not stored; `now` None: nothing implies it."""

    stored: Alert | None
    now: Alert | None
    reasons: tuple[Reason, ...] = ()

    @property
    def alert(self) -> Alert:
        found = self.stored or self.now
        assert found is not None
        return found


class Found(Struct):
    """What a verification came to. `alerts`: those compared; `moved_on`: the same by another version of card or calendar.

    `of_feeds`: stored ones about whole sources, which no engine judges and which are left out.
    """

    events: int = 0
    cases: int = 0
    alerts: int = 0
    moved_on: int = 0
    unlike: list[Unlike] = field(default_factory=list)
    more_unlike: int = 0
    of_feeds: int = 0
    looked_again: int = 0
    leaves_out_clues: bool = False

    @property
    def differences(self) -> int:
        return len(self.unlike) + self.more_unlike


class Living(Struct, frozen=True):
    """A system at work: `settle` returns when all that is there now is judged and stored, and tells how far the clocks are."""

    settle: Callable[[], Reach]


class Verification:
    """`reached`: how far the clocks had surely come before anything is read (ms UTC). `living` None: nothing moves meanwhile."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        reference: Reference,
        asked: Asked,
        reached: Reach,
        living: Living | None = None,
        progress: Callable[[int], None] = lambda events: None,
    ) -> None:
        self._store = store
        self._book = book
        self._reference = reference
        self._asked = asked
        self._reached = reached
        self._living = living
        self._progress = progress
        self.found = Found()

    def run(self, limit: int = 20) -> Found:
        """Compare all. Reasons are given for the first `limit` differences."""
        suspects: list[Unlike] = []
        for one in self._compare_all():
            if len(suspects) < MOST_KEPT:
                suspects.append(one)
            else:
                self.found.more_unlike += 1
        for _ in range(LOOKS if self._living is not None else 0):
            if suspects:
                again, rest = suspects[:MOST_AGAIN], suspects[MOST_AGAIN:]
                self.found.looked_again = len(again)
                suspects = [*self._again(again), *rest]
        suspects.sort(key=lambda one: (one.alert.detected_at, one.alert.alert_id))
        self.found.unlike = [self._explained(one) for one in suspects[:limit]] + suspects[limit:]
        return self.found

    # -- all of it once -----------------------------------------------------------------------------------------

    def _compare_all(self) -> Iterator[Unlike]:
        ((events, sources),) = self._store.execute("SELECT count(), groupUniqArray(toString(source_system)) FROM events_raw")
        with Bins(events) as bins:
            for keys in slices(self._store, self._asked.span, self._asked.source):
                yield from self._slice(keys, bins)
            yield from self._orphans()
            clocks = self._clocks_of_subjects(sources)
            if clocks:
                self._own_events(bins, events)
                for number in range(bins.count):
                    yield from self._subjects(bins, number, clocks)

    def _slice(self, keys: list[Key], bins: Bins) -> list[Unlike]:
        where, asked = "(source_system, case_id) IN %(keys)s", {"keys": tuple(keys)}
        stored = alerts_where(self._store, where, asked)
        events = events_where(self._store, where, asked)
        judged = judge_cases(self._book, self._reference, events, self._reached)
        first, end = self._asked.span.first - DAYS_OF_A_SUBJECT * DAY_MS, self._asked.span.end + 2 * DAY_MS
        for signal in judged.signals:
            if first <= signal.at < end:
                bins.signal(signal)
        self.found.cases += len(keys)
        self._count(events)
        return [*self._compared(stored, judged)]

    def _orphans(self) -> list[Unlike]:
        """Alerts about cases of which no event is stored."""
        where, asked = orphans(self._asked.span, self._asked.source)
        return [*self._compared(alerts_where(self._store, where, asked), Judgement())]

    def _compared(self, stored: Iterable[Alert], judged: Judgement) -> Iterator[Unlike]:
        """What differs between the alerts stored and those judged now, of those that are asked about."""
        before = {alert.alert_id: alert for alert in stored}
        for alert_id in sorted(before.keys() | judged.alerts.keys()):
            old, now = before.get(alert_id), judged.alerts.get(alert_id)
            if not (self._asked.concerns(old) or self._asked.concerns(now)):
                continue
            if old is None and not _stands(now):
                continue
            if old is not None and not is_judged(old):
                self.found.of_feeds += 1
                continue
            self.found.alerts += 1
            if not _same(old, now):
                yield Unlike(old, now if _stands(now) else None)
            elif old is not None and moved_on(old, now):
                self.found.moved_on += 1

    def _count(self, events: Sequence[CaseEvent]) -> None:
        self.found.events += len(events)
        self._progress(self.found.events)

    # -- subjects -----------------------------------------------------------------------------------------------

    def _clocks_of_subjects(self, sources: Collection[str]) -> set[str]:
        """Clocks whose subjects are judged. Subjects name no source: one source has its own where it is alone on its clock."""
        clock_of = {name: self._reference.source(name).clock for name in sources}
        if not self._asked.source:
            return {*clock_of.values(), WALL}
        own = clock_of.get(self._asked.source)
        is_alone = list(clock_of.values()).count(own or "") == 1
        self.found.leaves_out_clues = not is_alone
        return {own} if is_alone and own is not None else set()

    def _own_events(self, bins: Bins, total: int) -> None:
        """Put the subjects' own events into the bins, a share of them at a time."""
        kinds = tuple(kind.value for kind in READS)
        ((count,),) = self._store.execute("SELECT count() FROM events_raw WHERE event_type IN %(kinds)s", {"kinds": kinds})
        shares = count // EVENTS_AT_ONCE + 1
        where = "event_type IN %(kinds)s AND modulo(cityHash64(event_id), %(shares)s) = %(share)s"
        for share in range(shares if total else 0):
            events = events_where(self._store, where, {"kinds": kinds, "shares": shares, "share": share})
            own = [event for event in events if stream_of(event) is Stream.ACTIVITY]
            for event in own:
                bins.event(event, self._reference.source(event.source_system).clock)
            self._count(own)

    def _subjects(self, bins: Bins, number: int, clocks: Collection[str]) -> list[Unlike]:
        where = "case_id = '' AND clock IN %(clocks)s AND modulo(CRC32(subject_key), %(bins)s) = %(number)s"
        stored = alerts_where(self._store, where, {"clocks": tuple(clocks), "bins": bins.count, "number": number})
        judged = judge_subjects(self._book, self._reference, bins.read(number), _for_subjects(self._reached))
        judged.alerts = {name: alert for name, alert in judged.alerts.items() if alert.clock in clocks}
        return [*self._compared(stored, judged)]

    # -- once more ----------------------------------------------------------------------------------------------

    def _again(self, suspects: list[Unlike]) -> Iterator[Unlike]:
        """Those that still differ, as stored now: by the clocks of before, and by those reached since."""
        assert self._living is not None
        before = self._living.settle()
        read = [self._read(one.alert) for one in suspects]
        after = self._living.settle()
        for one, (stored, events) in zip(suspects, read, strict=True):
            judged = [self._judged(one.alert, events, reached) for reached in (self._reached, before, after)]
            if not any(_same(stored, now) for now in judged):
                yield Unlike(stored, judged[0] if _stands(judged[0]) else None)

    def _read(self, alert: Alert) -> tuple[Alert | None, list[CaseEvent]]:
        stored = stored_alert(self._store, alert.alert_id)
        return stored, stored_events(self._store, alert)

    def _judged(self, alert: Alert, events: Sequence[CaseEvent], reached: Reach) -> Alert | None:
        cases = judge_cases(self._book, self._reference, events, reached)
        if alert.case_id is not None:
            return cases.alerts.get(alert.alert_id)
        own = [event for event in events if stream_of(event) is Stream.ACTIVITY]
        subjects = judge_subjects(self._book, self._reference, [*own, *cases.signals], _for_subjects(reached))
        return subjects.alerts.get(alert.alert_id)

    def _explained(self, one: Unlike) -> Unlike:
        alert = one.alert
        events = stored_events(self._store, alert)
        known = Known()
        if alert.case_id is not None and alert.source_system is not None:
            place = (self._store, alert.source_system, alert.case_id)
            known = Known(arrivals(*place), unjudged(*place))
        return Unlike(one.stored, one.now, tuple(reasons(self._book, self._reference, events, known, one.stored, one.now)))


def _same(stored: Alert | None, now: Alert | None) -> bool:
    return not _stands(now) if stored is None else not differences(stored, now)


def _stands(alert: Alert | None) -> bool:
    return alert is not None and alert.state is not State.REVOKED


def _for_subjects(reached: Reach) -> dict[str, int]:
    return {clock: to - STEP_LAG_MS if clock == WALL else to for clock, to in reached.items()}
