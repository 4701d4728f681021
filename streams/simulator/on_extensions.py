"""Twists on extensions of the legal limit: irregular ones, and what looks like it (T09). Their truth is in `prolonging`."""

from __future__ import annotations

from streams.simulator.catalogue import Offer
from streams.simulator.laying import on_day
from streams.simulator.story import Act, Extension, Story
from streams.simulator.twist import Twist, in_days, limit_of, near_wd
from supervision.durations import MINUTE_MS
from supervision.event import EventType


def _licence(offer: Offer) -> bool:
    """Licences with a legal limit that the run of the clock can show passed, extended as the general law says."""
    return offer.legal is not None and offer.legal.value <= 20 and offer.extension is None and in_days(5)(offer)


def _own_law(offer: Offer) -> bool:
    return offer.legal is not None and offer.extension is not None and in_days(5)(offer)


def _in_time(story: Story) -> None:
    story.finish_wd = max(2, near_wd(limit_of(story)) - 1)


def _extend(story: Story, wd: int = 1, days: int = 10, post: str = "organ_head") -> Extension:
    """Approved so many working days after the acceptance, and told at once."""
    calendar = story.hall.calendar
    at = on_day(calendar, calendar.add(calendar.day_of(story.accepted_at), wd), story.chance.uniform(0.1, 0.6))
    story.extension = Extension(at=at, days=days, post=post, told_at=at + 30 * MINUTE_MS)
    return story.extension


def _well(story: Story) -> None:
    _extend(story)


def _too_long(story: Story) -> None:
    _extend(story, days=story.chance.choice((11, 12, 15, 20)))


def _longer_by_law(story: Story) -> None:
    assert story.offer.extension is not None
    _extend(story, days=story.offer.extension)


def _by_another_post(story: Story) -> None:
    _extend(story, post="other")


def _without_reason(story: Story) -> None:
    _extend(story).reason = ""


def _told_to_nobody(story: Story) -> None:
    _extend(story).told_at = None


def _told_late(story: Story) -> None:
    extension, calendar = _extend(story), story.hall.calendar
    extension.told_at = on_day(calendar, calendar.add(calendar.day_of(extension.at), 2), 0.5)


def _told_the_next_day(story: Story) -> None:
    extension, calendar = _extend(story), story.hall.calendar
    extension.told_at = on_day(calendar, calendar.add(calendar.day_of(extension.at), 1), 0.9)


def _once_more(story: Story) -> None:
    """A second extension a working day after the first."""
    first, calendar = story.act(EventType.EXTENSION_APPROVED), story.hall.calendar
    at = on_day(calendar, calendar.add(calendar.day_of(first.at), 1), 0.5)
    said = first.payload | {"notified_at": at + 30 * MINUTE_MS}
    again = Act(kind=first.kind, at=at, payload=said, officer=first.officer, role=first.role, place=first.place)
    story.acts.append(again)


def _over_legal(story: Story) -> None:
    assert story.offer.legal is not None
    story.finish_wd = story.offer.legal.value + 3


def _when_it_was_over(story: Story) -> None:
    assert story.offer.legal is not None
    _extend(story, wd=story.offer.legal.value + story.chance.randint(1, 2))


_V, _Q = True, False
TWISTS: tuple[Twist, ...] = (
    Twist(rule="T09", name="too_many_days", violates=_V, suits=_licence, shape=_in_time, move=_too_long),
    Twist(rule="T09", name="by_a_section_head", violates=_V, suits=_licence, shape=_in_time, move=_by_another_post),
    Twist(rule="T09", name="without_reason", violates=_V, suits=_licence, shape=_in_time, move=_without_reason),
    Twist(rule="T09", name="nobody_told", violates=_V, suits=_licence, shape=_in_time, move=_told_to_nobody),
    Twist(rule="T09", name="told_late", violates=_V, suits=_licence, shape=_in_time, move=_told_late),
    Twist(rule="T09", name="second_extension", violates=_V, suits=_licence, shape=_in_time, move=_well, alter=_once_more),
    Twist(rule="T09", name="after_the_end", violates=_V, suits=_licence, shape=_over_legal, move=_when_it_was_over),
    Twist(rule="T09", name="special_law_longer", violates=_Q, suits=_own_law, shape=_in_time, move=_longer_by_law),
    Twist(rule="T09", name="told_the_next_day", violates=_Q, suits=_licence, shape=_in_time, move=_told_the_next_day),
)  # fmt: skip
