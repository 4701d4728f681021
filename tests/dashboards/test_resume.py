"""The law of the stream: whatever a watcher saw, from whichever server, he misses nothing and hears nothing twice."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dashboards.access.rights import Scope
from dashboards.live.resume import events, is_ahead, missed_in_ring, start_of
from dashboards.live.ring import Ring
from streams.feed import Record, position_of
from tests.dashboards.alerts import alert, record

PLACES, NARROW = 4, 3
EVERYTHING = Scope(sees_clues=True)


def ring(records: list[Record], most: int = 10_000) -> Ring:
    made = Ring(most, lambda found: found.subject_key.encode())
    made.begin([0] * PLACES, NARROW)
    made.append(records)
    return made


def heard(piece: bytes) -> list[tuple[str, str]]:
    """(id, subject) of every event."""
    return re.findall(r"id: (\S+)\nevent: alert\ndata: (\S+)\n", piece.decode())


def interleaved(places: list[int]) -> list[Record]:
    """One log, in one order of arrival: offsets count within each place, with holes as transactions leave them."""
    offsets = [0] * PLACES
    found = []
    for place in places:
        found.append(record(place, offsets[place]))
        offsets[place] += 2
    return found


@st.composite
def two_servers(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """The same log as two processes heard it, places interleaved each in its own way."""
    places = draw(st.lists(st.integers(0, PLACES - 1), max_size=40))
    other = draw(st.permutations(places))
    return interleaved(places), interleaved(list(other))


@given(two_servers(), st.data(), st.sampled_from([EVERYTHING, Scope(), Scope("4301"), Scope("99")]))
def test_a_watcher_who_changes_servers_hears_each_alert_once(
    servers: tuple[list[Record], list[Record]], data: st.DataObject, scope: Scope
) -> None:
    first, second = ring(servers[0]), ring(servers[1])
    stop = data.draw(st.integers(0, first.end))
    before = heard(first.piece(scope, 0, stop))
    last = before[-1][0] if before else ".".join("0" * PLACES)
    position = start_of(position_of(last), second, scope)
    assert position is not None
    after = heard(b"".join(events(missed_in_ring(position, second, second.end), position, scope)))
    wanted = {found.alert.subject_key for found in servers[0] if found.alert and scope.sees(found.alert) and is_shown(found, scope)}
    told = [subject for _, subject in [*before, *after]]
    assert sorted(told) == sorted(wanted)


def is_shown(found: Record, scope: Scope) -> bool:
    """Records of clues' places are for those who see clues."""
    return scope.sees_clues or found.place < NARROW


@given(st.lists(st.integers(0, PLACES - 1), max_size=40), st.data())
def test_live_pieces_join_without_gap_or_overlap(places: list[int], data: st.DataObject) -> None:
    made = ring(interleaved(places))
    cuts = sorted({0, made.end, *data.draw(st.lists(st.integers(0, made.end)))})
    pieces = b"".join(made.piece(EVERYTHING, start, end) for start, end in pairwise(cuts))
    assert heard(pieces) == heard(made.piece(EVERYTHING, 0, made.end))


def test_a_piece_is_made_once_for_equal_scopes() -> None:
    made = ring([record(0, 0), record(1, 0)])
    assert made.piece(Scope("43"), 0, 2) is made.piece(Scope("43"), 0, 2)


def test_what_is_heard_again_is_not_told_again() -> None:
    made = ring([record(0, 0), record(0, 2)])
    made.append([record(0, 0), record(0, 2), record(0, 4)])
    assert made.end == 3


def test_ids_of_those_who_see_no_clues_do_not_tell_of_them() -> None:
    made = ring([record(0, 0), record(3, 0, alert(7))])
    assert len(made.id_of(False).split(b".")) == NARROW
    assert heard(made.piece(Scope(), 0, 2)) == [("1.0.0", "case:s/0")]


def test_the_ring_knows_what_it_no_longer_holds() -> None:
    made = ring([record(0, 0), record(1, 0), record(0, 2)], most=2)
    assert made.first == 1
    assert not made.holds_since([0, 0, 0, 0])
    assert made.holds_since([1, 0, 0, 0])


def test_an_id_of_another_log_is_ahead_or_too_short() -> None:
    made = ring([record(0, 0)])
    assert is_ahead([9, 0, 0], made)
    assert start_of((1, 0), made, Scope()) is None
    assert start_of((1, 0, 0), made, EVERYTHING) == [1, 0, 0, 0]
