"""How a plain case lies packed: laid out so that a fact can be added to it without unpacking it (`rules.shortcut`).

Plain is a case that its key names, with one place and facts in order, that knows no pause, extension, reopening or rare word, was
not answered too late, and whose facts keep nothing but words of short lists, and names and numbers that lie apart: so most cases
most of the time. After the head follow the facts in force, what is kept of each, parties, names of step instances, what lies apart
by the place of its fact, wakes by rule, an annex, signals sent. A fact names its actor and its device by the number of the
vocabulary. In the annex lies what no fact that is added changes: alerts, and other versions.
"""

from __future__ import annotations

import struct
from struct import Struct as Layout
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rules.annex import Annex, annex_in, annex_with
from rules.fact import CODE_OF, INSTANCE, MANY_VALUED, NOTHING, PLAIN_FIELDS, Fact, Party
from rules.packing import FORMAT, NO_PLACE, PLAIN, SHIFT, PackedCase, SnapshotError, instant_at, kept_in, stamp_of, version_of
from rules.part import ACCEPTANCE_CODES
from rules.said import Sent
from rules.stepbook import STEP_CODE
from rules.verdict import FAR
from supervision.event import EventType
from supervision.worktime import CalendarMissing

if TYPE_CHECKING:
    from rules.case import Case

# format, shape, earliest wake, number of its where, how many facts, bytes of what they keep, of parties, of names, of what lies
# apart, how many wakes, bytes of the annex
HEAD = Layout(">BBqIBHHHHBH")
WAKE_SIZE = 9  # instant and id of the rule: in the order of bytes, which is that of the instants
FACT_SIZE = 30  # id, type, time, actor, device, party
TYPE_AT, AT, ACTOR_AT, DEVICE_AT, PARTY_AT = 16, 17, 23, 26, 29
NO_WORD = b"\xff\xff\xff"
MOST_FACTS = 64
NOT_PLAIN = frozenset(
    CODE_OF[kind]
    for kind in (
        EventType.CASE_REOPENED,
        EventType.SPECIAL_PROCEDURE_STARTED,
        EventType.SPECIAL_PROCEDURE_ENDED,
        EventType.EXTENSION_APPROVED,
    )
)
MOST_SENT = 15  # so many a list of one byte's head holds
_LIST = 0x90
_LONGEST_LIST = _LIST + MOST_SENT
_TALL = 27  # bytes of a fact in other shapes
_APART = Layout(">BH")  # the place of the fact, and how long it is
_NOTHING_KEPT = b"\xc0"
_encode = msgspec.msgpack.Encoder().encode
_parties = msgspec.msgpack.Decoder(list[Party]).decode
_names = msgspec.msgpack.Decoder(list[str]).decode
_sent = msgspec.msgpack.Decoder(list[Sent]).decode
_told = msgspec.msgpack.Decoder(dict[int, Any]).decode


def packed(case: Case, earliest: int) -> bytes | None:
    """The blob of a plain case; None: it is not plain."""
    if not _is_plain(case):
        return None
    order, past = _order(case)
    if len(order) > MOST_FACTS:
        return None
    start = None
    if any(case.facts[place].type in ACCEPTANCE_CODES for place in past):
        opening = next((case.facts[place] for place in order if case.facts[place].type == ACCEPTANCE_CODES[0]), None)
        start = case.parts()[0].accepted_at
        if opening is None or start is None or any(case.facts[place].type == ACCEPTANCE_CODES[1] for place in past):
            return None
        start = None if start == opening.at else start
    facts, kept = _laid(case, order), _kept_of(case, order)
    parties, names = listed(case.parties), listed(case.names)
    try:
        apart, annex = _apart(case, order), _annex_of(case, order, past, start)
        head = HEAD.pack(
            FORMAT,
            PLAIN,
            earliest,
            case.where_codes[0],
            len(order),
            len(kept),
            len(parties),
            len(names),
            len(apart),
            len(case.wakes),
            len(annex),
        )
    except struct.error:  # longer than a plain case may be
        return None
    return b"".join((head, facts, kept, parties, names, apart, wakes_of(case.wakes), annex, listed(case.sent)))


class Sections(NamedTuple):
    """What lies in a blob, one behind the other."""

    earliest: int
    where_code: int
    number: int
    facts: bytes
    kept: bytes
    parties: bytes
    names: bytes
    apart: bytes
    wakes: bytes
    annex: bytes
    sent: bytes


def sections(blob: bytes) -> Sections:
    """Raises struct.error where not even a head lies there."""
    _, _, earliest, where, count, kept, parties, names, apart, wakes, beside = HEAD.unpack_from(blob)
    one = HEAD.size
    two = one + count * FACT_SIZE
    three = two + kept
    four = three + parties
    five = four + names
    six = five + apart
    seven = six + WAKE_SIZE * wakes
    eight = seven + beside
    behind = (blob[three:four], blob[four:five], blob[five:six], blob[six:seven], blob[seven:eight], blob[eight:])
    return Sections(earliest, where, count, blob[one:two], blob[two:three], *behind)


