"""The made-up city: the same seed makes the same bytes, its calendar and registers are whole, and it can be taken up anywhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rules.card import BUILTIN, load_cards
from rules.kinds.hours import ACTS
from streams.simulator import patterns, twists
from streams.simulator.city import City
from streams.simulator.days import Days, Load
from streams.simulator.outlets import write_catalogue
from streams.simulator.profile import YUNZHOU
from streams.simulator.truth import Line
from streams.simulator.wire import Faults
from supervision.decoder import decode
from supervision.durations import MINUTE_MS
from supervision.event import CaseEvent, EventType, PostPlace
from supervision.language import UserError
from supervision.loading import load_catalogue
from supervision.reference import Centre, Department, Item, Officer, Source, Window

MONDAY = date(2026, 3, 2).toordinal()
LOAD = Load(rate=0.05, injected=0.3)


def days(seed: int = 1, centres: int = 3, load: Load = LOAD, first: int = MONDAY) -> Days:
    return Days(City(centres, seed), load, first)


def events(made: Days, last: int = MONDAY + 1) -> list[CaseEvent]:
    found = [decode(wire) for _, wire in made.arrivals(last)]
    assert all(isinstance(event, CaseEvent) for event in found)
    return [event for event in found if isinstance(event, CaseEvent)]


def test_the_same_seed_makes_the_same_bytes_and_another_one_others() -> None:
    one, same, other = (list(days(seed).arrivals(MONDAY + 1)) for seed in (1, 1, 2))
    assert one == same
    assert {wire for _, wire in one}.isdisjoint(wire for _, wire in other)


def test_events_come_in_the_order_of_arrival_and_none_before_it_happened() -> None:
    arrivals = list(days().arrivals(MONDAY + 4))
    assert [at for at, _ in arrivals] == sorted(at for at, _ in arrivals)
    for at, wire in arrivals:
        event = decode(wire)
        assert isinstance(event, CaseEvent)
        assert at > event.occurred_at


def test_a_city_taken_up_in_the_middle_sends_what_is_left_and_nothing_else() -> None:
    whole = list(days().arrivals(MONDAY + 8))
    for share in (0.2, 0.5, 0.9):
        left_at = whole[int(len(whole) * share)][0]
        rest = [arrival for arrival in whole if arrival[0] > left_at]
        assert list(days().arrivals(MONDAY + 8, after=left_at)) == rest


def test_human_acts_lie_in_office_hours_but_those_of_injected_conduct() -> None:
    made = days(load=Load(rate=0.1, injected=0))
    calendar = made.calendar
    for event in events(made):
        if event.event_type not in ACTS or event.actor_post_place is PostPlace.SYSTEM:
            continue
        spans = calendar.office(calendar.day_of(event.occurred_at))
        assert any(start <= event.occurred_at < end + 20 * MINUTE_MS for start, end in spans), event


def test_days_off_bring_nothing_and_make_up_workdays_do() -> None:
    made = days(first=date(2026, 2, 13).toordinal())
    opened = {
        made.calendar.day_of(event.occurred_at)
        for event in events(made, date(2026, 2, 25).toordinal())
        if event.event_type is EventType.ATTENDANCE_PUNCHED
    }
    assert {date.fromordinal(day).isoformat() for day in opened} == {"2026-02-13", "2026-02-14", "2026-02-24", "2026-02-25"}


def test_event_ids_are_unique_but_for_events_that_arrive_twice() -> None:
    found = events(days(load=Load(rate=0.1, injected=0.3, faults=Faults(twice=0))), MONDAY + 4)
    assert len({event.event_id for event in found}) == len(found)
    twice = events(days(load=Load(rate=0.1, injected=0.3)), MONDAY + 4)
    assert len({event.event_id for event in twice}) < len(twice)
    assert any(event.data_version > 1 for event in found)


def test_every_twist_and_every_pattern_is_played_within_a_week_and_a_half() -> None:
    lines: list[Line] = []
    for _ in days(load=Load(rate=0.3, injected=0.4)).arrivals(MONDAY + 11, note=lines.extend):
        pass
    played = {line.name for line in lines if line.name is not None}
    assert {twist.name for twist in twists.ALL} | {pattern.name for pattern in patterns.ALL} <= played


def test_names_of_twists_and_patterns_are_unique() -> None:
    names = [twist.name for twist in twists.ALL] + [pattern.name for pattern in patterns.ALL]
    assert len(set(names)) == len(names)


def test_every_rule_is_broken_and_every_false_positive_of_its_card_is_played() -> None:
    """A card that is added needs its twists: its violations, and a look-alike under the name of each of its false positives."""
    names = {twist.name for twist in twists.ALL} | {pattern.name for pattern in patterns.ALL}
    broken = {twist.rule for twist in twists.ALL if twist.violates} | patterns.BROKEN
    for card in load_cards(BUILTIN):
        assert card.id in broken
        assert {each.id for each in card.false_positives} <= names, card.id


def test_the_registers_are_whole() -> None:
    city = City(6)
    reference = city.reference
    (source,) = [entry for entry in reference.entries if isinstance(entry, Source)]
    assert (source.name, source.clock, source.simulated) == ("yunzhou-1", "yunzhou-1", True)
    departments = {entry.department_id for entry in reference.entries if isinstance(entry, Department)}
    assert all(item.department_id in departments for item in reference.entries if isinstance(item, Item))
    centres = {entry.centre_id for entry in reference.entries if isinstance(entry, Centre)}
    people = [entry for entry in reference.entries if isinstance(entry, Officer | Window)]
    assert len(centres) == 6
    assert all(each.centre_id in centres for each in people)
    assert all(len(department) == 18 for department in departments)


def test_events_name_only_what_the_registers_hold() -> None:
    made = days()
    reference = made.city.reference
    for event in events(made):
        assert reference.centre(event.centre_id or "", event.occurred_at) is not None
        if event.case_id is not None:
            assert reference.get("item", event.item_implement_code or "", event.occurred_at) is not None
        if event.actor_officer_id is not None:
            assert reference.officer(event.actor_officer_id, event.occurred_at) is not None


def test_the_catalogue_file_says_what_is_published(tmp_path: Path) -> None:
    city = City(YUNZHOU.most_centres // 40)
    write_catalogue(tmp_path / "city.yaml", city.entries)
    odd: list[str] = []
    written = load_catalogue([tmp_path / "city.yaml"], odd.append)
    assert {(entry.KIND, entry.key): entry for entry in written} == {(entry.KIND, entry.key): entry for entry in city.entries}
    assert odd == []


def test_more_centres_than_there_are_is_a_mistake() -> None:
    with pytest.raises(UserError, match="--centres 0"):
        City(0)
    with pytest.raises(UserError, match=f"1..{YUNZHOU.most_centres}"):
        City(YUNZHOU.most_centres + 1)
