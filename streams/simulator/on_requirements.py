"""Twists on what a fact must satisfy: who decides (P03), what is asked for once (P04), possible times (P16); and look-alikes."""

from __future__ import annotations

from datetime import date, timedelta

from streams.simulator.catalogue import Offer
from streams.simulator.city import DEPUTY_MOST_FEN, MOVES, mover_of
from streams.simulator.dues import Ruler
from streams.simulator.laying import worked
from streams.simulator.story import Act, Story
from streams.simulator.twist import Twist, find, in_days, limit_of, near_wd
from supervision.alert import Level
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import EventType

NOTIFIED = EventType.SUPPLEMENT_NOTIFIED
DECIDED = EventType.DECISION_MADE
STARTED, COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
MOVED_WD = 2  # working days after a change of posts for which a register may lag


def _in_time(story: Story) -> None:
    """Some days before the limit is near, so that nothing else is wrong."""
    story.finish_wd = max(1, near_wd(limit_of(story)) - 1)


# -- P03 --------------------------------------------------------------------------------------------------------


def _decides(story: Story, officer: str, amount_fen: int | None = None) -> int:
    """The decision is that officer's, entered by the usual approver. The instant."""
    act = story.act(DECIDED)
    act.payload = act.payload | {"approver_officer_id": officer}
    if amount_fen is not None:
        act.payload = act.payload | {"amount_fen": amount_fen}
    return act.at


def _a_handler_decides(story: Story) -> None:
    find(story, "P03", Level.RED, _decides(story, story.desk.handlers[1]))


def _a_handler_passes(story: Story) -> None:
    """The approval is passed from a handler's account; the decision is the approver's."""
    officer = next(officer for officer in story.desk.handlers if officer != story.step("handle").officer)
    story.step("approve").officer = officer
    for act in story.acts:
        if act.payload.get("step_code") == "approve":
            act.officer = officer
    find(story, "P03", Level.RED, story.act(COMPLETED, "approve").at)


def _a_former_approver_decides(story: Story) -> None:
    find(story, "P03", Level.RED, _decides(story, story.desk.former))


def _above_the_maximum(story: Story) -> None:
    at = _decides(story, story.desk.substitute, DEPUTY_MOST_FEN + story.chance.randint(1, DEPUTY_MOST_FEN))
    find(story, "P03", Level.RED, at)


def _up_to_the_maximum(story: Story) -> None:
    _decides(story, story.desk.substitute, DEPUTY_MOST_FEN - story.chance.randint(0, 10_000))


def _the_head_decides(story: Story) -> None:
    _decides(story, story.desk.head)


def _the_substitute_decides(story: Story) -> None:
    """Of what amount nobody says."""
    _decides(story, story.desk.substitute)


def _until_a_monday(story: Story) -> None:
    """The end comes on one of the working days on which the register may lag behind a Monday's change of posts."""
    ruler = Ruler(story.hall.calendar)
    day = ruler.day(story.accepted_at)
    story.finish_wd = next(wd for wd in range(1, limit_of(story)) if _lags(ruler, ruler.nth(day, wd)))


def _lags(ruler: Ruler, day: int) -> bool:
    """Whether a change of posts lies so short before, or on that day; after the last change any day will do."""
    monday = date.fromordinal(day) - timedelta(days=date.fromordinal(day).weekday())
    return monday > MOVES[1] or any(day <= ruler.nth((monday - timedelta(weeks=weeks)).toordinal(), MOVED_WD) for weeks in range(2))


def _moved_lately(story: Story) -> None:
    """Who decides has a new post since Monday, and no authorisation yet."""
    at = _decides(story, mover_of(story.hall.profile))
    ruler = Ruler(story.hall.calendar)
    day = ruler.day(at)
    is_known = date.fromordinal(day) < MOVES[1] + timedelta(days=7)
    find(story, "P03", Level.NOTICE if is_known and _lags(ruler, day) else Level.RED, at)


def _long(offer: Offer) -> bool:
    return in_days(6)(offer) and "approve" in offer.steps


def _approved(offer: Offer) -> bool:
    return in_days(4, 15)(offer) and {"handle", "approve"} <= set(offer.steps)


# -- P04 --------------------------------------------------------------------------------------------------------


def _with_a_notice(story: Story) -> None:
    _in_time(story)
    story.supplement = 2


def _ask(story: Story, *codes: str, reason: str | None = None, number: str | None = None) -> Act:
    """One more notice, the second a working day after the first, all before what was asked for comes; the receipt has the first
    three materials."""
    notices = [act for act in story.acts if act.kind is NOTIFIED]
    last, pace = notices[-1], story.hall.profile.work_ms if len(notices) == 1 else HOUR_MS // 2
    notice_no = number or f"{last.payload['notice_no']}补"
    payload = last.payload | {"notice_no": notice_no, "material_codes": list(codes), "ordinal": last.payload["ordinal"] + 1}
    act = Act(
        kind=NOTIFIED,
        at=worked(story.hall.calendar, last.at, pace),
        payload=payload if reason is None else payload | {"reason_code": reason},
        officer=last.officer,
        role=last.role,
        place=last.place,
    )
    story.acts.insert(story.acts.index(last) + 1, act)
    return act


