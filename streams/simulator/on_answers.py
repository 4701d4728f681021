"""Twists on what is due after a receipt or a decision: an answer, the result, its publication (T01, T13, D14). Truth: `dues`."""

from __future__ import annotations

from streams.simulator.catalogue import Offer
from streams.simulator.dues import PUBLISHED
from streams.simulator.laying import on_day
from streams.simulator.story import Act, Story
from streams.simulator.twist import Twist, in_days, limit_of, near_wd
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import EventType, PostPlace, SecrecyClass, SourceOp

GIVING = frozenset({EventType.RESULT_DELIVERED, EventType.RESULT_PICKED_UP})


def _in_time(story: Story) -> None:
    """Done before the limit is near, so that only this is wrong."""
    story.finish_wd = max(1, near_wd(limit_of(story)) - 1)


def _days_after(story: Story, at: int, wd: int) -> int:
    """An instant of office time so many working days later."""
    calendar = story.hall.calendar
    return on_day(calendar, calendar.add(calendar.day_of(at), wd), story.chance.uniform(0.1, 0.9))


def _decided(story: Story) -> int:
    assert story.decided_at is not None
    return story.decided_at


# -- T01 --------------------------------------------------------------------------------------------------------


def _licence(offer: Offer) -> bool:
    """Licences with a legal limit that the run of the clock can show passed."""
    return offer.legal is not None and offer.legal.value <= 20 and in_days(4, 15)(offer)


def _lies(story: Story, wd: int) -> None:
    story.waits_wd = wd
    _in_time(story)


def _lies_for_days(story: Story) -> None:
    _lies(story, story.chance.randint(2, 5))


def _lies_for_a_week(story: Story) -> None:
    _lies(story, story.chance.randint(6, 8))


def _lies_until_it_is_late_by_law(story: Story) -> None:
    """In time by the acceptance, too late by the receipt."""
    assert story.offer.legal is not None
    story.waits_wd = 7
    story.finish_wd = story.offer.legal.value - 4


def _lies_over_one_night(story: Story) -> None:
    _lies(story, 1)


def _filed_late_in_the_evening(story: Story) -> None:
    """Sent at half past ten; accepted on the next working day."""
    calendar = story.hall.calendar
    story.received_at = calendar.day_start(calendar.day_of(story.received_at)) + 22 * HOUR_MS + 30 * MINUTE_MS


def _draft_was_sent(story: Story) -> None:
    """What lay for days was a draft, deleted when someone saw it; the application came on the day of the acceptance."""
    draft, receipt = story.act(EventType.APPLICATION_SUBMITTED), story.act(EventType.MATERIAL_RECEIVED)
    story.correct(draft, 30 * HOUR_MS, source_op=SourceOp.DELETE)
    receipt.at = story.accepted_at - 5 * MINUTE_MS
    story.received_at = receipt.at - 61_000
    story.acts.append(Act(kind=EventType.APPLICATION_SUBMITTED, at=story.received_at, payload=draft.payload))


def _filed_twice(story: Story) -> None:
    """The second filing of the same thing: withdrawn within the hour, never accepted, so that nothing of it can be late."""
    first = story.act(EventType.APPLICATION_SUBMITTED)
    withdrawn_at = first.at + 25 * MINUTE_MS
    said = {"reason_text": "重复提交", "initiator": "applicant"}
    story.acts = [first, Act(kind=EventType.CASE_WITHDRAWN, at=withdrawn_at, payload=said)]
    story.work, story.pause, story.is_silent = [], None, True


# -- T13 --------------------------------------------------------------------------------------------------------


def _promised(offer: Offer) -> bool:
    return in_days(2, 12)(offer)


def _electronic(offer: Offer) -> bool:
    return offer.electronic and _promised(offer)


def _delivery_promised(offer: Offer) -> bool:
    return offer.delivery is not None


def _never_given(story: Story) -> None:
    story.drop(*(act for act in story.acts if act.kind in GIVING))
    story.given_at = None


def _given_after(story: Story, wd: int) -> None:
    (given,) = (act for act in story.acts if act.kind in GIVING)
    given.at = story.given_at = _days_after(story, _decided(story), wd)


def _given_late(story: Story) -> None:
    _given_after(story, story.chance.randint(4, 9))


