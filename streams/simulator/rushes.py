"""Patterns of one officer in a rush, and what looks like them: cases completed within seconds (M01), grants by the dozen (M10).

What is usual stands in the registers of the city (`City`), so a pattern can be made at one and a half times each threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from msgspec import Struct

from streams.simulator.catalogue import Offer
from streams.simulator.conduct import Frame, Played, decider, offered
from streams.simulator.drawing import Made, finish, open_case, plain
from streams.simulator.laying import spread, worked
from streams.simulator.story import Story, officer_item_subject, officer_subject
from streams.simulator.truth import Line, Origin, Violation, line_of
from supervision.alert import Level
from supervision.durations import HOUR_MS, MINUTE_MS, SECOND_MS
from supervision.event import EventType, Flag
from supervision.reference import Item

WHOLE_MS = 54 * SECOND_MS  # of a hasty case, from acceptance to completion
Laid = tuple[int, ...]  # instants, in order


class Rush(Struct, frozen=True, kw_only=True):
    """`at`: by a frame the instants of its cases, on the working day after the first or later. `counts`: the case, counted from 0,
    at which the rule speaks, None: nothing may be found; `at_end`: at the end of its day. `lasts_ms`: from acceptance to completion
    (M01). `calm`: so many cases of the day before that take hours. `bulk`: with the number of a batch. `typed_in`: all at once, so
    many hours after the last."""

    rule: str
    name: str
    at: Callable[[Frame], Laid]
    counts: int | None = None
    at_end: bool = False
    lasts_ms: int = WHOLE_MS
    calm: int = 0
    flags: tuple[Flag, ...] = ()
    bulk: bool = False
    typed_in_h: int | None = None
    late_hall: bool = False

    def play(self, frame: Frame) -> Played | None:
        """Its cases, and what must be found of its officer. None: he cannot be whom it is about."""
        if self.calm and frame.officer == frame.desk.handlers[-1]:  # other cases of his are completed too
            return None
        chosen = frame.chance.choice(offered(frame.hall, frame.desk))
        instants = self.at(frame)
        cases = [self._case(frame, chosen, turn, at, instants[-1]) for turn, at in enumerate(instants)]
        cases += [_calm(frame, chosen, len(instants) + turn) for turn in range(self.calm)]
        return Played(tuple(cases), (self._line(frame, chosen, cases),))

    def _line(self, frame: Frame, chosen: tuple[Offer, Item], cases: list[Made]) -> Line:
        is_haste = self.rule == "M01"
        kind = EventType.CASE_COMPLETED if is_haste else EventType.DECISION_MADE
        subject = officer_subject(frame.hall, frame.officer)
        if not is_haste:
            subject = officer_item_subject(frame.hall, frame.officer, chosen[1])
        at = cases[-1 if self.counts is None else self.counts].story.act(kind).at
        day = frame.calendar.day_of(at)
        at = frame.calendar.day_start(day + 1) if self.at_end else at
        segment = date.fromordinal(day).isoformat()
        if self.counts is None:
            return Line(expect="quiet", rule=self.rule, subject=subject, segment=segment, name=self.name)
        found = Violation(rule=self.rule, level=Level.YELLOW, subject=subject, segment=segment, at=at, origin=Origin.INJECTED)
        return line_of(found, self.name)

    def _case(self, frame: Frame, chosen: tuple[Offer, Item], turn: int, at: int, last: int) -> Made:
        is_haste = self.rule == "M01"
        accepted = at if is_haste else worked(frame.calendar, frame.calendar.day_start(frame.day), (20 + 2 * turn) * MINUTE_MS)
        story = _story(frame, chosen, turn, accepted)
        story.flags = self.flags
        made = finish(story, move=partial(_in_haste, lasts_ms=self.lasts_ms) if is_haste else partial(_decided, frame=frame, at=at))
        kind = EventType.CASE_COMPLETED if is_haste else EventType.DECISION_MADE
        made.story.act(kind).officer = frame.officer
        if is_haste:
            made.story.act(EventType.DECISION_MADE).officer = decider(frame.desk, turn)
        if self.bulk:
            decided = made.story.act(EventType.DECISION_MADE)
            decided.payload = decided.payload | {"bulk_no": f"B{frame.first_number}"}
        if self.typed_in_h is not None:
            for act in made.story.acts:
                if act.at <= last:
                    act.lag_ms = last + self.typed_in_h * HOUR_MS - act.at
        return made


def _story(frame: Frame, chosen: tuple[Offer, Item], turn: int, accepted: int) -> Story:
    story = open_case(frame.hall, chosen, frame.day, frame.first_number + turn, frame.chance)
    plain(story)
    story.accepted_at, story.finish_wd = accepted, 2
    return story


def _calm(frame: Frame, chosen: tuple[Offer, Item], turn: int) -> Made:
    """A case of the day before, accepted in the morning and completed by him at the end of the day."""
    calendar = frame.calendar
    morning = calendar.day_start(calendar.add(frame.day, 1))
    story = _story(frame, chosen, turn, worked(calendar, morning, (5 + turn) * MINUTE_MS))

    def move(story: Story) -> None:
        done = worked(calendar, story.accepted_at, 180 * MINUTE_MS)
        spread(story, calendar, story.work, story.accepted_at, done)
        story.decided_at = worked(calendar, done, 10 * MINUTE_MS)
        story.ended_at = worked(calendar, story.decided_at, 10 * MINUTE_MS)

    made = finish(story, move=move)
    made.story.act(EventType.CASE_COMPLETED).officer = frame.officer
    made.story.act(EventType.DECISION_MADE).officer = decider(frame.desk, turn)
    return made


def _in_haste(story: Story, lasts_ms: int) -> None:
    """Every step, decision and completion in so short a time; no two steps within ten seconds."""

    def at(second: int) -> int:
        return story.accepted_at + second * lasts_ms // (WHOLE_MS // SECOND_MS)

    for number, step in enumerate(story.work):
        step.since, step.until = at(2 + 14 * number), at(5 + 14 * number)
    story.decided_at, story.ended_at = at(50), at(54)


def _decided(story: Story, frame: Frame, at: int) -> None:
    """All steps are done by the end of the first day; the decision is made at the instant."""
    calendar = frame.calendar
    spread(story, calendar, story.work, story.accepted_at, calendar.office(frame.day)[-1][1] - 10 * MINUTE_MS)
    story.decided_at = at
    assert story.ended_at is not None
    story.ended_at = max(story.ended_at, worked(calendar, at, 40 * MINUTE_MS))


def _every(count: int, step_ms: int, wd: int = 1, after_ms: int = 20 * MINUTE_MS) -> Callable[[Frame], Laid]:
    """So many instants of office time at this distance, from a while after opening on the day after the first."""

    def at(frame: Frame) -> Laid:
        calendar = frame.calendar
        first = calendar.day_start(calendar.add(frame.day, wd))
        shift = frame.chance.randrange(1, MINUTE_MS)
        return tuple(worked(calendar, first, after_ms + shift + step_ms * number) for number in range(count))

    return at


ALL: tuple[Rush, ...] = (
    Rush(rule="M10", name="grants_in_minutes", at=_every(30, 15 * SECOND_MS), counts=19),
    Rush(rule="M01", name="completed_in_seconds", at=_every(8, 6 * MINUTE_MS), counts=4),
    Rush(rule="M10", name="batch_items", at=_every(30, 15 * SECOND_MS), bulk=True),
    Rush(rule="M01", name="signed_commitment", at=_every(8, 6 * MINUTE_MS), flags=(Flag.COMMITMENT_BASED,)),
    Rush(rule="M10", name="grants_all_day", at=_every(48, 8 * MINUTE_MS), counts=47, at_end=True),
    Rush(rule="M01", name="a_third_in_seconds", at=_every(14, 20 * MINUTE_MS, wd=2), counts=7, calm=31),
    Rush(rule="M10", name="month_end", at=_every(19, 25 * SECOND_MS)),
    Rush(rule="M01", name="auto_approval", at=_every(8, 6 * MINUTE_MS), flags=(Flag.AUTO_APPROVED,)),
    Rush(rule="M10", name="after_holidays", at=_every(19, 15 * MINUTE_MS)),
    Rush(rule="M01", name="batch_renewal", at=_every(8, 6 * MINUTE_MS), bulk=True),
    Rush(rule="M10", name="back_fill", at=_every(30, 25 * MINUTE_MS), typed_in_h=14),
    Rush(rule="M01", name="entered_afterwards", at=_every(8, 6 * MINUTE_MS), lasts_ms=25 * MINUTE_MS, typed_in_h=1),
    Rush(rule="M01", name="four_an_hour", at=_every(6, 16 * MINUTE_MS)),
    Rush(rule="M01", name="a_minute_each", at=_every(8, 6 * MINUTE_MS), lasts_ms=62 * SECOND_MS),
)
