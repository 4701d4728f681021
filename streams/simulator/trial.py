"""A city judged offline, in one process: what the truth says against what the engines find. Called by tests and measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import takewhile

from msgspec import Struct

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.subjects import SubjectEngine
from streams.peers.counting import READ, count
from streams.peers.usual import Span, entries
from streams.replay import Replay
from streams.simulator.accuracy import Standing
from streams.simulator.city import City
from streams.simulator.days import Days, Load
from streams.simulator.profile import YUNZHOU, Profile
from streams.simulator.truth import Line
from streams.sources.feed import Told, with_clock
from supervision.alert import Alert, State
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.reference import Entry, Peer, Reference

WEEK = 7


class Trial(Struct, frozen=True):
    """One seed's city: cases from the `first` day to the `last`, a warm-up before, its clock run to `until` (ms UTC).

    Going through `items` fills `lines`.
    """

    days: Days
    first: int
    last: int
    until: int
    lines: list[Line]

    @classmethod
    def of(
        cls,
        seed: int,
        centres: int,
        load: Load,
        first: date,
        days: int = WEEK,
        run_on_days: int = 60,
        profile: Profile = YUNZHOU,
        *,
        working_days: int | None = None,
        warm_up_days: int = 0,
        feeds: bool = False,
    ) -> Trial:
        """`working_days`: instead of `days`; `warm_up_days`: before `first`, without twists and patterns; `feeds`: with centres
        whose systems report less."""
        city = City(centres, seed, profile, feeds=feeds)
        made = Days(city, load, first.toordinal() - warm_up_days, injected_from=first.toordinal())
        last = first.toordinal() + days - 1
        if working_days is not None:
            last = made.calendar.add(first.toordinal() - 1, working_days)
        return cls(made, first.toordinal(), last, made.calendar.day_start(last + 1 + run_on_days), [])

    def items(self) -> Iterator[Told | ClockAdvanced]:
        """The city's events and clock in the order of arrival."""
        self.lines.clear()
        return with_clock(self.days.arrivals(self.last, note=self.lines.extend), [self.days.city.clock], until=self.until)


def snapshot(trial: Trial) -> list[Peer]:
    """What its warm-up says is usual, in force from the first day after it: as `supervision peers build` counts what is stored.

    Only what it knows every figure of: for the rest the registers' own snapshot, by which patterns are made, stays in force.
    """
    calendar = trial.days.calendar
    before = date.fromordinal(trial.first - 1)
    span = Span.of(trial.days.city.reference, date.fromordinal(trial.days.first), before)
    told = takewhile(lambda item: item[0] < calendar.day_start(trial.first), trial.days.arrivals(trial.first - 1))
    events = (decode(wire) for _, wire in told)
    counted = (event for event in events if isinstance(event, CaseEvent) and event.event_type in READ)
    found = entries(count(counted, span), span, f"{span.first}..{span.last}")
    return [peer for peer in found if peer.median_minutes is not None and peer.median_grants_day is not None]


def judged(trial: Trial, items: Iterable[Told | ClockAdvanced], more: Iterable[Entry] = ()) -> Replay:
    """The items through both engines; `more` reference data than the city's registers."""
    book, reference = Rulebook.load(), Reference([*trial.days.city.entries, *more])
    run = Replay(CaseEngine(book, reference), SubjectEngine(book, reference))
    run.run(items)
    return run


def standing(alerts: Iterable[Alert]) -> list[Standing]:
    """Those that stand in the end."""
    return [
        Standing(alert.rule_id, alert.level, alert.subject_key, alert.segment, alert.detected_at)
        for alert in alerts
        if alert.state is not State.REVOKED
    ]
