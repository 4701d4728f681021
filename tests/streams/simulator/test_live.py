"""A live city's pace and place: seconds for what is closed, its speed for office time, and going on where it was."""

from __future__ import annotations

from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from msgspec import structs

from streams.importer import Note
from streams.simulator import live
from streams.simulator.city import City
from streams.simulator.days import Days, Load
from streams.simulator.live import CLOSED_S, Pace, State, StateFile, first_day, items
from streams.sources.feed import Told
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import ClockAdvanced
from supervision.language import UserError

CITY = City(2)
CALENDAR = CITY.halls[0].calendar
TOPICS = {"case-events": "1"}


def at(day: str, hours: float = 0) -> int:
    return CALENDAR.day_start(date.fromisoformat(day).toordinal()) + round(hours * HOUR_MS)


START = at("2026-03-17", 10.5)
STATE = State(seed=1, centres=2, rate=20, speed=30, injected=0.1, start=START)


class Hands(live.Wall):
    """A wall clock that tests move: sleeping moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def days() -> Days:
    return Days(CITY, Load(rate=0.05, injected=0.1), first_day(CALENDAR, START))


def run(file: StateFile, hands: Hands, count: int) -> list[Told | ClockAdvanced]:
    return list(islice(items(days(), Pace(CALENDAR, 30), file, START, hands), count))


def file_at(path: Path) -> StateFile:
    file = StateFile(path / "simulator.json")
    file.take_up(STATE, TOPICS)
    return file


@pytest.mark.parametrize(
    ("since", "until", "wall_s"),
    [
        (at("2026-03-17", 9), at("2026-03-17", 10), 120),
        (at("2026-03-17", 18.25), at("2026-03-18", 8.5), CLOSED_S),  # a night
        (at("2026-03-20", 18.25), at("2026-03-23", 8.5), CLOSED_S),  # a weekend
        (at("2026-02-14", 18.25), at("2026-02-24", 8.5), CLOSED_S),  # the Spring Festival
    ],
)
def test_office_time_passes_at_the_speed_and_what_is_closed_in_seconds(since: int, until: int, wall_s: float) -> None:
    assert Pace(CALENDAR, 30).wall_s(since, until) == pytest.approx(wall_s, rel=0.01)


def test_a_lunch_break_takes_seconds_too() -> None:
    pace = Pace(CALENDAR, 30)
    whole, office = pace.wall_s(at("2026-03-17", 11.5), at("2026-03-17", 14)), 60 * 60 / 30
    assert whole == pytest.approx(office + 20 * 60 / 30 + CLOSED_S, rel=0.01)


def test_the_backlog_comes_at_once_and_the_rest_when_its_time_has_come(tmp_path: Path) -> None:
    hands, file = Hands(), file_at(tmp_path)
    steps = 0
    for item in items(days(), Pace(CALENDAR, 30), file, START, hands):
        moment = item.to if isinstance(item, ClockAdvanced) else item[0]
        if moment <= START:
            assert hands.seconds == 0
            steps += isinstance(item, ClockAdvanced)
            continue
        assert hands.seconds == pytest.approx(Pace(CALENDAR, 30).wall_s(START, moment), abs=0.01)
        if moment > START + 30 * MINUTE_MS:
            break
    assert steps > 10 * 24, "the clock of the backlog goes by hours"


def test_the_clock_never_passes_an_event_that_has_not_arrived(tmp_path: Path) -> None:
    reached = 0
    for item in run(file_at(tmp_path), Hands(), 3000):
        if isinstance(item, ClockAdvanced):
            assert item.to > reached
            reached = item.to
        else:
            assert item[0] > reached


def test_the_backlog_has_cases_with_a_promise_only_but_for_the_last_day(tmp_path: Path) -> None:
    early = at("2026-03-16")
    told = [item for item in run(file_at(tmp_path), Hands(), 9000) if not isinstance(item, ClockAdvanced)]
    before = [wire for moment, wire in told if moment < early]
    assert before
    assert not any(b'"case_type":"instant"' in wire for wire in before)
    assert any(b'"case_type":"instant"' in wire for moment, wire in told if moment > early)


def test_a_restart_goes_on_where_what_was_noted_ended(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    whole = [item for item in run(file, Hands(), 4000) if not isinstance(item, ClockAdvanced)]
    file = file_at(tmp_path / "other")
    first = [item for item in run(file, Hands(), 2500) if not isinstance(item, ClockAdvanced)]
    file.write(Note(0, TOPICS))
    again = StateFile(file.path)
    assert again.take_up(STATE, TOPICS).reached == first[-1][0] - 1
    rest = [item for item in run(again, Hands(), 500) if not isinstance(item, ClockAdvanced)]
    place = next(number for number, item in enumerate(whole) if item[0] >= first[-1][0])
    assert rest[: len(whole) - place] == whole[place : place + len(rest)]
    assert set(first) | set(rest) >= set(whole[: place + 100])


def test_another_city_is_refused_and_new_topics_begin_anew(tmp_path: Path) -> None:
    file = file_at(tmp_path)
    run(file, Hands(), 100)
    file.write(Note(0, TOPICS))
    with pytest.raises(UserError, match=r"--seed 2: .*simulator.json"):
        StateFile(file.path).take_up(structs.replace(STATE, seed=2), TOPICS)
    assert StateFile(file.path).take_up(STATE, {"case-events": "2"}).reached is None
    assert StateFile(file.path).take_up(STATE, TOPICS).reached == file.reached
