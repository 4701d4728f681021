"""Twists on time: limits passed or nearly passed, and what looks like it (T02, T03, T04, T05, T08). Their truth is in `dues`."""

from __future__ import annotations

from streams.simulator.catalogue import Offer
from streams.simulator.dues import HEAD
from streams.simulator.laying import worked
from streams.simulator.story import Extension, Story
from streams.simulator.twist import Twist, in_days, limit_of, near_wd
from supervision.durations import DAY_MS, HOUR_MS, MINUTE_MS
from supervision.event import EventType
from supervision.worktime import Unit, WorkCalendar

_ORDINARY = in_days(2, 15)


def _steps(offer: Offer) -> bool:
    """Offers whose reviewing step has a limit of its own and is a key step, promised long enough to have a slow step in."""
    review = offer.workflow.step("review")
    return in_days(5)(offer) and review is not None and review.limit is not None and "review" in offer.steps


# -- T02, T03 ---------------------------------------------------------------------------------------------------


def _near(story: Story) -> None:
    story.finish_wd = story.chance.randint(near_wd(limit_of(story)), limit_of(story))


def _same_morning(story: Story) -> None:
    story.finish_wd = near_wd(limit_of(story))


def _on_that_morning(story: Story) -> None:
    """The end, decision and all, within the first office hour of the day of the notice."""
    _finish_at(story, story.hall.calendar.office(story.hall.calendar.day_of(_end(story)))[0][0] + 40 * MINUTE_MS)


def _eve(story: Story) -> None:
    story.finish_wd = near_wd(limit_of(story)) - 1


def _late_by(story: Story, days: int) -> None:
    story.finish_wd = limit_of(story) + days


def _yellow(story: Story) -> None:
    _late_by(story, 1)


def _red(story: Story) -> None:
    _late_by(story, max(2, min(limit_of(story), 11)) + story.chance.randint(0, 2))


def _due_day(story: Story) -> None:
    story.finish_wd = limit_of(story)


def _over_hours(story: Story) -> None:
    story.finish_share = story.chance.uniform(1.1, 1.8)


def _unit_told_wrong(story: Story) -> None:
    """Hours for days, put right on the second day after."""
    accepted = story.act(EventType.CASE_ACCEPTED)
    accepted.fields = accepted.fields | {"promised_limit": limit_of(story), "promised_limit_unit": Unit.HOUR}
    story.correct(accepted, 2 * DAY_MS, promised_limit_unit=Unit.WORKING_DAY)


def _told_late(story: Story, by_ms: int) -> None:
    """What ends the case arrives only so long after its due day."""
    calendar = story.hall.calendar
    arrives = calendar.day_start(calendar.day_of(_end(story)) + 1) + by_ms
    for act in story.acts:
        if act.kind in {EventType.DECISION_MADE, EventType.CASE_COMPLETED}:
            act.lag_ms = arrives - act.at


def _told_a_day_late(story: Story) -> None:
    _told_late(story, DAY_MS + 9 * HOUR_MS)


def _told_within_grace(story: Story) -> None:
    _told_late(story, 20 * MINUTE_MS)


# -- T04 --------------------------------------------------------------------------------------------------------


def _licence(offer: Offer) -> bool:
    """Licences with a legal limit that sixty days of clock can show passed."""
    return offer.legal is not None and offer.legal.value <= 20 and in_days(4)(offer)


def _over_legal(story: Story) -> None:
    assert story.offer.legal is not None
    story.finish_wd = story.offer.legal.value + story.chance.randint(1, 3)


def _over_legal_extended(story: Story) -> None:
    assert story.offer.legal is not None
    story.finish_wd = story.offer.legal.value + story.chance.randint(2, 8)


def _extended(story: Story, post: str, wd: int) -> None:
    calendar = story.hall.calendar
    day = calendar.add(calendar.day_of(story.accepted_at), wd)
    at = calendar.office(day)[0][0] + story.chance.randint(20, 120) * MINUTE_MS
    story.extension = Extension(at=at, days=10, post=post, told_at=at + 30 * MINUTE_MS)


def _extended_well(story: Story) -> None:
    assert story.offer.legal is not None
    _extended(story, HEAD, story.offer.legal.value - 2)


def _extended_by_another_post(story: Story) -> None:
    assert story.offer.legal is not None
    _extended(story, "other", story.offer.legal.value - 2)


def _extended_too_late(story: Story) -> None:
    assert story.offer.legal is not None
    _extended(story, HEAD, story.offer.legal.value + 1)


def _long_by_law(offer: Offer) -> bool:
    return offer.legal is not None and offer.legal.value >= 45


def _no_legal_limit(offer: Offer) -> bool:
    return not offer.has_legal_limit and offer.promised is None


def _after_twenty_days(story: Story) -> None:
    story.finish_wd = story.chance.randint(22, 27)


def _decided_in_time(story: Story) -> None:
    """The end lies behind the legal limit, the decision before it."""
    assert story.offer.legal is not None
    story.finish_wd = story.offer.legal.value - 1


