"""Twists on procedure: steps left out or swapped, one person in two, acceptance moved; and what looks like it (P01, P02, P06)."""

from __future__ import annotations

from streams.simulator.catalogue import Offer
from streams.simulator.laying import worked
from streams.simulator.story import Story
from streams.simulator.twist import Twist, find, in_days, limit_of, near_wd
from supervision.alert import Level
from supervision.durations import DAY_MS, HOUR_MS, MINUTE_MS
from supervision.event import BatchKind, EventType, Flag, Precision
from supervision.reference import RiskClass

PAIR = "0/review>approve"
BOTH = "0/review+approve"
REVIEW, APPROVE = "review", "approve"
STARTED, COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
HASTE_MS = 10 * MINUTE_MS


def _separated(offer: Offer) -> bool:
    """Offers with review and approval apart and in order."""
    return bool(offer.workflow.separated) and in_days(4, 15)(offer)


def _ordinary_risk(offer: Offer) -> bool:
    return _separated(offer) and offer.risk_class is RiskClass.NORMAL


def _checked(offer: Offer) -> bool:
    return _separated(offer) and "site_check" in offer.steps


def _in_time(story: Story) -> None:
    """Some days before the limit is near, so that only procedure is wrong."""
    story.finish_wd = max(1, near_wd(limit_of(story)) - 1)


def _long_before(story: Story) -> None:
    story.finish_wd = max(2, near_wd(limit_of(story)) - 1)


# -- P01 --------------------------------------------------------------------------------------------------------


def _no_review(story: Story) -> None:
    story.drop(story.act(STARTED, REVIEW), story.act(COMPLETED, REVIEW))
    story.work.remove(story.step(REVIEW))
    find(story, "P01", Level.YELLOW, story.act(COMPLETED, APPROVE).at, PAIR)
    find(story, "P01", Level.YELLOW, story.act(EventType.DECISION_MADE).at, "0/review")


def _swapped(story: Story) -> None:
    """The review ends two minutes and more after the approval has begun, and before it ends."""
    review, approve = story.step(REVIEW), story.step(APPROVE)
    assert approve.until is not None
    approve.since = worked(story.hall.calendar, review.since, MINUTE_MS)
    review.until = max(approve.since + 2 * MINUTE_MS, min(review.until or 0, approve.until - MINUTE_MS))
    approve.until = max(approve.until, review.until + MINUTE_MS)
    assert story.decided_at is not None
    assert story.ended_at is not None
    story.decided_at = max(story.decided_at, approve.until + MINUTE_MS)
    story.ended_at = max(story.ended_at, story.decided_at + MINUTE_MS)


def _is_swapped(story: Story) -> None:
    """Of one date, where only dates are told, nobody sees it."""
    done, begun = story.act(COMPLETED, REVIEW), story.act(STARTED, APPROVE)
    calendar = story.hall.calendar
    if story.hall.feed.precision is Precision.DAY and calendar.day_of(done.at) == calendar.day_of(begun.at):
        return
    find(story, "P01", Level.YELLOW, story.act(COMPLETED, REVIEW).at, PAIR)


def _no_site_check(story: Story) -> None:
    story.drop(story.act(STARTED, "site_check"), story.act(COMPLETED, "site_check"))
    story.work.remove(story.step("site_check"))
    find(story, "P01", Level.YELLOW, story.act(EventType.DECISION_MADE).at, "0/site_check")


def _undeclared(offer: Offer) -> bool:
    return REVIEW in offer.steps and not offer.workflow.steps


def _simplified(story: Story) -> None:
    """The catalogue declares no steps: without a review nothing is missing."""
    story.drop(story.act(STARTED, REVIEW), story.act(COMPLETED, REVIEW))
    story.work.remove(story.step(REVIEW))


def _merged(story: Story) -> None:
    """Review and approval are entered together, the review's end half a minute behind the approval's beginning."""
    review, approve = story.step(REVIEW), story.step(APPROVE)
    assert review.until is not None
    approve.since = review.until - 30_000
    approve.until = review.until + 5_000


def _commitment(offer: Offer) -> bool:
    return offer.steps == ("approve",)


def _on_commitment(story: Story) -> None:
    story.flags = (*story.flags, Flag.COMMITMENT_BASED)