def _asked_twice(story: Story) -> None:
    find(story, "P04", Level.YELLOW, _ask(story, "M02", reason="incomplete").at)


def _asked_three_times(story: Story) -> None:
    _ask(story, "M02")
    find(story, "P04", Level.RED, _ask(story, "M03").at)


def _asked_for_what_was_missing(story: Story) -> None:
    """The guide demands M04, which was not handed in and not asked for the first time."""
    find(story, "P04", Level.RED, _ask(story, "M04").at)


def _asked_on_new_facts(story: Story) -> None:
    find(story, "P04", Level.YELLOW, _ask(story, "M77", reason="new_facts").at)


def _asked_for_a_better_paper(story: Story) -> None:
    find(story, "P04", Level.NOTICE, _ask(story, "M02", reason="resubmitted_defective").at)


def _told_again(story: Story) -> None:
    _ask(story, "M02", number=story.act(NOTIFIED).payload["notice_no"])


# -- P16 --------------------------------------------------------------------------------------------------------


def _handled(offer: Offer) -> bool:
    """Offers of which nothing says when the first step has to be done."""
    named = {code for pair in offer.workflow.precedence for code in (pair.first, pair.second)}
    return _approved(offer) and "handle" not in named


def _nothing_mandatory(offer: Offer) -> bool:
    return _approved(offer) and not any(step.mandatory for step in offer.workflow.steps) and not offer.workflow.precedence


def _ends_before_it_starts(story: Story) -> None:
    story.act(COMPLETED, "handle").at = story.act(STARTED, "handle").at - MINUTE_MS


def _ends_as_it_starts(story: Story) -> None:
    story.act(COMPLETED, "handle").at = story.act(STARTED, "handle").at


def _completed_before_the_acceptance(story: Story) -> None:
    story.act(EventType.CASE_COMPLETED).at = story.ended_at = story.opening_at - MINUTE_MS


def _all_later(story: Story) -> None:
    """The clock of the system is a minute and a half fast, throughout."""
    drift = MINUTE_MS + MINUTE_MS // 2
    story.accepted_at, story.opening_at = story.accepted_at + drift, story.opening_at + drift
    for step in story.work:
        step.since, step.until = step.since + drift, None if step.until is None else step.until + drift
    story.decided_at = None if story.decided_at is None else story.decided_at + drift
    story.ended_at = None if story.ended_at is None else story.ended_at + drift


_V, _Q = True, False
TWISTS: tuple[Twist, ...] = (
    Twist(rule="P03", name="decided_by_a_handler", violates=_V, suits=_approved, shape=_in_time, alter=_a_handler_decides),
    Twist(rule="P03", name="passed_by_a_handler", violates=_V, suits=_approved, shape=_in_time, alter=_a_handler_passes),
    Twist(rule="P03", name="authorisation_ended", violates=_V, suits=_approved, shape=_in_time, alter=_a_former_approver_decides),
    Twist(rule="P03", name="above_the_maximum", violates=_V, suits=_approved, shape=_in_time, alter=_above_the_maximum),
    Twist(rule="P03", name="register_behind", violates=_V, suits=_long, shape=_until_a_monday, alter=_moved_lately),
    Twist(rule="P04", name="asked_twice", violates=_V, suits=_approved, shape=_with_a_notice, alter=_asked_twice),
    Twist(rule="P04", name="asked_three_times", violates=_V, suits=_approved, shape=_with_a_notice, alter=_asked_three_times),
    Twist(rule="P04", name="asked_for_what_was_missing", violates=_V, suits=_approved, shape=_with_a_notice,
          alter=_asked_for_what_was_missing),
    Twist(rule="P04", name="new_facts", violates=_V, suits=_approved, shape=_with_a_notice, alter=_asked_on_new_facts),
    Twist(rule="P04", name="defective_paper", violates=_V, suits=_approved, shape=_with_a_notice, alter=_asked_for_a_better_paper),
    Twist(rule="P04", name="notice_sent_again", violates=_Q, suits=_approved, shape=_with_a_notice, alter=_told_again),
    Twist(rule="P16", name="ends_before_it_starts", violates=_V, suits=_handled, shape=_in_time, alter=_ends_before_it_starts),
    Twist(rule="P16", name="completed_before_the_acceptance", violates=_V, suits=_nothing_mandatory, shape=_in_time,
          alter=_completed_before_the_acceptance),
    Twist(rule="P16", name="end_is_start", violates=_Q, suits=_handled, shape=_in_time, alter=_ends_as_it_starts),
    Twist(rule="P16", name="clock_drift", violates=_Q, suits=_handled, shape=_in_time, move=_all_later),
    Twist(rule="P03", name="decided_by_the_head", violates=_Q, suits=_approved, shape=_in_time, alter=_the_head_decides),
    Twist(rule="P03", name="decided_by_the_substitute", violates=_Q, suits=_approved, shape=_in_time,
          alter=_the_substitute_decides),
    Twist(rule="P03", name="up_to_the_maximum", violates=_Q, suits=_approved, shape=_in_time, alter=_up_to_the_maximum),
)  # fmt: skip