def _completed_days_later(story: Story) -> None:
    story.ended_at = worked(story.hall.calendar, _end(story), 3 * story.hall.profile.work_ms)


def _paused_long(story: Story) -> None:
    assert story.offer.legal is not None
    story.pause_after_wd, story.pause_wd, story.declared_wd = 3, 8, 8
    story.finish_wd = story.offer.legal.value - 1


def _pause_told_late(story: Story) -> None:
    """Start and end of the pause arrive when the limit without it is over."""
    assert story.offer.legal is not None
    calendar = story.hall.calendar
    due = calendar.add(calendar.day_of(story.accepted_at), story.offer.legal.value)
    for act in story.acts:
        if act.kind in {EventType.SPECIAL_PROCEDURE_STARTED, EventType.SPECIAL_PROCEDURE_ENDED}:
            act.lag_ms = calendar.day_start(due + 1) + 9 * HOUR_MS - act.at


# -- T05 --------------------------------------------------------------------------------------------------------


def _slow_review(story: Story) -> None:
    story.slow = "review"
    story.finish_wd = _review_limit(story) + 2


def _very_slow_review(story: Story) -> None:
    story.slow = "review"
    story.finish_wd = max(2 * _review_limit(story) + 3, limit_of(story))


def _review_limit(story: Story) -> int:
    declared = story.offer.workflow.step("review")
    assert declared is not None
    assert declared.limit is not None
    return declared.limit.value


def _over_the_step(story: Story, wd: int) -> None:
    """The review takes from the first morning so many working days; approval and end follow on the same day."""
    calendar, review, approve = story.hall.calendar, story.step("review"), story.step("approve")
    review.until = calendar.office(calendar.add(calendar.day_of(review.since), wd))[0][0] + 30 * MINUTE_MS
    approve.since, approve.until = review.until + 10 * MINUTE_MS, review.until + 30 * MINUTE_MS
    story.decided_at, story.ended_at = review.until + 40 * MINUTE_MS, review.until + 55 * MINUTE_MS


def _over_the_step_once(story: Story) -> None:
    _over_the_step(story, _review_limit(story) + 1)


def _over_the_step_twice(story: Story) -> None:
    _over_the_step(story, 2 * _review_limit(story) + 1)


def _middling(story: Story) -> None:
    story.finish_wd = max(2, near_wd(limit_of(story)) - 1)


def _end_told_as_start(story: Story) -> None:
    """The source does not know when the handling ended and sends its start; the next step follows days later."""
    story.step("handle").until = story.step("handle").since


def _slow_no_key_step(story: Story) -> None:
    story.slow, story.finish_wd = "handle", 8


def _not_key(offer: Offer) -> bool:
    handle = offer.workflow.step("handle")
    return handle is not None and not handle.key_step


def _paused_within(story: Story) -> None:
    """The review begins before a test and is done after it: its limit stands still meanwhile."""
    story.pause_after_wd, story.pause_wd, story.declared_wd, story.finish_wd = 1, 6, 7, 3


def _begun_before_the_pause(story: Story) -> None:
    assert story.pause is not None
    review = story.step("review")
    review.since = max(story.work[0].until or 0, story.pause.since - 10 * MINUTE_MS)


# -- T08 --------------------------------------------------------------------------------------------------------


def _pausing(offer: Offer) -> bool:
    return in_days(7)(offer) and "handle" in offer.steps


def _pause(story: Story, wd: int, declared: int | None, kind: str = "testing") -> None:
    story.pause_after_wd, story.pause_wd, story.declared_wd, story.pause_kind = 1, wd, declared, kind
    story.finish_wd = min(story.finish_wd or 4, 5)


def _pause_near(story: Story) -> None:
    _pause(story, 6, 6)


def _pause_over(story: Story) -> None:
    _pause(story, 6, 5)


def _pause_twice_over(story: Story) -> None:
    _pause(story, 8, 3)


def _pause_undeclared(story: Story) -> None:
    _pause(story, 13, None, "appraisal")


def _pause_declared_anew(story: Story) -> None:
    _pause(story, 8, 15, "expert_review")


def _first_declared_short(story: Story) -> None:
    """At first five days were declared; the approver declares fifteen when they are over."""
    started = story.act(EventType.SPECIAL_PROCEDURE_STARTED)
    started.payload = started.payload | {"declared_limit": 5}
    story.correct(started, 9 * DAY_MS, payload={"declared_limit": 15})


def _auction(story: Story) -> None:
    _pause(story, 14, 30, "auction")


def _extension_in_disguise(story: Story) -> None:
    _pause(story, 12, 5, "extension")
    story.finish_wd = 4


def _by_no_head(story: Story) -> None:
    """Approved by someone who is no head: it is no procedure, and no valid extension either."""
    story.act(EventType.SPECIAL_PROCEDURE_STARTED).payload["approver_officer_id"] = story.desk.handlers[0]


def _long_promise(offer: Offer) -> bool:
    return in_days(20)(offer) and offer.legal is not None and offer.legal.value > 20