def _review_comes_late(story: Story) -> None:
    """The end of the review arrives a day after the approval's."""
    done = story.act(COMPLETED, REVIEW)
    done.lag_ms = story.act(COMPLETED, APPROVE).at + DAY_MS - done.at


# -- P02 --------------------------------------------------------------------------------------------------------


def _same_person(story: Story, officer: str) -> None:
    """From the first act in the second step on, one person is in both; how close they lie says how grave it is."""
    one, other = story.step(REVIEW), story.step(APPROVE)
    other.officer = officer
    for act in (story.act(STARTED, APPROVE), story.act(COMPLETED, APPROVE)):
        act.officer = officer
    assert one.until is not None
    assert other.until is not None
    in_haste = story.hall.feed.precision is Precision.SECOND and other.until - one.until < HASTE_MS
    is_grave = in_haste or story.item.risk_class is RiskClass.HIGH
    find(story, "P02", Level.RED if is_grave else Level.YELLOW, other.since, BOTH)


def _reviewer_approves(story: Story) -> None:
    _same_person(story, story.step(REVIEW).officer)


def _apart(story: Story) -> None:
    """An hour between review and approval."""
    review, approve = story.step(REVIEW), story.step(APPROVE)
    assert review.until is not None
    assert story.ended_at is not None
    approve.since = worked(story.hall.calendar, review.until, 50 * MINUTE_MS)
    approve.until = worked(story.hall.calendar, approve.since, 15 * MINUTE_MS)
    story.decided_at = worked(story.hall.calendar, approve.until, 5 * MINUTE_MS)
    story.ended_at = max(story.ended_at, worked(story.hall.calendar, story.decided_at, 5 * MINUTE_MS))


def _hasty(story: Story) -> None:
    """Four minutes between the ends of review and approval."""
    review, approve = story.step(REVIEW), story.step(APPROVE)
    assert review.until is not None
    approve.since, approve.until = review.until + 90_000, review.until + 4 * MINUTE_MS


def _by_the_second_account(story: Story) -> None:
    """The approver's account belongs to the person of the first reviewer."""
    first = story.desk.reviewers[0]
    story.step(REVIEW).officer = first
    for act in (story.act(STARTED, REVIEW), story.act(COMPLETED, REVIEW)):
        act.officer = first
    _same_person(story, story.desk.twin)


def _high_risk(offer: Offer) -> bool:
    return bool(offer.workflow.separated) and offer.risk_class is RiskClass.HIGH


def _one_authorised(offer: Offer) -> bool:
    return in_days(4)(offer) and REVIEW in offer.steps and bool(offer.workflow.steps) and not offer.workflow.separated


def _window_decides(story: Story) -> None:
    """One authorised person reviews and approves within minutes; the item separates nothing."""
    officer = story.step(REVIEW).officer
    story.step(APPROVE).officer = officer
    for act in (story.act(STARTED, APPROVE), story.act(COMPLETED, APPROVE)):
        act.officer = officer


def _substitute_reviews(story: Story) -> None:
    story.step(REVIEW).officer = story.desk.substitute
    for act in (story.act(STARTED, REVIEW), story.act(COMPLETED, REVIEW)):
        act.officer = story.desk.substitute


# -- P06 --------------------------------------------------------------------------------------------------------


def _move_acceptance(story: Story, *to: int, after_ms: int = 2 * HOUR_MS) -> None:
    """Versions of the acceptance, one after the other. All clocks run from the least of them."""
    act = story.act(EventType.CASE_ACCEPTED)
    for at in to:
        act = story.correct(act, after_ms, at=at)
        story.accepted_at = min(story.accepted_at, at)
    story.opening_at = act.at


def _moved_later(story: Story) -> None:
    at = worked(story.hall.calendar, story.accepted_at, story.chance.randint(70, 240) * MINUTE_MS)
    _move_acceptance(story, at, after_ms=DAY_MS)
    find(story, "P06", Level.RED, at)


def _moved_in_small_steps(story: Story) -> None:
    first = story.accepted_at
    _move_acceptance(story, first + 50 * MINUTE_MS, first + 100 * MINUTE_MS)
    find(story, "P06", Level.RED, first + 100 * MINUTE_MS)


def _typing_error(story: Story) -> None:
    _move_acceptance(story, story.accepted_at + story.chance.randint(5, 55) * MINUTE_MS)


