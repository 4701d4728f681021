"""Kind `deadline` with `limit: idle`: an open case in which nothing happens, from each of its facts to the next. T17.

Each fact that counts opens a clock under its own segment, and the next one stops it; the case's end opens none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from msgspec import Struct

from rules.case import Case
from rules.fact import CODE_OF, TYPES, Fact
from rules.kinds.deadline import CASE_CLOCK, PROMISED_END
from rules.kinds.spans import PauseDeadline
from rules.outline import LOUD, SAME, UNTOUCHED, Daily, Outline, Outlook, Scene
from rules.packing import stamp_of
from rules.parameters import After, Deadline, PausedFor
from rules.part import ACCEPTANCE_CODES, PROMISED_STOP_CODES, Part, named_once
from rules.plain import WAKE_SIZE
from rules.profile import Awaits, lack
from rules.reading import ACTOR, grace_of, merged, reads, responsible
from rules.verdict import AT_ONCE, FAR, UNDATED, Telling, Verdict, undated
from rules.world import Place
from supervision.alert import Level
from supervision.durations import DAY_MS
from supervision.event import TOPIC_OF, EventType, Stream
from supervision.worktime import CalendarMissing, Limit, Pauses, term

PUBLICATION = frozenset({EventType.RESULT_PUBLISHED, EventType.RESULT_UNPUBLISHED, EventType.SCAN_REVIEWED})
COUNTED = tuple(kind for kind in EventType if TOPIC_OF[kind] is Stream.CASE and kind not in PUBLICATION)
RESTING = (EventType.PRE_REVIEW_FAILED, EventType.SUPPLEMENT_EXPIRED)  # nothing is due until another fact comes
HANDLING = frozenset({EventType.STEP_STARTED, EventType.STEP_COMPLETED})  # without them nothing is heard between start and end
_COUNTED = frozenset(CODE_OF[kind] for kind in COUNTED)
_RESTING = frozenset(CODE_OF[kind] for kind in RESTING)
_NEVER: tuple[int, int, tuple[int, bytes]] = (0, 0, (0, b""))


class Rest(Struct, frozen=True, gc=False):
    """One level of an idle case: implied if no fact comes by `end`, at `instant`. `wd`: working days; `days`: days of a pause.

    `lacks`: both lie in this calendar year, for which there is no data; `end` is the last instant before it, `instant` UNDATED.
    """

    level: Level
    instant: int
    end: int
    wd: int | None = None
    days: int | None = None
    lacks: CalendarMissing | None = None


class IdleDeadline:
    """T17. `before`: by level, rules on special procedures; while one that they have spoken of runs on, this one is silent."""

    reads = merged(CASE_CLOCK, reads(COUNTED, ACTOR))
    awaits: Awaits = (PROMISED_END, HANDLING)

    def __init__(self, parameters: Deadline, before: dict[Level, tuple[PauseDeadline, ...]]) -> None:
        self.parameters = parameters
        self.before = before
        marks = [(level, mark) for level, choices in parameters.at.items() for mark in choices]
        self._after = [(level, mark.wd) for level, mark in marks if isinstance(mark, After)]
        self._paused = [(level, mark.days) for level, mark in marks if isinstance(mark, PausedFor)]
        self._shortest = min([*(wd for _, wd in self._after), *(days for _, days in self._paused)])
        self._short_ms = (self._shortest - 1) * DAY_MS  # between facts so near nothing comes to stand, by any calendar
        self._key = id(self)

    def judge(self, case: Case) -> list[Verdict]:
        found: list[Verdict] = []
        parts = case.parts()
        reopenings = [part.reopened for part in parts[1:]]
        for part, reopening in zip(parts, [*reopenings, None], strict=True):
            for fact, following in self._long_gaps(part, reopening):
                if following is None or following.at - fact.at >= self._short_ms:
                    found += self._of_gap(case, part, fact, following)
        return found

    def _long_gaps(self, part: Part, reopening: Fact | None) -> Iterable[tuple[Fact, Fact | None]]:
        """Those that may be too long. A part that lies in a few days has but one: behind its last fact, if it is open."""
        facts = part.facts
        first = part.reopened or (facts[0] if facts else None)
        if first is None or not facts or facts[-1].at - first.at >= self._short_ms:
            return _gaps(part, reopening)
        if part.promised_stop is not None:
            return ()
        last = next((fact for fact in reversed(facts) if fact.type in _COUNTED), part.reopened)
        return () if last is None or last.type in _RESTING else ((last, reopening),)

    def _of_gap(self, case: Case, part: Part, fact: Fact, following: Fact | None) -> Iterator[Verdict]:
        for rest in self._rests(part.place, part.pauses, fact.at):
            if following is not None and following.at <= rest.end:
                continue
            if rest.lacks is not None:
                yield undated(part, rest.level, fact, rest.lacks)
                continue
            stands_from = rest.instant + grace_of(case) if following is None else AT_ONCE
            tell = partial(self._tell, case, part, rest, fact)
            before = self.before.get(rest.level)
            unless = partial(_is_spoken_for, before, case, part, rest.instant) if before else None
            yield Verdict(part, rest.level, rest.instant, stands_from, fact, tell, unless)

    def _rests(self, place: Place, pauses: Pauses, at: int) -> tuple[Rest, ...]:
        """What comes of silence from an instant on, the levels by their instants. A pause that outlasts its mark takes the place
        of all others."""
        day = place.calendar.day_of(at)
        missing: CalendarMissing | None = None
        try:
            free = pauses.after(day + 1)
        except CalendarMissing as lacks:  # a pause that runs on into that year at least
            missing, (free, _) = lacks, pauses.known_to
        if missing is None and free == day + 1:
            plans = place.plans_on(day)
            plan: tuple[Rest, ...] | None = plans.get(self._key)
            if plan is None:
                plan = plans[self._key] = self._by_days(place, Pauses.NONE, at)
            return plan
        long = [(level, days) for level, days in self._paused if free > day + days + 1]
        if not long:
            return self._by_days(place, pauses, at) if missing is None else self._beyond(place, missing)
        instants = [(level, days, place.calendar.day_start(day + days + 1)) for level, days in long]
        return tuple(Rest(level, instant, instant - 1, days=days) for level, days, instant in instants)

    def _by_days(self, place: Place, pauses: Pauses, at: int) -> tuple[Rest, ...]:
        found: list[Rest] = []
        for level, wd in self._after:
            try:
                own = term(place.calendar, at, Limit(wd), pauses=pauses)
                found.append(Rest(level, own.alert_at(), own.due_at, wd=wd))
            except CalendarMissing as missing:
                found.append(_rest_beyond(place, level, missing))
        return tuple(found)

    def _beyond(self, place: Place, lacks: CalendarMissing) -> tuple[Rest, ...]:
        levels = dict.fromkeys(level for level, _ in (*self._after, *self._paused))
        return tuple(_rest_beyond(place, level, lacks) for level in levels)

    def _tell(self, case: Case, part: Part, rest: Rest, fact: Fact) -> Telling:
        facts: dict[str, object] = {"last_event": TYPES[fact.type].value, "last_at": fact.at}
        facts |= {name: value for name, value in (("idle_wd", rest.wd), ("paused_days", rest.days)) if value is not None}
        calendar = part.place.calendar
        paused_wd = part.pauses.working_days(calendar, calendar.day_of(fact.at), calendar.day_of(rest.end))
        pauses = part.counted_pauses if paused_wd else []
        if paused_wd:
            facts["paused_wd"] = paused_wd
        return Telling(
            subject=case.subject,
            segment=f"{part.segment}/{case.first_uuid(fact)}",
            facts=facts,
            evidence=named_once((part.opening, *(start for start, _ in pauses if start.at <= fact.at), fact)),
            due_at=rest.end,
            officers=responsible(fact),
        )

    # -- of plain cases -----------------------------------------------------------------------------------------

    def outlook(self, place: Place, outline: Outline, act: Fact) -> Outlook:
        """An act stops the clock of the one before and opens its own, which runs from its day; the end of the case opens none."""
        before = [fact for fact in outline.facts if fact.type in _COUNTED]
        if any(fact.type in PROMISED_STOP_CODES for fact in before):
            return UNTOUCHED
        ends = act.type in PROMISED_STOP_CODES or act.type in _RESTING
        if act.type in ACCEPTANCE_CODES and before:  # it may bring another calendar
            return Daily(self._accepts) if before[0].at == 0 else None
        if ends:
            return Daily(self._ends) if before and before[-1].type not in _RESTING else UNTOUCHED
        return Daily(self._goes_on if before and before[-1].type not in _RESTING else self._begins)

    def _begins(self, scene: Scene, rule: bytes) -> int:
        wake, _ = self._of_day(scene, rule)
        return wake if wake > scene.now else LOUD

    def _accepts(self, scene: Scene, rule: bytes) -> int:
        """By the days alone: from the beginning of that of the first act to the end of this one's there may be a day more."""
        day_of = scene.place.calendar.day_of
        return self._begins(scene, rule) if day_of(scene.at) - day_of(scene.at_of(0)) < self._shortest - 1 else LOUD

    def _ends(self, scene: Scene, rule: bytes) -> int:
        return FAR if scene.at < scene.wake_of(rule) - scene.grace else LOUD

    def _goes_on(self, scene: Scene, rule: bytes) -> int:
        """Mostly on a day like the act before, so that the wake stays."""
        at = scene.at
        since, until, told = scene.place.known.get(self._key, _NEVER)
        wake, packed = told if since <= at < until else self._of_day(scene, rule)
        wakes = scene.wakes
        place = wakes.find(packed)
        if place >= 0 and place % WAKE_SIZE == 0:
            return SAME
        if at >= scene.wake_of(rule) - scene.grace or wake <= scene.now:
            return LOUD
        return wake

    def _of_day(self, scene: Scene, rule: bytes) -> tuple[int, bytes]:
        """What the clock of the act makes the case wake at, by its local day, and that packed. Kept for the next act."""
        place, calendar = scene.place, scene.place.calendar
        day = calendar.day_of(scene.at)
        key = (self._key, id(calendar), day, scene.grace)
        found = scene.world.by_day.get(key)
        if found is None:
            rests = self._rests(place, Pauses.NONE, scene.at)
            for rest in rests:
                if rest.lacks is not None:
                    raise CalendarMissing(*rest.lacks.args)  # the alarm is raised on the whole way
            wake = min(rest.instant for rest in rests) + scene.grace
            told = wake, stamp_of(wake) + rule
            found = calendar.day_start(day), calendar.day_start(day + 1), told
            scene.world.keep_day(key, found)
        place.know(self._key, found)
        return found[2]


