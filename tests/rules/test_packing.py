"""How state becomes bytes and comes back: also of cases that name more people, places and devices than a list has room for."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.dossier import Dossier
from rules.engine import CaseEngine
from rules.fact import FIELD_CODE, NO_DEVICE, NO_PARTY, NOBODY, NOTHING, NOWHERE, Actor, Device, Fact, Party
from rules.packing import PackedCase, SnapshotError, head_of, holds_id, pack_fact, unpack_facts
from rules.vocabulary import Vocabulary, is_word
from rules.world import World
from supervision.event import EventType, SourceOp
from supervision.reference import Reference
from tests.rules.test_engine import BOOK, ITEM, LIVE, SOURCE, accepted, engine, event

INSTANTS = st.integers(-2_208_988_800_000, 7_258_118_399_999)


PARTY: list[Party] = [(f"a{number}", None, None) for number in range(255)]
ACTORS: list[Actor] = [(f"O-{number}", None, None) for number in range(255)]
DEVICES: list[Device] = [(f"W-{number}", None, None) for number in range(255)]
PLACES = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@given(st.integers(0, 2**128 - 1), st.integers(0, 88), INSTANTS, PLACES)
def test_a_fact_comes_back_as_it_was_packed(identity: int, kind: int, at: int, places: tuple[int, int, int]) -> None:
    kept = {FIELD_CODE["payload.step_code"]: "review"} if kind % 2 else NOTHING
    actor, device, party = places
    head, rest = pack_fact(Fact(identity, kind, at, NOWHERE, kept=kept), 0, actor, device, party, None)
    packed = PackedCase(None, None, head * 2, rest * 2, [], [], [], PARTY, [], {}, [], [])
    wanted = Fact(
        identity,
        kind,
        at,
        NOWHERE,
        ACTORS[actor] if actor < 255 else NOBODY,
        DEVICES[device] if device < 255 else NO_DEVICE,
        PARTY[party] if party < 255 else NO_PARTY,
        kept,
    )
    assert unpack_facts(packed, [NOWHERE], ACTORS, DEVICES) == [wanted, wanted]
    assert holds_id(packed.facts, UUID(int=identity))
    assert not holds_id(packed.facts, UUID(int=identity ^ 1 << 64))


def _facts(judge: CaseEngine, key: str) -> list[Fact]:
    """The facts of the only case under a key, by way of the state that the engine gives away."""
    vocabulary = Vocabulary()
    state = {name: blob for name, blob in judge.changes() if blob is not None}
    for name, blob in state.items():
        if is_word(name):
            vocabulary.restore(name, blob)
    world = World(Reference([SOURCE, LIVE, ITEM]))
    return Dossier.unpack(key, state[key], world, vocabulary).cases[0].facts


def test_a_case_may_name_more_than_its_lists_hold() -> None:
    judge = engine()
    judge.process(
        [
            event(
                number,
                EventType.STEP_COMPLETED,
                "2026-03-02T10:00",
                payload={"step_code": "review"},
                actor_officer_id=f"O-{number}",
                window_id=f"W-{number}",
                applicant_hash=f"a-{number}",
                department_id=f"D-{number}",
            )
            for number in range(1, 301)
        ]
    )
    facts = _facts(judge, "hall/1")
    assert [fact.actor[0] for fact in facts] == [f"O-{number}" for number in range(1, 301)]
    assert [fact.device[0] for fact in facts] == [f"W-{number}" for number in range(1, 301)]
    assert [fact.party[0] for fact in facts] == [f"a-{number}" for number in range(1, 301)]
    assert [fact.where[6] for fact in facts] == [f"D-{number}" for number in range(1, 301)]
    assert all(fact.kept == {FIELD_CODE["payload.step_code"]: "review"} for fact in facts)


def test_what_a_full_vocabulary_cannot_number_stands_in_the_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.vocabulary.MOST_WORDS", 2)
    judge = engine()
    judge.process([accepted(n, case_id=str(n), actor_officer_id=f"O-{n}", device_id=f"d-{n}") for n in range(1, 6)])
    vocabulary, state = Vocabulary(), {key: blob for key, blob in judge.changes() if blob is not None}
    words = [key for key in state if is_word(key)]
    assert len(words) == 1 + 2 + 2, "one place, two officers, two devices"
    for key in words:
        vocabulary.restore(key, state[key])
    world = World(Reference([SOURCE, LIVE, ITEM]))
    for n in range(1, 6):
        key = f"hall/{n}"
        (fact,) = Dossier.unpack(key, state[key], world, vocabulary).cases[0].facts
        assert (fact.actor[0], fact.device[1]) == (f"O-{n}", f"d-{n}")


def test_versions_and_deletions_come_back() -> None:
    judge = engine()
    judge.process([accepted(), accepted(2, data_version=3, source_op=SourceOp.DELETE, supersedes_event_id=UUID(int=1))])
    facts = _facts(judge, "hall/1")
    assert [(fact.version, fact.deleted, fact.supersedes) for fact in facts] == [(1, False, None), (3, True, 1)]


def test_what_facts_share_is_written_once_and_before_nobody_else_can_number_it() -> None:
    judge = engine()
    judge.process([accepted(actor_officer_id="O-1")])
    words = {key: blob for key, blob in judge.changes() if is_word(key)}
    judge.process([accepted(2, case_id="2", actor_officer_id="O-1"), accepted(3, case_id="3", actor_officer_id="O-2")])
    more = [key for key, blob in judge.changes() if is_word(key)]
    assert len(more) == 1, "the second officer"
    assert not set(more) & set(words)
    again = engine()
    again.restore([(key, blob) for key, blob in words.items() if blob is not None])
    again.process([accepted(3, case_id="3", actor_officer_id="O-2")])
    assert [key for key, _ in again.changes() if is_word(key)] == more, "numbers go on where the state left off"


def test_nothing_is_shared_between_facts_that_name_nobody() -> None:
    judge = engine()
    judge.process([event(1, EventType.MATERIAL_RECEIVED, "2026-03-02T10:00")])
    (fact,) = _facts(judge, "hall/1")
    assert (fact.actor, fact.device, fact.party) == (NOBODY, NO_DEVICE, NO_PARTY)


@pytest.mark.parametrize("blob", [b"", b"\x02", b"\x01" * 20, b"\x91\x07"])
def test_bytes_of_another_format_are_refused_by_name(blob: bytes) -> None:
    with pytest.raises(SnapshotError, match="format"):
        head_of(blob)


def test_a_case_of_a_shared_root_and_one_whose_source_has_a_slash_come_back() -> None:
    judge = engine()
    member = accepted(2, case_id="2", source="live", root_case_id="1", root_source_system="hall")
    judge.process([accepted(), member, accepted(3, source="a/b", case_id="c")])
    entries = [(key, blob) for key, blob in judge.changes() if blob is not None]
    again = CaseEngine(BOOK, Reference([SOURCE, LIVE, ITEM]))
    again.restore(entries)
    assert again.process([accepted(), member, accepted(3, source="a/b", case_id="c")]).alerts == []
    assert again.changes() == [], "all three were known"