def _moved_earlier(story: Story) -> None:
    _move_acceptance(story, story.accepted_at - 20 * MINUTE_MS)


def _moved_and_put_back(story: Story) -> None:
    first = story.accepted_at
    _move_acceptance(story, first + 3 * HOUR_MS, first, after_ms=DAY_MS)


def _accepted_in_the_morning(story: Story) -> None:
    """Early on a day, so that an acceptance moved by hours is still one of office hours."""
    calendar = story.hall.calendar
    day = calendar.day_of(story.accepted_at)
    story.accepted_at = calendar.office(day)[0][0] + story.chance.randint(30, 60) * MINUTE_MS
    _long_before(story)


def _refiled(story: Story) -> None:
    """The applicant withdraws and files again: another case."""
    story.finish_wd, story.ending = 1, EventType.CASE_WITHDRAWN


# -- what nobody may judge ----------------------------------------------------------------------------------------


def _a_test(story: Story) -> None:
    """A test case of the system's makers: it breaks everything and is no case."""
    _reviewer_approves(story)
    story.flags, story.is_silent = (*story.flags, Flag.TEST), True


def _migrated(story: Story) -> None:
    _reviewer_approves(story)
    story.is_silent, story.batch_kind = True, BatchKind.MIGRATION


_V, _Q = True, False
TWISTS: tuple[Twist, ...] = (
    Twist(rule="P01", name="no_review", violates=_V, suits=_separated, shape=_in_time, alter=_no_review),
    Twist(rule="P01", name="swapped", violates=_V, suits=_separated, shape=_in_time, move=_swapped, alter=_is_swapped),
    Twist(rule="P01", name="no_site_check", violates=_V, suits=_checked, shape=_in_time, alter=_no_site_check),
    Twist(rule="P01", name="simplified_procedure", violates=_Q, suits=_undeclared, shape=_in_time, alter=_simplified),
    Twist(rule="P01", name="merged_steps", violates=_Q, suits=_separated, shape=_in_time, move=_merged),
    Twist(rule="P01", name="commitment_based", violates=_Q, suits=_commitment, alter=_on_commitment),
    Twist(rule="P01", name="out_of_order_transport", violates=_Q, suits=_separated, shape=_in_time, alter=_review_comes_late),
    Twist(rule="P02", name="an_hour_apart", violates=_V, suits=_ordinary_risk, shape=_in_time, move=_apart,
          alter=_reviewer_approves),
    Twist(rule="P02", name="in_haste", violates=_V, suits=_ordinary_risk, shape=_in_time, move=_hasty, alter=_reviewer_approves),
    Twist(rule="P02", name="high_risk", violates=_V, suits=_high_risk, shape=_in_time, move=_apart, alter=_reviewer_approves),
    Twist(rule="P02", name="second_account", violates=_V, suits=_ordinary_risk, shape=_in_time, move=_apart,
          alter=_by_the_second_account),
    Twist(rule="P02", name="fully_authorised_window", violates=_Q, suits=_one_authorised, shape=_in_time, alter=_window_decides),
    Twist(rule="P02", name="substitute", violates=_Q, suits=_separated, shape=_in_time, alter=_substitute_reviews),
    Twist(rule="P02", name="test_case", violates=_Q, suits=_separated, shape=_in_time, alter=_a_test),
    Twist(rule="P02", name="migrated", violates=_Q, suits=_separated, shape=_in_time, alter=_migrated),
    Twist(rule="P06", name="moved_later", violates=_V, suits=_separated, shape=_accepted_in_the_morning, alter=_moved_later),
    Twist(rule="P06", name="moved_in_small_steps", violates=_V, suits=_separated, shape=_accepted_in_the_morning,
          alter=_moved_in_small_steps),
    Twist(rule="P06", name="typing_error", violates=_Q, suits=_separated, shape=_accepted_in_the_morning, alter=_typing_error),
    Twist(rule="P06", name="moved_earlier", violates=_Q, suits=_separated, shape=_accepted_in_the_morning, alter=_moved_earlier),
    Twist(rule="P06", name="moved_and_put_back", violates=_Q, suits=_separated, shape=_accepted_in_the_morning,
          alter=_moved_and_put_back),
    Twist(rule="P06", name="refiled_by_applicant", violates=_Q, suits=_separated, shape=_refiled, again_wd=3),
)  # fmt: skip