def _given_to_the_courier(story: Story) -> None:
    _given_after(story, 3)


def _given_as_promised(story: Story) -> None:
    assert story.offer.delivery is not None
    _given_after(story, story.offer.delivery.value)


def _no_certificate(story: Story) -> None:
    story.drop(story.act(EventType.CERTIFICATE_MADE))
    story.made_at = None


def _not_collected(story: Story) -> None:
    """Told on the next day, collected three weeks later."""
    (given,) = (act for act in story.acts if act.kind in GIVING)
    given.at = _days_after(story, _decided(story), 15)
    story.given_at = _days_after(story, _decided(story), 1)
    story.acts.append(Act(kind=EventType.PICKUP_NOTIFIED, at=story.given_at, role="system", place=PostPlace.SYSTEM))


# -- D14 --------------------------------------------------------------------------------------------------------


def _published(offer: Offer) -> bool:
    return offer.item_type in PUBLISHED and _promised(offer)


def _published_after(story: Story, wd: int) -> None:
    act = story.act(EventType.RESULT_PUBLISHED)
    act.at = story.published_at = _days_after(story, _decided(story), wd)


def _published_late(story: Story) -> None:
    _published_after(story, story.chance.randint(6, 7))


def _published_very_late(story: Story) -> None:
    _published_after(story, story.chance.randint(8, 15))


def _never_published(story: Story) -> None:
    story.drop(story.act(EventType.RESULT_PUBLISHED))
    story.published_at = None


def _published_on_the_fifth_day(story: Story) -> None:
    _published_after(story, 5)


def _secret(story: Story) -> None:
    story.secrecy = SecrecyClass.TRADE_SECRET
    _in_time(story)


def _personal(story: Story) -> None:
    story.secrecy = SecrecyClass.PERSONAL
    _in_time(story)


_V, _Q = True, False
TWISTS: tuple[Twist, ...] = (
    Twist(rule="T01", name="unanswered_for_days", violates=_V, suits=in_days(4, 15), shape=_lies_for_days),
    Twist(rule="T01", name="unanswered_for_a_week", violates=_V, suits=in_days(4, 15), shape=_lies_for_a_week),
    Twist(rule="T01", name="late_by_law_from_the_receipt", violates=_V, suits=_licence, shape=_lies_until_it_is_late_by_law),
    Twist(rule="T01", name="online_draft", violates=_Q, suits=in_days(4, 15), shape=_lies_for_days, alter=_draft_was_sent),
    Twist(rule="T01", name="duplicate_submission", violates=_Q, suits=in_days(4, 15), shape=_in_time, alter=_filed_twice),
    Twist(rule="T01", name="filed_outside_hours", violates=_Q, suits=in_days(4, 15), shape=_lies_over_one_night,
          move=_filed_late_in_the_evening),
    Twist(rule="T13", name="never_delivered", violates=_V, suits=_promised, shape=_in_time, alter=_never_given),
    Twist(rule="T13", name="delivered_late", violates=_V, suits=_promised, shape=_in_time, alter=_given_late),
    Twist(rule="T13", name="no_electronic_certificate", violates=_V, suits=_electronic, shape=_in_time, alter=_no_certificate),
    Twist(rule="T13", name="not_collected", violates=_Q, suits=_promised, shape=_in_time, alter=_not_collected),
    Twist(rule="T13", name="with_the_courier", violates=_Q, suits=_promised, shape=_in_time, alter=_given_to_the_courier),
    Twist(rule="T13", name="as_the_item_promises", violates=_Q, suits=_delivery_promised, shape=_in_time, alter=_given_as_promised),
    Twist(rule="D14", name="published_late", violates=_V, suits=_published, shape=_in_time, alter=_published_late),
    Twist(rule="D14", name="published_very_late", violates=_V, suits=_published, shape=_in_time, alter=_published_very_late),
    Twist(rule="D14", name="never_published", violates=_V, suits=_published, shape=_in_time, alter=_never_published),
    Twist(rule="D14", name="secret_class", violates=_Q, suits=_published, shape=_secret),
    Twist(rule="D14", name="personal_aggregated", violates=_Q, suits=_published, shape=_personal),
    Twist(rule="D14", name="fifth_day", violates=_Q, suits=_published, shape=_in_time, alter=_published_on_the_fifth_day),
)  # fmt: skip
