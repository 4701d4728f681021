"""When things happen in a case: instants of steps, pause, decision and end, all in the office hours of its centre."""

from __future__ import annotations

import random

from streams.simulator.dues import NEVER, Ruler, standing_days
from streams.simulator.story import Pause, Story, Work
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import EventType
from supervision.worktime import Unit, WorkCalendar

LEAST_MS = 40 * MINUTE_MS  # a case with a promise takes no less of office time


def worked(calendar: WorkCalendar, at: int, ms: int) -> int:
    """The instant after so much office time; never the very instant at which an office closes."""
    found = calendar.add_work(at, max(1, ms))
    return found - 1_000 if found % MINUTE_MS == 0 else found


def on_day(calendar: WorkCalendar, day: int, share: float) -> int:
    """The instant of a working day at which so much of its office time is over."""
    whole = sum(end - start for start, end in calendar.office(day))
    return worked(calendar, calendar.day_start(day), 1_000 + round(share * (whole - 60_000)))


def lay(story: Story) -> None:
    """Give the story its instants by what was planned: `finish_wd` or `finish_share`, the pause, the slow step."""
    calendar = story.hall.calendar
    story.opening_at = story.opening_at or story.accepted_at
    first = calendar.day_of(story.accepted_at)
    if story.pause_after_wd is not None:
        story.pause = _pause(story, calendar, first)
    ended = _end(story, calendar, first)
    total = calendar.work_between(story.pause.until if story.pause and story.pause.until else story.accepted_at, ended)
    decided = worked(calendar, ended, -1) if total <= 0 else _before(calendar, story, ended, total)
    officers = _officers(story)
    story.work = [Work(code=code, officer=officers[code]) for code in story.offer.steps]
    if story.pause is None:
        spread(story, calendar, story.work, story.accepted_at, decided)
    else:
        spread(story, calendar, story.work[:1], story.accepted_at, story.pause.since)
        spread(story, calendar, story.work[1:], story.pause.until or story.pause.since, decided)
    story.decided_at, story.ended_at = decided, ended
    if story.ending is not EventType.CASE_COMPLETED:
        cut(story, ended)


def cut(story: Story, at: int) -> None:
    """The case ends at an instant without decision: what was to come later does not."""
    story.decided_at, story.ended_at = None, at
    story.work = [step for step in story.work if step.since < at]
    for step in story.work:
        if step.until is not None and step.until >= at:
            step.until = None
    if story.pause is not None:
        if story.pause.since >= at:
            story.pause = None
        elif story.pause.until is not None and story.pause.until >= at:
            story.pause.until = None


def _pause(story: Story, calendar: WorkCalendar, first: int) -> Pause:
    """From a day after acceptance, for so many working days. It begins behind the acceptance and ends in office hours."""
    chance = story.chance
    begins = Ruler(calendar).nth(first, story.pause_after_wd or 0)
    since = on_day(calendar, begins, chance.uniform(0.3, 0.9))
    if since < worked(calendar, story.accepted_at, LEAST_MS):
        begins = calendar.add(first, (story.pause_after_wd or 0) + 1)
        since = on_day(calendar, begins, chance.uniform(0.3, 0.9))
    until = on_day(calendar, Ruler(calendar).nth(begins, story.pause_wd), chance.uniform(0.1, 0.8))
    if until <= since:
        until = worked(calendar, since, LEAST_MS)
    return Pause(seq=1, kind=story.pause_kind, since=since, until=until, declared_wd=story.declared_wd)


def _end(story: Story, calendar: WorkCalendar, first: int) -> int:
    """When the case ends."""
    promised, chance = story.promised, story.chance
    if promised is not None and promised.unit is Unit.HOUR:
        return worked(calendar, story.accepted_at, round(promised.value * HOUR_MS * story.finish_share))
    ruler = Ruler(calendar, standing_days(calendar, story.pause))
    ended = on_day(calendar, ruler.nth(first, story.finish_wd), chance.uniform(0.05, 0.98))
    earliest = worked(calendar, story.accepted_at, LEAST_MS)
    if story.pause is not None:
        earliest = worked(calendar, story.pause.until or NEVER, LEAST_MS)
    return max(ended, earliest)


def _before(calendar: WorkCalendar, story: Story, ended: int, total: int) -> int:
    """The decision: some office minutes before the end."""
    back = min(round(story.chance.uniform(2, 30) * MINUTE_MS), total // 4)
    start = story.pause.until if story.pause and story.pause.until else story.accepted_at
    return worked(calendar, start, total - back)


def _officers(story: Story) -> dict[str, str]:
    desk, chance = story.desk, story.chance
    return {
        "handle": chance.choice(desk.handlers),
        "site_check": chance.choice(desk.handlers),
        "review": chance.choice(desk.reviewers),
        "approve": chance.choice(desk.approvers),
    }


def spread(story: Story, calendar: WorkCalendar, steps: list[Work], since: int, until: int) -> None:
    """Put steps one after the other into a span. Time goes by between them; in the slow step, if it is one of these."""
    if not steps:
        return
    total = calendar.work_between(since, until)
    lengths = [_length(story, step, total, len(steps)) for step in steps]
    gaps = _parts(story.chance, total - sum(lengths), len(steps) + 1)
    used = 0
    for step, length, gap in zip(steps, lengths, gaps, strict=False):
        step.since = worked(calendar, since, used + gap)
        used += gap + length
        step.until = max(worked(calendar, since, used), step.since + 1_000)


def _length(story: Story, step: Work, total: int, steps: int) -> int:
    share = story.chance.uniform(0.1, 0.6) / steps
    if story.slow == step.code:
        return round(total * 0.8)
    if story.slow is not None:
        share /= 8
    declared = story.item.workflow.step(step.code)
    days = 1 if declared is None or declared.limit is None else declared.limit.value
    most = days * story.hall.profile.work_ms
    return round(min(total * share, most * 0.8))


def _parts(chance: random.Random, whole: int, count: int) -> list[int]:
    """A whole in so many parts of chance size."""
    weights = [chance.uniform(0.2, 1.0) for _ in range(count)]
    return [int(whole * weight / sum(weights)) for weight in weights]