def unpack(blob: bytes) -> PackedCase:
    """Raises SnapshotError."""
    try:
        of = sections(blob)
        annex = annex_in(of.annex)
        facts, actors, devices = _with_places(of.facts + annex.past)
        all_kept = of.kept
        if of.apart or annex.versions:
            all_kept = _joined(all_kept, of.number, of.apart, annex.versions)
        return PackedCase(
            None,
            None,
            facts,
            all_kept + annex.past_kept,
            [of.where_code],
            actors,
            devices,
            parties_in(of.parties),
            names_in(of.names),
            wakes_in(of.wakes),
            annex.alerts,
            sent_in(of.sent),
        )
    except (ValueError, IndexError, msgspec.DecodeError, struct.error) as error:
        raise SnapshotError(f"state does not decode as format {FORMAT}: {error}") from error


def listed(values: list[Any]) -> bytes:
    """A section of these values; nothing for none."""
    return _encode(values) if values else b""


def apart_of(place: int, told: dict[int, Any]) -> bytes:
    """What the fact at this place keeps of many values. Raises struct.error where it is longer than a plain case may keep."""
    packed = _encode(told)
    return _APART.pack(place, len(packed)) + packed


def with_sent(section: bytes, more: list[Sent]) -> bytes | None:
    """The section of signals sent with these behind; None: it would be longer than a plain case's may be."""
    known = section[0] - _LIST if section else 0
    if not 0 <= known <= MOST_SENT - len(more):
        return None
    return b"".join((bytes((_LIST + known + len(more),)), section[1:], *map(_encode, more)))


def told_in(apart: bytes, place: int) -> dict[int, Any]:
    """What lies apart of the fact at this place."""
    at = 0
    while at < len(apart):
        of, size = _APART.unpack_from(apart, at)
        at += _APART.size
        if of == place:
            return _told(apart[at : at + size])
        at += size
    return {}


def told_apart(section: bytes) -> dict[int, dict[int, Any]]:
    """What lies apart, by the place of its fact."""
    found: dict[int, dict[int, Any]] = {}
    at = 0
    while at < len(section):
        place, size = _APART.unpack_from(section, at)
        at += _APART.size
        found[place] = _told(section[at : at + size])
        at += size
    return found


def sent_in(section: bytes) -> list[Sent]:
    return _sent(section) if section else []


def parties_in(section: bytes) -> list[Party]:
    return _parties(section) if section else []


def names_in(section: bytes) -> list[str]:
    return _names(section) if section else []


def with_name(section: bytes, name: str) -> tuple[int, bytes | None]:
    """The number of this name of an instance; and the section with it, if it is not there."""
    own = _encode(name)
    if not section:
        return 0, b"\x91" + own
    if section[0] < _LONGEST_LIST and section.find(own) < 0:  # found it may be in the middle of another
        return section[0] - _LIST, b"".join((bytes((section[0] + 1,)), section[1:], own))
    names = _names(section)
    if name in names:
        return names.index(name), None
    return len(names), _encode([*names, name])


def wakes_of(wakes: dict[str, int]) -> bytes:
    return b"".join(sorted([stamp_of(at) + rule.encode() for rule, at in wakes.items()]))


def wakes_in(section: bytes) -> dict[str, int]:
    """By the id of the rule."""
    return {section[at + 6 : at + 9].decode(): instant_at(section, at) for at in range(0, len(section), WAKE_SIZE)}


def wake_of(section: bytes, rule: bytes) -> int:
    """What this rule wakes at, FAR: it does not."""
    place = _place_of(section, rule)
    return FAR if place < 0 else instant_at(section, place)


def with_wake(section: bytes, rule: bytes, instant: int) -> bytes:
    """The section with this wake of the rule in place of what it had; FAR: with none."""
    place = _place_of(section, rule)
    if place >= 0:
        section = section[:place] + section[place + WAKE_SIZE :]
    if instant == FAR:
        return section
    own = stamp_of(instant) + rule
    place = 0
    while place < len(section) and section[place : place + WAKE_SIZE] < own:
        place += WAKE_SIZE
    return section[:place] + own + section[place:]


def first_of(section: bytes) -> int:
    """The earliest wake, FAR: none."""
    return instant_at(section, 0) if section else FAR


def _place_of(section: bytes, rule: bytes) -> int:
    place = section.find(rule)
    while place >= 0 and place % WAKE_SIZE != WAKE_SIZE - 3:
        place = section.find(rule, place + 1)
    return place - WAKE_SIZE + 3 if place >= 0 else -1


def _is_plain(case: Case) -> bool:
    if case.has_rare or len(case.where_codes) != 1:
        return False
    for rule, at in case.wakes.items():
        if len(rule.encode()) != 3 or not -SHIFT <= at < SHIFT:
            return False
    bare: set[Any] = set()  # steps that name no instance: an instance of that name would be one with them
    for fact in case.facts:
        kept = fact.kept
        if fact.type in NOT_PLAIN:
            return False
        if kept is not NOTHING:
            if not PLAIN_FIELDS.issuperset(kept):
                return False
            if INSTANCE not in kept:
                bare.add(kept.get(STEP_CODE))
    return bare.isdisjoint(case.names) and "" not in case.names and not _was_answered_late(case)


