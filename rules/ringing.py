"""The short way of a timer: what comes to stand of a case by the clock alone is said from its packed state.

Cases come to their limits by the thousand at one midnight. Of a plain case (`rules.plain`) the plan of its place and day tells what
stands; the facts stay as they lie, and only wakes and annex change. Whatever is not sure goes the whole way, which would have said
the same and left the same behind.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from rules.annex import rules_in, start_in, with_alerts
from rules.bell import Bell
from rules.book import Rule, Rulebook
from rules.clocks import Clocks
from rules.fact import NOBODY, NOTHING, NOWHERE, Actor, Fact
from rules.issue import Change, Suppression, identify, message
from rules.outline import ACCEPTANCE_BYTES
from rules.output import Output
from rules.packing import FORMAT, PLAIN, instant_at, stamp_of
from rules.plain import (
    ACTOR_AT,
    AT,
    DEVICE_AT,
    FACT_SIZE,
    HEAD,
    NO_WORD,
    TYPE_AT,
    WAKE_SIZE,
    first_of,
    with_wake,
)
from rules.said import Standing
from rules.saying import core_of
from rules.verdict import FAR
from rules.vocabulary import Vocabulary
from rules.ways import Origin, Origins
from supervision.alert import Alert
from supervision.subject import key as key_of
from supervision.worktime import CalendarMissing

_HEAD_SIZE = HEAD.size
Asked = tuple[tuple[Rule, bytes, Callable[[Bell], bool]], ...]  # rules, their ids as wakes have them, and how they are asked


class Ringing:
    """Of one engine, by one state of the reference data. `taken`: how many timers went this way."""

    def __init__(
        self, book: Rulebook, vocabulary: Vocabulary, clocks: Clocks, origins: Origins, suppression: Suppression, taken: int
    ) -> None:
        self._book = book
        self._vocabulary = vocabulary
        self._clocks = clocks
        self._origins = origins
        self._suppression = suppression
        self._asked: dict[tuple[str, bytes], Asked] = {}
        self.taken = taken

    def ring(self, key: str, blob: bytes, clock: str, now: int, output: Output) -> bytes | None:
        """The state of the case when its timer on this clock has rung; None: it has to go the whole way. Nothing was said then."""
        if blob[1] != PLAIN:
            return None
        _, _, _, where_code, count, kept_size, parties_size, names_size, apart_size, wakes, annex_size = HEAD.unpack_from(blob)
        wakes_at = _HEAD_SIZE + FACT_SIZE * count + kept_size + parties_size + names_size + apart_size
        annex_at = wakes_at + WAKE_SIZE * wakes
        annex = blob[annex_at : annex_at + annex_size]
        due, waiting = _parted(blob[wakes_at:annex_at], now)
        source, _, case_id = key.partition("/")
        origin = self._origins.of(source)
        rules = self._rules(due, origin)
        place_at = _opening_at(blob, count)
        if not rules or place_at is None or (annex and (_has_said(annex, rules) or start_in(annex, 0) is not None)):
            return None
        opening = self._opening(blob, place_at)
        place = self._origins.place(origin, where_code, opening.at)
        facts = blob[_HEAD_SIZE : _HEAD_SIZE + FACT_SIZE * count]
        bell = Bell(place, opening, facts, key_of("case", source, case_id), now, origin.grace)
        try:
            asked = self._ask(rules, bell, waiting, case_id, source, clock)
        except CalendarMissing:
            return None
        if asked is None:
            return None
        standing, alerts, waiting = asked
        if not waiting and origin.forgets:
            return None
        next_wake = first_of(waiting)
        if standing:
            annex = with_alerts(annex, standing)
        sizes = (kept_size, parties_size, names_size, apart_size, len(waiting) // WAKE_SIZE, len(annex))
        try:
            head = HEAD.pack(FORMAT, PLAIN, next_wake, where_code, count, *sizes)
        except struct.error:  # longer than a plain case may be
            return None
        output.alerts += alerts
        if next_wake != FAR:
            self._clocks.arm(clock, key, next_wake)
        self.taken += 1
        return b"".join((head, blob[_HEAD_SIZE:wakes_at], waiting, annex, blob[annex_at + annex_size :]))

    def _ask(
        self, rules: Asked, bell: Bell, waiting: bytes, case_id: str, source: str, clock: str
    ) -> tuple[list[Standing], list[Alert], bytes] | None:
        """What comes to stand, what is said of it, and the wakes from now on."""
        standing: list[Standing] = []
        alerts: list[Alert] = []
        for rule, name, ask in rules:
            bell.wake, bell.said = FAR, []
            if not ask(bell):
                return None
            for level, instant, told in bell.said:
                core = core_of(level, instant, told, bell.place, case_id)
                state = self._suppression.state(rule.id, core, source)
                if state is not None:
                    standing.append(Standing(identify(rule.id, core), rule.id, 1, state, core))
                    alerts.append(message(rule.card, Change(standing[-1]), clock, source, case_id, rule.words(core)))
            if bell.wake != FAR:
                waiting = with_wake(waiting, name, bell.wake)
        return standing, alerts, waiting

    def _rules(self, due: bytes, origin: Origin) -> Asked:
        """The rules of these wakes, in the order in which they are judged; none where one of them does not go this way."""
        names = b"".join([due[at + 6 : at + WAKE_SIZE] for at in range(0, len(due), WAKE_SIZE)])
        key = (origin.source.name, names)
        rules = self._asked.get(key)
        if rules is None:
            judging, signalling = self._book.named(names[at : at + 3].decode() for at in range(0, len(names), 3))
            off = self._book.off(origin.source)
            told = [(rule, rule.id.encode(), rule.ring) for rule in judging if not rule.is_conditional and rule.id not in off]
            sure = [(rule, name, ask) for rule, name, ask in told if ask is not None]
            rules = self._asked[key] = tuple(sure) if len(sure) == len(judging) and not signalling else ()
        return rules

    def _opening(self, blob: bytes, at: int) -> Fact:
        """The acceptance that lies there, with what an alert says of it."""
        code = blob[at + ACTOR_AT : at + DEVICE_AT]
        actor: Actor = NOBODY if code == NO_WORD else self._vocabulary.actors.value(int.from_bytes(code, "big"))
        instant = instant_at(blob, at + AT)
        return Fact(int.from_bytes(blob[at : at + 16], "big"), blob[at + TYPE_AT], instant, NOWHERE, actor, kept=NOTHING)


def _has_said(annex: bytes, rules: Asked) -> bool:
    """Whether one of the rules has an alert in the annex."""
    said = rules_in(annex, 0)
    return any(name in said for _, name, _ in rules)


def _parted(wakes: bytes, now: int) -> tuple[bytes, bytes]:
    """Those that are due, and all others."""
    end, place = stamp_of(now + 1), 0
    while place < len(wakes) and wakes[place : place + 6] < end:
        place += WAKE_SIZE
    return wakes[:place], wakes[place:]


def _opening_at(blob: bytes, count: int) -> int | None:
    """Where the acceptance lies that sets the limits; None: it was not accepted."""
    types = blob[_HEAD_SIZE + TYPE_AT : _HEAD_SIZE + FACT_SIZE * count : FACT_SIZE]
    found = next((place for each in ACCEPTANCE_BYTES if (place := types.find(each)) >= 0), None)
    return None if found is None else _HEAD_SIZE + found * FACT_SIZE
