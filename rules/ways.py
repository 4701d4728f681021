"""What the short way (`rules.shortcut`) has looked up: how an event of a type is taken, what an act of an outline leads to, and
what all cases of a source share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rules.annex import rules_in, stand_once
from rules.book import Rulebook
from rules.clocks import WALL, Clocks
from rules.fact import (
    ACTOR,
    DEVICE,
    FEW_VALUED,
    INSTANCE,
    MANY_VALUED,
    NOTHING,
    PARTY,
    PLAIN_FIELDS,
    WHERE,
    Plan,
    kept_of,
    reader,
    written,
)
from rules.outline import UNTOUCHED, Apart, Calm, Daily, Look, Outline
from rules.packing import SHIFT, kept_in, stamp_of
from rules.plain import NOT_PLAIN, WAKE_SIZE, first_of, wakes_in
from rules.quarantine import AHEAD_MS
from rules.stepbook import STEP_CODE
from rules.verdict import FAR
from rules.vocabulary import Vocabulary, Words
from rules.world import Place, World
from supervision.event import BatchKind, CaseEvent, EventType, Precision, SourceOp
from supervision.payload import PAYLOADS
from supervision.reference import Source

MOST_TOLD = 1_000  # of one event type; what is kept of an act is packed once for so many
MOST_KNOWN = 10_000  # answers of the daily looks of one history
NOTHING_KEPT = b"\xc0"
LATEST = b"\xff" * 7  # behind all stamps
COMMON: dict[str, Any] = {  # what an ordinary event says of itself
    "data_version": 1,
    "supersedes_event_id": None,
    "source_op": SourceOp.INSERT,
    "flags": (),
    "batch_kind": BatchKind.REALTIME,
    "time_precision": Precision.SECOND,
    "root_case_id": None,
    "parent_case_id": None,
}
ORDINARY = tuple(COMMON.values())
told_of: Callable[[CaseEvent], Any] = reader((*WHERE, *COMMON))
LookOf = tuple[bytes, Look, bool]  # by the id of its rule; whether that has conditions
Read = Callable[[CaseEvent, Any], tuple[Any, ...]]
Before = tuple[bytes, int, int]  # the wakes before an act, its day, and of an acceptance behind other acts the day of the first


_encode = msgspec.msgpack.Encoder().encode


class Way:
    """How an event of one type is taken.

    `read`: of an event and its payload, what it tells of where it is and of itself (as `told_of`), its actor, device and party
    (None where no card reads them), and of its fields the words of short lists but the name of its instance (None where they cannot
    be told so: not `has_values`), what no plain case keeps (most often `usual`), and what lies apart (most often a `few`).
    `told`: by those words and the number of that name, how they are packed. `many`: the fields that lie apart, with names and
    defaults. `names`, `words`: of the words in payload and envelope, `rare_names`: of what no plain case keeps.
    `is_seldom_told`: it tells nothing else. `is_stepped`: it is of a step, or of an instance of one."""

    __slots__ = (
        "few",
        "has_rares",
        "has_values",
        "is_instanced",
        "is_seldom_told",
        "is_stepped",
        "keeps_nothing",
        "many",
        "names",
        "plan",
        "rare_names",
        "read",
        "struct",
        "told",
        "type",
        "usual",
        "words",
    )

    def __init__(self, kind: EventType, plan: Plan) -> None:
        self.plan = plan
        self.type = bytes((plan.code,))
        self.keeps_nothing = not plan.payload and not plan.envelope
        self.struct: Any = PAYLOADS[kind]
        self.many = tuple(field for field in plan.payload if field[0] in MANY_VALUED)
        self.few = tuple(default for _, _, default in self.many)
        self.names = tuple(name for code, name, _ in plan.payload if code != INSTANCE and code in FEW_VALUED)
        rares = [(name, default) for code, name, default in plan.payload if code not in PLAIN_FIELDS]
        is_told = bool(plan.payload) and FEW_VALUED.issuperset(code for code, _, _ in plan.envelope)
        is_told = is_told and set(self.struct.__struct_fields__).issuperset(name for _, name, _ in plan.payload)
        self.has_values = is_told
        self.words = words = tuple(name for _, name, _ in plan.envelope)
        self.has_rares = bool(rares)
        self.rare_names = tuple(name for name, _ in rares)
        self.is_seldom_told = is_told and not words and len(rares) == len(plan.payload)
        self.usual = tuple(default for _, default in rares)
        self.is_instanced = any(code == INSTANCE for code, _, _ in plan.payload)
        self.is_stepped = self.is_instanced or any(code == STEP_CODE for code, _, _ in plan.payload)
        self.told: dict[Any, bytes] = {}
        self.read: Read = self._reader()

    def _reader(self) -> Read:
        plan = self.plan
        shared = ((ACTOR, plan.actor), (DEVICE, plan.device), (PARTY, plan.party))
        ways = [written("of", (*WHERE, *COMMON)), *(written("of", names) if is_kept else "None" for names, is_kept in shared)]
        if self.has_values:
            ways += [f"{written('body', self.names)} + {written('of', self.words)}" if self.words else written("body", self.names)]
            ways += [written("body", self.rare_names), written("body", [name for _, name, _ in self.many])]
        else:
            ways += ["None", "()", "()"]
        read: Read = eval(f"lambda of, body: ({', '.join(ways)})")  # noqa: S307 - names of ours
        return read

    def pack(self, event: CaseEvent, names: list[str]) -> tuple[bytes, str | None, dict[int, Any]] | None:
        """What is kept of an event, packed; the name of its instance if it is not among `names`; what lies apart. None: it is not
        plain."""
        name: str | None = None
        number: int | None = None
        kept, many = kept_of(event, self.plan), NOTHING
        if self.many:
            many = {code: value for code, value in kept.items() if code in MANY_VALUED}
            kept = {code: value for code, value in kept.items() if code not in MANY_VALUED}
        if not kept:
            packed = NOTHING_KEPT
        else:
            if not PLAIN_FIELDS.issuperset(kept):
                return None
            if INSTANCE in kept:
                name = kept[INSTANCE]
                if not name:
                    return None
                number = kept[INSTANCE] = names.index(name) if name in names else len(names)
            elif kept.get(STEP_CODE) in names:
                return None
            packed = _encode(kept)
        body = event.payload
        if type(body) is self.struct and len(self.told) < MOST_TOLD:
            *_, values, rares, _ = self.read(event, body)
            if values is not None and rares == self.usual and (number is not None or not names or not self.is_stepped):
                self.told[values, number] = packed
        return packed, name if number == len(names) else None, many


class Follow:
    """What the last act of an outline leads to: `looks` by rule, those that are `daily` apart, with what is `known` of them by the
    wakes and the days `Before` it: the wakes behind it, the earliest, how many. `bare`: steps so far that name no instance.
    `calm`: those that have mostly nothing to say, `restless`: the others."""

    __slots__ = ("_spoken", "bare", "calm", "daily", "known", "looks", "restless", "rules")

    def __init__(self, looks: Sequence[LookOf], bare: frozenset[str]) -> None:
        self.looks: tuple[LookOf, ...] = tuple(each for each in looks if not isinstance(each[1], Daily) and not _is_known(each))
        self.daily: tuple[LookOf, ...] = tuple(each for each in looks if isinstance(each[1], Daily))
        self.known: dict[Before, tuple[bytes, int, int]] = {}
        self.calm = tuple(each for each in self.looks if isinstance(each[1], Calm))
        self.restless = tuple(each for each in self.looks if not isinstance(each[1], Calm))
        self.rules = frozenset(rule for rule, _, _ in looks)
        self._spoken = {rule: look.spoken for rule, look, _ in self.daily if isinstance(look, Daily) and look.spoken is not None}
        self.bare = bare

    def heeding(self, blob: bytes, annex_at: int, annex_end: int) -> tuple[LookOf, ...] | None:
        """The daily looks for a case with this annex; None: a rule that has said something may have more to say. Most looks tell
        of rules that have said nothing, and may not be asked of others."""
        said = self.rules & rules_in(blob, annex_at)
        if not said:
            return self.daily
        if not said <= self._spoken.keys() or not stand_once(blob[annex_at:annex_end], said):
            return None
        return tuple((rule, self._spoken[rule] if rule in said else look, told) for rule, look, told in self.daily)

    def keep(self, before: Before, wakes: bytes, place: Place, grace: int) -> None:
        """What daily looks said, unless more than the day decided it: a new wake within that day."""
        tomorrow, waited = place.calendar.day_start(before[1] + 1) + grace, wakes_in(before[0])
        if all(at >= tomorrow or waited.get(rule) == at for rule, at in wakes_in(wakes).items()):
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[before] = (wakes, first_of(wakes), len(wakes) // WAKE_SIZE)


Spot = tuple[Any, bytes, bytes, Place]


def _is_known(look: LookOf) -> bool:
    """Whether it says what was said before: nothing, of a rule that has said nothing and has no condition."""
    return isinstance(look[1], Apart) and look[1].is_old and not look[2]


class Origin:
    """What is looked up of a source once, and how far its clock is. `arm`: sets a case's timer. `places`: by number of the where,
    with the span of starts in which it is the place; `spots`: the same as `Origins.spot` gives it. `ahead`: how much later than its
    receipt an event may say that it occurred."""

    __slots__ = ("ahead", "arm", "clock", "forgets", "grace", "is_odd", "now", "places", "source", "spots")

    def __init__(self, source: Source, now: int, arm: Callable[[str, int], None]) -> None:
        self.source = source
        self.arm = arm
        self.clock = source.clock
        self.now = now
        self.grace = source.late_grace_s * 1000 if source.clock == WALL else 0
        self.forgets = source.clock == WALL or source.keep_days is not None
        self.ahead = AHEAD_MS if source.clock == WALL else FAR
        self.is_odd = "/" in source.name
        self.places: dict[int, tuple[int, int, Place]] = {}
        self.spots: dict[int, Spot] = {}


class Origins:
    """What is looked up of all sources."""

    def __init__(self, world: World, vocabulary: Vocabulary, clocks: Clocks) -> None:
        self._world = world
        self._vocabulary = vocabulary
        self._clocks = clocks
        self._known: dict[str, Origin] = {}
        self.get: Callable[[str], Origin | None] = self._known.get

    def begin(self) -> None:
        """Clocks stand still from now on."""
        for origin in self._known.values():
            origin.now = self._clocks.now(origin.clock)

    def of(self, name: str) -> Origin:
        known = self._known.get(name)
        if known is None:
            source = self._world.reference.source(name)
            known = self._known[name] = Origin(source, self._clocks.now(source.clock), self._clocks.timers(source.clock).arm)
        return known

    def place(self, origin: Origin, where_code: int, start: int) -> Place:
        """The place of a case that starts then. Kept with the span of starts for which it is."""
        since, until, place = origin.places.get(where_code) or self.place_anew(origin, where_code, start)
        return place if since <= start < until else self.place_anew(origin, where_code, start)[2]

    def place_anew(self, origin: Origin, where_code: int, start: int) -> tuple[int, int, Place]:
        """And that span."""
        place = self._world.place(origin.source, self._vocabulary.wheres.value(where_code), start)
        found = origin.places[where_code] = (*self._world.span(start), place)
        return found

    def spot(self, origin: Origin, where_code: int, start: int) -> Spot:
        """What an ordinary event of a case of this where tells (None: none is ordinary there), between which stamps starts lie for
        which it is that place, and the place."""
        since, until, place = self.place_anew(origin, where_code, start)
        told = None if origin.is_odd else (*self._vocabulary.wheres.value(where_code), *ORDINARY)
        found = origin.spots[where_code] = told, stamp_of(max(since, -SHIFT)), stamp_of(until) if until < SHIFT else LATEST, place
        return found


def apart_in(payload: Any, many: tuple[tuple[int, str, Any], ...]) -> dict[int, Any]:
    """What a payload tells of these fields, in the order of their numbers."""
    found: dict[int, Any] = {}
    for code, name, default in many:
        value = getattr(payload, name)
        if value is not None and value != default:
            found[code] = value
    return found


def number_of(words: Words, word: Any) -> bytes | None:
    """Of an actor or a device; None: the list is full."""
    known = words.known_of(word)
    if known is not None:
        return known[2]
    _, code = words.canonical(word)
    return None if code is None else code.to_bytes(3, "big")


def place_of(party: Any, known: list[Any]) -> tuple[bytes, list[Any] | None]:
    """Its place among those that are known; and all of them, if it is new."""
    if party in known:
        return bytes((known.index(party),)), None
    return bytes((len(known),)), [*known, party]


def follow(book: Rulebook, place: Place, types: bytes, kept: bytes) -> Follow | None:
    """Ask the detectors what the last of these acts means; None: only judging the whole case can tell."""
    if types[-1] in NOT_PLAIN:
        return None
    all_kept = kept_in(kept, len(types))
    act = Outline(types, all_kept).facts[-1]
    outline = Outline(types[:-1], all_kept[:-1])
    looks: list[LookOf] = []
    off = book.off(place.source)
    for rules in book.reading((act.type,)):
        for rule in rules:
            outlook = rule.outlook(place, outline, act) if rule.id not in off else UNTOUCHED
            if outlook is None:
                return None
            if outlook is not UNTOUCHED:
                looks.append((rule.id.encode(), outlook, rule.is_conditional))
    return Follow(looks, Outline(types, all_kept).bare_steps)
