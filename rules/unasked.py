"""Looks whose answers are known by their types (`rules.outline`): what they rest on was looked at before, so they are not asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.fact import OFFICER, PERSON, POST_PLACE, Actor
from rules.outline import Apart, Cleared, Ends, Tells
from rules.packing import instant_at
from rules.plain import AT, FACT_SIZE, HEAD, NO_WORD, with_wake
from rules.said import Draft
from rules.verdict import FAR
from rules.vocabulary import Vocabulary
from rules.ways import LookOf
from rules.world import Place
from supervision.event import CaseEvent, PostPlace

_HEAD_SIZE = HEAD.size
_SYSTEM = PostPlace.SYSTEM
Meetings = Sequence[tuple[slice | None, slice | None]]


class Unasked:
    """Of one shortcut."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._actors = vocabulary.actors
        self._persons: dict[bytes, str] = {}  # by the number of an actor: the person that they name themselves

    def left(
        self,
        looks: Sequence[LookOf],
        place: Place,
        actor: Actor | None,
        at: int,
        told: dict[int, Any],
        count: int,
        blob: bytes,
        wakes: bytes,
        event: CaseEvent,
        drafts: list[Draft],
    ) -> tuple[Sequence[LookOf], bytes]:
        """Those of these looks that have to be asked of an act behind so many of a case (`blob`), which tells of names and numbers
        what is `told`, and the packed wakes from now on; what others signal is put behind `drafts`. All are left where some are and
        others signal, so that signals stay in order."""
        left: list[LookOf] = []
        heeded = wakes
        for each in looks:
            rule, look, _ = each
            kind = type(look)
            if kind is Apart:
                if self._are_apart(look.meetings, actor, blob):  # type: ignore[attr-defined]
                    continue
            elif kind is Cleared:
                if actor is not None and actor[OFFICER] and not told:
                    known = place.known.get((look.power, actor[OFFICER]))  # type: ignore[attr-defined]
                    if known is not None and known[0] <= at < known[1]:
                        continue
            elif kind is Ends:
                if _are_in_time(look.clocks, place, at, count, blob):  # type: ignore[attr-defined]
                    heeded = with_wake(heeded, rule, FAR)
                    continue
            elif kind is Tells and _has_told(look, place, actor, at, event, drafts):  # type: ignore[arg-type]
                continue
            left.append(each)
        if left and drafts:
            drafts.clear()
            return looks, wakes
        return left, heeded

    def _are_apart(self, meetings: Meetings, actor: Actor | None, blob: bytes) -> bool:
        """Whether it is known that no person did both acts of a pair: everybody names themselves, and other persons than others."""
        own, known = None if actor is None else actor[PERSON], self._persons.get
        for one, other in meetings:
            first = own if one is None else known(blob[one]) or self._person(blob[one])
            second = own if other is None else known(blob[other]) or self._person(blob[other])
            if not first or not second or first == second:
                return False
        return True

    def _person(self, code: bytes) -> str | None:
        """The person that the actor of this number names themselves; None: none."""
        person = None if code == NO_WORD else self._actors.value(int.from_bytes(code, "big"))[PERSON]
        if person:
            self._persons[code] = person
        return person


def _are_in_time(clocks: Sequence[tuple[object, int]], place: Place, at: int, count: int, blob: bytes) -> bool:
    """Whether the clocks that an act at this instant ends are known to run longer."""
    for key, began in clocks:
        since = instant_at(blob, _HEAD_SIZE + began * FACT_SIZE + AT) if began < count else at
        known = place.known.get((key, place.calendar.day_of(since)))
        if known is None or not known[0] <= at < known[1]:
            return False
    return True


def _has_told(look: Tells, place: Place, actor: Actor | None, at: int, event: CaseEvent, drafts: list[Draft]) -> bool:
    """Whether it is known what it signals, and put behind `drafts`."""
    if actor is None or not actor[OFFICER] or actor[POST_PLACE] is _SYSTEM:
        return True
    known = place.known.get((look.name, actor[OFFICER], look.kind, place.calendar.day_of(at)))
    if known is None or not known[0] <= at < known[1]:
        return False
    if known[2] is not None:
        subject, data, digest = known[2]
        drafts.append(Draft(subject, look.name, event.event_id.int, at, data, digest))
    return True