def _was_answered_late(case: Case) -> bool:
    """Whether its legal limit runs from a receipt that was answered too late: looks take it for answered in time."""
    try:
        return any(part.deemed is not None and part.deemed.is_answered for part in case.parts())
    except CalendarMissing:
        return True


def _order(case: Case) -> tuple[list[int], list[int]]:
    """The places of the facts in force, and of all others, in the order of their times."""
    facts = case.facts
    places = sorted(range(len(facts)), key=lambda place: (facts[place].at, facts[place].id))
    if not case.has_versions:
        return places, []
    heads = {fact.id for fact in case.heads()}
    return [place for place in places if facts[place].id in heads], [place for place in places if facts[place].id not in heads]


def _laid(case: Case, order: list[int]) -> bytes:
    """These facts."""
    actors, devices, body = _by_place(case.actor_codes), _by_place(case.device_codes), case.body
    found: list[bytes] = []
    for place in order:
        at = place * _TALL
        found += (body[at : at + ACTOR_AT], actors[body[at + 24]], devices[body[at + 25]], body[at + 26 : at + _TALL])
    return b"".join(found)


def _kept_of(case: Case, order: list[int]) -> bytes:
    """What is kept of these facts but what lies apart or in the annex."""
    if order == list(range(len(case.facts))) and not _tells(case) and not any(version_of(fact) for fact in case.facts):
        return case.kept
    return b"".join([_kept(case, case.facts[place], MANY_VALUED) for place in order])


def _annex_of(case: Case, order: list[int], past: list[int], start: int | None) -> bytes:
    """The annex; nothing where it would say nothing."""
    facts = case.facts
    versions = {at: version for at, place in enumerate(order) if (version := version_of(facts[place]))}
    if not case.alerts and not versions and not past:
        return b""
    past_kept = b"".join([_kept(case, facts[place], frozenset()) for place in past])
    return annex_with(Annex(case.alerts, versions, _laid(case, past), past_kept, start))


def _by_place(codes: list[int]) -> dict[int, bytes]:
    found = {place: code.to_bytes(3, "big") for place, code in enumerate(codes)}
    found[NO_PLACE] = NO_WORD
    return found


def _with_places(facts: bytes) -> tuple[bytes, list[int], list[int]]:
    """The facts as they are packed in other shapes, with the numbers of their actors and devices."""
    actors: dict[bytes, int] = {}
    devices: dict[bytes, int] = {}
    found: list[bytes] = []
    for at in range(0, len(facts), FACT_SIZE):
        actor, device = facts[at + ACTOR_AT : at + DEVICE_AT], facts[at + DEVICE_AT : at + PARTY_AT]
        by = NO_PLACE if actor == NO_WORD else actors.setdefault(actor, len(actors))
        with_ = NO_PLACE if device == NO_WORD else devices.setdefault(device, len(devices))
        found += (facts[at : at + ACTOR_AT], bytes((0, by, with_, facts[at + PARTY_AT])))
    return b"".join(found), [int.from_bytes(code, "big") for code in actors], [int.from_bytes(code, "big") for code in devices]


def _kept(case: Case, fact: Fact, without: frozenset[int]) -> bytes:
    """What is kept of a fact but these fields; with all of them goes what stands in it of its version."""
    kept = {code: value for code, value in fact.kept.items() if code not in without}
    if INSTANCE in kept:
        kept[INSTANCE] = case.names.index(kept[INSTANCE])
    if not without:
        kept |= version_of(fact)
    return _encode(kept) if kept else _NOTHING_KEPT


def _tells(case: Case) -> bool:
    """Whether any of its facts keeps what lies apart."""
    return any(fact.kept is not NOTHING and not MANY_VALUED.isdisjoint(fact.kept) for fact in case.facts)


def _apart(case: Case, order: list[int]) -> bytes:
    """What lies apart of these facts."""
    if not _tells(case):
        return b""
    found: list[bytes] = []
    for at, place in enumerate(order):
        told = {code: value for code, value in case.facts[place].kept.items() if code in MANY_VALUED}
        if told:
            found.append(apart_of(at, told))
    return b"".join(found)


def _joined(kept: bytes, count: int, apart: bytes, versions: dict[int, dict[int, Any]]) -> bytes:
    """What is kept of each of so many facts with what lies apart of it and stands in it of its version, as other shapes have it."""
    all_kept = kept_in(kept, count)
    for place, told in told_apart(apart).items():
        both = (all_kept[place] or {}) | told
        all_kept[place] = dict(sorted(both.items()))
    for place, version in versions.items():
        all_kept[place] = (all_kept[place] or {}) | version
    return b"".join([_NOTHING_KEPT if of is None else _encode(of) for of in all_kept])
