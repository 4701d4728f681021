"""Kind `window`, subject side: the signals of one subject, counted behind the watermark, by local date. One finding a date at most.

The case side (`hours`, `haste`, `decided`) says what is a signal and which of them are hits; a tally says how many are too many. A
further rule is a card that names both, or a small module beside them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from rules.overtime import EPOCH_DAY
from rules.parameters import InSpan, Night, OfCases, OnDates, OnDay, OutsideHours, Tally, Window
from rules.spacing import Spacing, least_of
from supervision.alert import Level
from supervision.durations import DAY_MS, SECOND_MS
from supervision.reference import Peer
from supervision.worktime import WorkCalendar

MOST_EVIDENCE = 50
EAST_MS = 14 * 3_600_000  # where a date ends first


class Hit(Struct, frozen=True):
    """A signal as the subject side holds it, in order of (`at`, `fact_id`)."""

    at: int
    fact_id: bytes
    source: str
    case: str
    data: dict[str, Any]

    @property
    def counts(self) -> bool:
        """Whether it is a hit, and not only a case beside them."""
        return bool(self.data.get("hit"))

    @property
    def of_case(self) -> tuple[str, str]:
        return self.source, self.case


class Finding(Struct, frozen=True):
    """A clue on one date (ordinal) of one subject, from `at` on (ms UTC); `hit` is the last one it rests on."""

    level: Level
    day: int
    at: int
    hit: Hit
    facts: dict[str, Any]
    evidence: tuple[UUID, ...]


class World(Protocol):
    """What a tally may look up."""

    def calendar(self, hit: Hit) -> WorkCalendar: ...

    def peer(self, hit: Hit) -> Peer | None: ...


class Hits:
    """The signals of one kind of one subject that the watermark has reached, by local date, read when they are asked for.

    `counts`: by date the number of signals and of hits among them, at most: those ahead of the watermark and withdrawn ones too.
    `spacing`: of all signals of such a date, which costs less than to read them.
    """

    def __init__(
        self,
        counts: Mapping[int, tuple[int, int]],
        read: Callable[[int], Sequence[Hit]],
        spacing: Callable[[int], Spacing],
        world: World,
        now: int,
    ) -> None:
        self.world = world
        self.now = now
        self.later: list[tuple[int, int]] = []  # (instant, date): when a date has to be looked at again
        self._counts = counts
        self._read = read
        self._spacing = spacing
        self._known: dict[int, Sequence[Hit]] = {}

    def most(self, *days: int) -> int:
        """No more hits than this lie on these dates."""
        return sum([self._counts[day][1] for day in days if day in self._counts])

    def are_dense(self, days: Iterable[int], number: int, within_ms: int) -> bool:
        """Whether so many hits may lie within less than this time on these dates."""
        return least_of([self._spacing(day) for day in days if day in self._counts], number, within_ms) < within_ms

    def on(self, day: int) -> Sequence[Hit]:
        """In order."""
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = self._read(day) if day in self._counts else ()
        return found

    def days(self, first: int, last: int) -> list[int]:
        """Those from `first` to `last`, both included, that have any."""
        return sorted(day for day in self._counts if first <= day <= last)


class Counter(Protocol):
    """One tally. `look_back`: calendar days before a date that it may look at."""

    level: Level
    look_back: int

    def first(self, hits: Hits, day: int) -> Finding | None:
        """The first instant of the date at which it holds."""


class ByDates:
    """Dates with many hits among the last working days."""

    def __init__(self, tally: OnDates) -> None:
        self.level = tally.level
        self.look_back = _calendar_days(tally.within_wd)
        self._tally = tally

    def first(self, hits: Hits, day: int) -> Finding | None:
        tally = self._tally
        if hits.most(day) < tally.hits:
            return None
        today = [hit for hit in hits.on(day) if hit.counts]
        for position in range(tally.hits, len(today) + 1):
            found = self._at(hits, day, today[:position])
            if found is not None:
                return found
        return None

    def _at(self, hits: Hits, day: int, today: Sequence[Hit]) -> Finding | None:
        """What the last of these completes."""
        tally = self._tally
        begins = first_day(hits.world.calendar(today[-1]), day, tally.within_wd)
        before = [[hit for hit in hits.on(each) if hit.counts] for each in hits.days(begins, day - 1)]
        before = [each for each in before if len(each) >= tally.hits]
        if len(before) + 1 < tally.dates:
            return None
        counted = [hit for each in before for hit in each] + list(today)
        party, kind, of_party, cases = _party(counted)
        if tally.one_party_share is not None and of_party < round(tally.one_party_share * cases, 9):
            return None
        facts = {
            "reason": "out_of_hours",
            "hits": len(today),
            "dates": len(before) + 1,
            "within_wd": tally.within_wd,
            "cases": cases,
            "party": party,
            "party_kind": kind,
            "share": of_party / cases,
            "act_at": today[-1].at,
        }
        return Finding(tally.level, day, today[-1].at, today[-1], facts, evidence(counted))


class ByNight:
    """A grant at night, at once. The case side says which hour is night."""

    look_back = 0

    def __init__(self, night: Night) -> None:
        self.level = night.level

    def first(self, hits: Hits, day: int) -> Finding | None:
        for position, hit in enumerate(hits.on(day)):
            if hit.data.get("night_grant"):
                facts = {"reason": "night_grant", "hits": position + 1, "dates": 1, "act_at": hit.at}
                return Finding(self.level, day, hit.at, hit, facts, evidence([hit]))
        return None


class BySpan:
    """Many hits within seconds or hours; they may have begun on the date before."""

    def __init__(self, tally: InSpan) -> None:
        self.level = tally.level
        self.look_back = -(-tally.within_s * SECOND_MS // DAY_MS)
        self._tally = tally

    def first(self, hits: Hits, day: int) -> Finding | None:
        tally = self._tally
        days = range(day - self.look_back, day + 1)
        if hits.most(day) == 0 or hits.most(*days) < tally.hits or not hits.are_dense(days, tally.hits, tally.within_s * SECOND_MS):
            return None
        counted = sorted((hit for each in days for hit in hits.on(each) if hit.counts), key=_order)
        ats = [hit.at for hit in counted]
        for position, hit in enumerate(counted):
            if hit.data["day"] != day:
                continue
            inside = counted[bisect_right(ats, hit.at - tally.within_s * SECOND_MS) : position + 1]
            number = len({each.of_case for each in inside}) if tally.by_case else len(inside)
            if number < tally.hits:
                continue
            peer = hits.world.peer(hit) if tally.times_p99 is not None else None
            usual = None if peer is None else peer.p99_grants_10min
            least = tally.hits if usual is None or tally.times_p99 is None else max(tally.hits, tally.times_p99 * usual)
            if number >= least:
                facts = {"reason": "burst", "hits": number, "least": least, "within_min": tally.within_s / 60}
                facts |= {"first_at": inside[0].at, "act_at": hit.at} | (_told(peer, usual) or _told_by(hit))
                return Finding(tally.level, day, hit.at, hit, facts, evidence(inside))
        return None


class ByShare:
    """A share of hits among the cases of the last working days, on a date that has a hit of its own."""

    def __init__(self, tally: OfCases) -> None:
        self.level = tally.level
        self.look_back = _calendar_days(tally.within_wd)
        self._tally = tally

    def first(self, hits: Hits, day: int) -> Finding | None:
        tally = self._tally
        if hits.most(day) == 0:
            return None
        today = hits.on(day)
        start = next((position for position, hit in enumerate(today) if hit.counts), None)
        begins = None
        for position in range(len(today) if start is None else start, len(today)):
            hit = today[position]
            own = first_day(hits.world.calendar(hit), day, tally.within_wd)
            if own != begins:
                begins, before = own, [each for date in hits.days(own, day - 1) for each in hits.on(date)]
                cases = {each.of_case for each in (*before, *today[:position])}
                hasty = {each.of_case: each for each in (*before, *today[:position]) if each.counts}
            cases.add(hit.of_case)
            if hit.counts:
                hasty.setdefault(hit.of_case, hit)
            if len(cases) >= tally.cases and len(hasty) >= round(tally.share * len(cases), 9):
                facts = {"reason": "share", "hits": len(hasty), "cases": len(cases), "share": len(hasty) / len(cases)}
                counted = sorted(hasty.values(), key=_order)
                facts |= {"within_wd": tally.within_wd, "act_at": hit.at} | _told_by(counted[-1])
                return Finding(tally.level, day, hit.at, hit, facts, evidence(counted))
        return None


class ByDay:
    """The hits of a whole date against what is usual, once the date is over."""

    look_back = 0

    def __init__(self, tally: OnDay) -> None:
        self.level = tally.level
        self._tally = tally

    def first(self, hits: Hits, day: int) -> Finding | None:
        tally = self._tally
        if hits.most(day) < tally.hits:
            return None
        first_end = (day + 1 - EPOCH_DAY) * DAY_MS - EAST_MS
        if hits.now < first_end:  # no need to read what it says, which takes the longer the more it is
            hits.later.append((first_end, day))
            return None
        today = hits.on(day)
        if not today:
            return None
        last = today[-1]
        peer = hits.world.peer(last)
        usual = None if peer is None else peer.median_grants_day
        if usual is None:
            return None
        over = hits.world.calendar(last).day_start(day + 1)
        if hits.now < over:
            hits.later.append((over, day))
            return None
        least = max(tally.hits, tally.times_median * usual)
        counted = [hit for hit in today if hit.counts]
        if len(counted) < least or len(counted) < round(tally.share * len(today), 9):
            return None
        facts = {"reason": "whole_day", "hits": len(counted), "least": least, "share": len(counted) / len(today)}
        facts |= {"cases": len(today)} | _told(peer, usual)
        return Finding(tally.level, day, over, counted[-1], facts, evidence(counted))


class Tallies:
    """The subject side of one card: `kind`, the signals it counts. The highest level, at its first instant."""

    def __init__(self, kind: str, window: Window) -> None:
        self.kind = kind
        self.is_excused_by_overtime = isinstance(window.signals, OutsideHours)
        night = [] if window.night_grant is None else [ByNight(window.night_grant)]
        self.counters: list[Counter] = [*night, *(_counter(tally) for tally in window.tallies)]
        self.look_back = max(counter.look_back for counter in self.counters)

    def judge(self, hits: Hits, day: int) -> Finding | None:
        found = [finding for counter in self.counters if (finding := counter.first(hits, day)) is not None]
        return max(found, key=lambda finding: (finding.level.rank, -finding.at), default=None)


def _counter(tally: Tally) -> Counter:
    if isinstance(tally, OnDates):
        return ByDates(tally)
    if isinstance(tally, InSpan):
        return BySpan(tally)
    return ByShare(tally) if isinstance(tally, OfCases) else ByDay(tally)


def _calendar_days(working: int) -> int:
    """No fewer calendar days than so many working days take, a long holiday among them."""
    return 2 * working + 10


def first_day(calendar: WorkCalendar, day: int, within_wd: int) -> int:
    """The n-th last working day, counting `day` if it is one."""
    while True:
        if calendar.is_working(day):
            within_wd -= 1
            if within_wd == 0:
                return day
        day -= 1


def evidence(hits: Sequence[Hit]) -> tuple[UUID, ...]:
    return tuple(UUID(bytes=hit.fact_id) for hit in hits[:MOST_EVIDENCE])


def _told(peer: Peer | None, usual: float | None) -> dict[str, Any]:
    return {} if peer is None else {"snapshot": peer.snapshot, "usual": usual}


def _told_by(hit: Hit) -> dict[str, Any]:
    """What a hit says of the snapshot that made it one."""
    return {name: hit.data[name] for name in ("snapshot", "median_minutes") if name in hit.data}


def _order(hit: Hit) -> tuple[int, bytes]:
    return hit.at, hit.fact_id


def _of_case(hit: Hit) -> tuple[str | None, str]:
    """The agent of a case, else its applicant, with the word for which it is."""
    agent = hit.data.get("agent_org_id") or hit.data.get("agent_person_hash")
    return (agent, "agent") if agent else (hit.data.get("applicant_hash"), "applicant")


def _party(hits: Sequence[Hit]) -> tuple[str | None, str | None, int, int]:
    """The most frequent party of the cases, its kind, its cases, and cases in all; ties go to the lesser name."""
    parties = {hit.of_case: _of_case(hit) for hit in hits}
    counts: dict[tuple[str, str], int] = {}
    for name, kind in parties.values():
        if name:
            counts[name, kind] = counts.get((name, kind), 0) + 1
    if not counts:
        return None, None, 0, len(parties)
    (party, kind), number = min(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return party, kind, number, len(parties)
