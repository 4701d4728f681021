"""Several cities in one deployment: two places and two seeds of one; what each is judged to have done is its own truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from heapq import merge

import pytest

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.subjects import SubjectEngine
from streams.replay import Replay
from streams.simulator.accuracy import scores
from streams.simulator.days import Load
from streams.simulator.profile import CHIHE, PROFILES, YUNZHOU, Profile, profile_of
from streams.simulator.trial import Trial, standing
from streams.sources.feed import Told
from supervision.decoder import decode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.language import UserError
from supervision.reference import Entry, Reference, Source

FIRST = date(2026, 3, 2)
LOAD = Load(rate=0.05, injected=0.4)


def trial(profile: Profile, seed: int) -> Trial:
    return Trial.of(seed, 3, LOAD, FIRST, days=3, profile=profile)


def _at(item: Told | ClockAdvanced) -> int:
    return item.to if isinstance(item, ClockAdvanced) else item[0]


def _entries(trials: Iterable[Trial]) -> list[Entry]:
    """As a deployment holds them: an entry published twice is one."""
    return list(dict.fromkeys(entry for trial in trials for entry in trial.days.city.entries))


def test_what_is_said_of_each_is_its_own_truth_when_one_deployment_judges_them_all() -> None:
    trials = [trial(YUNZHOU, 1), trial(YUNZHOU, 2), trial(CHIHE, 1)]
    book, reference = Rulebook.load(), Reference(_entries(trials))
    run = Replay(CaseEngine(book, reference), SubjectEngine(book, reference))
    run.run(merge(*(each.items() for each in trials), key=_at))
    lines = [line for each in trials for line in each.lines]
    found = scores(lines, standing(run.alerts), max(each.until for each in trials))
    assert [score for score in found if not score.is_right] == []
    assert not run.refused


def test_registers_of_two_cities_name_nothing_alike() -> None:
    one, other = ({(entry.KIND, entry.key) for entry in trial(profile, 1).days.city.entries} for profile in (YUNZHOU, CHIHE))
    assert one.isdisjoint(other)


def test_registers_of_two_seeds_differ_in_source_and_clock_only() -> None:
    one, other = (trial(YUNZHOU, seed).days.city.entries for seed in (1, 2))
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    assert [(type(a), a.key, b.key) for a, b in differing] == [(Source, "yunzhou-1", "yunzhou-2")]


def test_events_name_the_source_and_the_place_of_their_city() -> None:
    for profile in PROFILES.values():
        for item in trial(profile, 3).items():
            if isinstance(item, ClockAdvanced):
                assert item.clock == f"{profile.name}-3"
                continue
            event = decode(item[1])
            assert isinstance(event, CaseEvent)
            assert event.source_system == f"{profile.name}-3"
            assert (event.region_code or "").startswith(profile.city[0])


def test_a_city_that_is_not_made_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"--city nowhere: .*yunzhou, chihe"):
        profile_of("nowhere")