def _rest_beyond(place: Place, level: Level, lacks: CalendarMissing) -> Rest:
    return Rest(level, UNDATED, place.calendar.year_start(lacks.year) - 1, lacks=lacks.with_traceback(None))


def _is_spoken_for(before: tuple[PauseDeadline, ...], case: Case, part: Part, at: int) -> bool:
    """Whether a special procedure runs at this instant of which a rule that goes before, and is on here, has spoken by then."""
    running = {start.id for start, end in part.pause_facts if start.at <= at and (end is None or end.at > at)}
    return bool(running) and any(
        other.part is part and other.lacks is None and other.trigger.id in running and other.detected_at <= at
        for rule in before
        if not lack(rule.awaits, (), case.source)
        for other in rule.judge(case)
    )


def _gaps(part: Part, reopening: Fact | None) -> Iterator[tuple[Fact, Fact | None]]:
    """Each fact that leaves the case open, and the next one that counts; `reopening`: what opens the part behind."""
    counted = [] if part.reopened is None else [part.reopened]
    counted += [fact for fact in part.facts if fact.type in _COUNTED]
    for position, fact in enumerate(counted):
        if fact.type in PROMISED_STOP_CODES:
            return
        if fact.type not in _RESTING:
            yield fact, counted[position + 1] if position + 1 < len(counted) else reopening