# -- shared -----------------------------------------------------------------------------------------------------


def _end(story: Story) -> int:
    assert story.ended_at is not None
    return story.ended_at


def _finish_at(story: Story, at: int) -> None:
    """Decision and end at an instant, steps that lie later drawn before it."""
    calendar: WorkCalendar = story.hall.calendar
    story.ended_at, story.decided_at = at, at - 5 * MINUTE_MS
    last = at - 10 * MINUTE_MS
    for number, step in enumerate(reversed(story.work)):
        latest = last - number * 4 * MINUTE_MS
        if step.until is not None and step.until > latest:
            step.until = latest
            step.since = min(step.since, worked(calendar, latest, 0) - 3 * MINUTE_MS)


def _stepped(offer: Offer) -> bool:
    return _ORDINARY(offer) and len(offer.steps) > 1


_V, _Q = True, False
TWISTS: tuple[Twist, ...] = (
    Twist(rule="T02", name="near_limit", violates=_V, suits=_ORDINARY, shape=_near),
    Twist(rule="T02", name="same_morning", violates=_V, suits=_stepped, shape=_same_morning, move=_on_that_morning),
    Twist(rule="T02", name="one_day_limit", violates=_Q, suits=in_days(1, 1), shape=_due_day),
    Twist(rule="T02", name="eve_of_notice", violates=_Q, suits=in_days(4, 15), shape=_eve),
    Twist(rule="T03", name="a_day_late", violates=_V, suits=_ORDINARY, shape=_yellow),
    Twist(rule="T03", name="very_late", violates=_V, suits=in_days(2, 8), shape=_red),
    Twist(rule="T03", name="hours_late", violates=_V, suits=lambda offer: not in_days()(offer) and offer.promised is not None,
          shape=_over_hours),
    Twist(rule="T03", name="last_day", violates=_Q, suits=_ORDINARY, shape=_due_day),
    Twist(rule="T03", name="wrong_unit", violates=_Q, suits=in_days(5, 15), shape=_middling, alter=_unit_told_wrong),
    Twist(rule="T03", name="late_data", violates=_Q, suits=_ORDINARY, shape=_due_day, alter=_told_a_day_late),
    Twist(rule="T03", name="within_grace", violates=_Q, suits=_ORDINARY, shape=_due_day, alter=_told_within_grace),
    Twist(rule="T04", name="over_legal", violates=_V, suits=_licence, shape=_over_legal),
    Twist(rule="T04", name="extended_by_another_post", violates=_V, suits=_licence, shape=_over_legal,
          move=_extended_by_another_post),
    Twist(rule="T04", name="extended_too_late", violates=_V, suits=_licence, shape=_over_legal, move=_extended_too_late),
    Twist(rule="T04", name="valid_extension", violates=_Q, suits=_licence, shape=_over_legal_extended, move=_extended_well),
    Twist(rule="T04", name="special_legal_limit", violates=_Q, suits=_long_by_law, shape=_after_twenty_days),
    Twist(rule="T04", name="no_legal_limit", violates=_Q, suits=_no_legal_limit, shape=_after_twenty_days),
    Twist(rule="T04", name="decided_in_time", violates=_Q, suits=_licence, shape=_decided_in_time, move=_completed_days_later),
    Twist(rule="T04", name="pause_reported_late", violates=_Q, suits=_licence, shape=_paused_long, alter=_pause_told_late),
    Twist(rule="T05", name="step_late", violates=_V, suits=_steps, shape=_slow_review, move=_over_the_step_once),
    Twist(rule="T05", name="step_twice_late", violates=_V, suits=_steps, shape=_very_slow_review, move=_over_the_step_twice),
    Twist(rule="T05", name="step_end_unknown", violates=_Q, suits=_steps, shape=_middling, move=_end_told_as_start),
    Twist(rule="T05", name="no_key_step", violates=_Q, suits=_not_key, shape=_slow_no_key_step),
    Twist(rule="T05", name="paused_in_the_step", violates=_Q, suits=_steps, shape=_paused_within, move=_begun_before_the_pause),
    Twist(rule="T08", name="pause_near_its_end", violates=_V, suits=_pausing, shape=_pause_near),
    Twist(rule="T08", name="pause_over", violates=_V, suits=_pausing, shape=_pause_over),
    Twist(rule="T08", name="pause_twice_over", violates=_V, suits=_pausing, shape=_pause_twice_over),
    Twist(rule="T08", name="pause_undeclared", violates=_V, suits=_pausing, shape=_pause_undeclared),
    Twist(rule="T08", name="experts_late", violates=_Q, suits=_pausing, shape=_pause_declared_anew, alter=_first_declared_short),
    Twist(rule="T08", name="auction_calendar", violates=_Q, suits=_pausing, shape=_auction),
    Twist(rule="T08", name="extension_no_pause", violates=_Q, suits=_long_promise, shape=_extension_in_disguise, alter=_by_no_head),
)  # fmt: skip
