"""When the limits of a made-up case end, and which of the rules on time must speak: by counting days on the calendar, one by one.

The truth of T01, T02, T03, T04, T05, T08, T13 and D14. It knows the times that a story was given, and reads no events.
"""

from __future__ import annotations

from collections.abc import Iterator

from streams.simulator.story import Pause, Story, Work
from streams.simulator.truth import Violation
from supervision.alert import Level
from supervision.durations import HOUR_MS
from supervision.event import EventType, SecrecyClass
from supervision.worktime import Limit, Unit, WorkCalendar

NEVER = 1 << 62
UNDECLARED_WD = 10
UNANSWERED_WD = 5
DELIVERY_WD = 3
PUBLISHED = frozenset({"01", "02"})  # licences and penalties go online
MOST_EXTENSION_WD = 10
HEAD = "organ_head"  # whose approval extends a legal limit
FALLBACK = Limit(20)  # of a licence whose legal limit nobody names


class Ruler:
    """Working days counted one by one; days on which the clock stands do not count."""

    def __init__(self, calendar: WorkCalendar, standing: frozenset[int] = frozenset()) -> None:
        self.calendar = calendar
        self.standing = standing

    def nth(self, day: int, n: int) -> int:
        """The n-th day that counts after `day`."""
        while n > 0:
            day += 1
            if self.calendar.is_working(day) and day not in self.standing:
                n -= 1
        return day

    def day(self, at: int) -> int:
        return self.calendar.day_of(at)

    def start(self, day: int) -> int:
        return self.calendar.day_start(day)

    def end(self, day: int) -> int:
        return self.calendar.day_start(day + 1) - 1

    def moved(self, at: int) -> int:
        """The instant, or 00:00 of the first day on which the clock does not stand."""
        day = self.day(at)
        if day not in self.standing:
            return at
        while day in self.standing:
            day += 1
        return self.start(day)


def standing_days(calendar: WorkCalendar, pause: Pause | None) -> frozenset[int]:
    """The days a pause takes out: after its first day to its last, and no more than were declared."""
    if pause is None or pause.kind == "extension":
        return frozenset()
    first = calendar.day_of(pause.since)
    last = Ruler(calendar).nth(first, pause.declared_wd if pause.declared_wd is not None else UNDECLARED_WD)
    if pause.until is not None:
        last = min(last, calendar.day_of(pause.until))
    return frozenset(range(first + 1, last + 1))


def violations(story: Story) -> Iterator[Violation]:
    """What the rules on time must say of this story once the clock has run on; nothing of a case nobody may judge."""
    if story.is_silent or story.opening_at == 0:
        return
    calendar = story.hall.calendar
    ruler = Ruler(calendar, standing_days(calendar, story.pause))
    ends = legal_days(story, ruler)
    legal = None if ends is None else ends[1]
    yield from _legal(story, ruler, legal)
    promised = story.promised
    if promised is not None and promised.unit is Unit.HOUR:
        yield from _hours(story, ruler, promised.value)
    elif promised is not None:
        yield from _promised(story, ruler, promised.value, legal)
    for step in story.work:
        yield from _step(story, ruler, step)
    if story.pause is not None and story.pause.kind != "extension":
        yield from _pause(story, Ruler(calendar), story.pause)
    yield from _after_days(story, Ruler(calendar))


def _alert(story: Story, rule: str, level: Level, at: int, subject: str | None = None) -> Violation:
    return Violation(rule=rule, level=level, subject=subject or story.subject, segment="0", at=at)


def _from(story: Story, ruler: Ruler, at: int, stop: int) -> int:
    """Where an alert that is due `at` is seen: when the clock runs, not before the fact that set the limit, not after the stop."""
    return max(min(ruler.moved(max(at, story.opening_at)), stop), story.opening_at)


def _stop(story: Story) -> int:
    return NEVER if story.ended_at is None else story.ended_at


def _legal_stop(story: Story) -> int:
    return min(_stop(story), NEVER if story.decided_at is None else story.decided_at)


def legal_days(story: Story, ruler: Ruler) -> tuple[int, int] | None:
    """The last day of the legal limit, without and with a valid extension; None: there is none."""
    item = story.item
    if not item.has_legal_limit:
        return None
    limit = item.legal_limit or (FALLBACK if item.item_type == "01" else None)
    if limit is None:
        return None
    extension = story.extension
    first = ruler.day(story.received_at if _is_unanswered(story, ruler) else story.accepted_at)
    is_valid = extension is not None and extension.post == HEAD and extension.at <= ruler.end(ruler.nth(first, limit.value))
    more = min(extension.days, most_extension_wd(story)) if extension is not None and is_valid else 0
    return ruler.nth(first, limit.value), ruler.nth(first, limit.value + more)


def most_extension_wd(story: Story) -> int:
    own = story.item.extension_max_wd
    return MOST_EXTENSION_WD if own is None else own


def _is_unanswered(story: Story, ruler: Ruler) -> bool:
    """Nobody answered the receipt for five working days: the legal limit runs from it."""
    if story.hall.feed.is_off("T01"):
        return False
    return story.answered_at > Ruler(ruler.calendar).end(Ruler(ruler.calendar).nth(ruler.day(story.received_at), UNANSWERED_WD))


def _legal(story: Story, ruler: Ruler, legal: int | None) -> Iterator[Violation]:
    if legal is not None and _legal_stop(story) > ruler.end(legal):
        yield _alert(story, "T04", Level.RED, _from(story, ruler, ruler.end(legal) + 1, _legal_stop(story)))


def _promised(story: Story, ruler: Ruler, limit: int, legal: int | None) -> Iterator[Violation]:
    first, stop = ruler.day(story.accepted_at), _stop(story)
    due = ruler.nth(first, limit)
    if limit > 1:
        used = limit - 1 if limit < 3 else min(limit - 1, -(-limit * 8 // 10))
        near = ruler.moved(max(ruler.start(ruler.nth(first, used)), story.opening_at))
        if near < stop and near <= ruler.end(due):
            yield _alert(story, "T02", Level.NOTICE, near)
    if legal == due:
        return  # T04 speaks
    if stop > ruler.end(due):
        yield _alert(story, "T03", Level.YELLOW, _from(story, ruler, ruler.end(due) + 1, stop))
    red = ruler.start(ruler.nth(due, max(2, min(limit, 11))))
    if stop >= red and not _has_spoken(story, ruler, legal, red):
        yield _alert(story, "T03", Level.RED, _from(story, ruler, red, stop))


def _has_spoken(story: Story, ruler: Ruler, legal: int | None, at: int) -> bool:
    """Whether T04 stands at that instant or before."""
    return any(other.at <= at for other in _legal(story, ruler, legal))


def _hours(story: Story, ruler: Ruler, hours: int) -> Iterator[Violation]:
    calendar, stop, whole = ruler.calendar, _stop(story), hours * HOUR_MS
    due = calendar.add_work(story.accepted_at, whole)
    near = calendar.add_work(story.accepted_at, -(-whole * 8 // 10))
    if near < stop:
        yield _alert(story, "T02", Level.NOTICE, near)
    if stop > due:
        yield _alert(story, "T03", Level.YELLOW, due + 1)
    red = ruler.start(ruler.nth(ruler.day(due), 2))
    if stop >= red:
        yield _alert(story, "T03", Level.RED, red)


def _step(story: Story, ruler: Ruler, step: Work) -> Iterator[Violation]:
    declared = story.item.workflow.step(step.code)
    if declared is None or declared.limit is None or not declared.key_step:
        return
    limit, first = declared.limit.value, ruler.day(step.since)
    stop = min(_legal_stop(story), NEVER if step.until is None else step.until)
    subject = story.part("step", step.instance)
    due = ruler.end(ruler.nth(first, limit))
    if stop > due:
        yield _alert(story, "T05", Level.NOTICE, _from(story, ruler, due + 1, stop), subject)
    far = ruler.end(ruler.nth(first, 2 * limit))
    promised = story.promised
    if promised is not None and promised.unit is Unit.WORKING_DAY:
        far = min(far, max(due, ruler.end(ruler.nth(first, promised.value // 2))))
    if stop > far:
        yield _alert(story, "T05", Level.YELLOW, _from(story, ruler, far + 1, stop), subject)


def _pause(story: Story, ruler: Ruler, pause: Pause) -> Iterator[Violation]:
    first, stop = ruler.day(pause.since), min(_stop(story), NEVER if pause.until is None else pause.until)
    subject, declared = story.part("pause", pause.seq), pause.declared_wd
    if declared is None:
        end = ruler.end(ruler.nth(first, UNDECLARED_WD))
        if stop > end:
            yield _alert(story, "T08", Level.RED, end + 1, subject)
        return
    if declared > 2:
        near = ruler.start(ruler.nth(first, declared - 2))
        if near < stop:
            yield _alert(story, "T08", Level.NOTICE, near, subject)
    for level, times in ((Level.YELLOW, 1), (Level.RED, 2)):
        end = ruler.end(ruler.nth(first, times * declared))
        if stop > end:
            yield _alert(story, "T08", level, end + 1, subject)


def _after_days(story: Story, ruler: Ruler) -> Iterator[Violation]:
    """What is due so many working days after a receipt or a decision: an answer, the result, its certificate, its publication."""
    answers = ((Level.NOTICE, 1), (Level.RED, UNANSWERED_WD))
    yield from _due(story, ruler, "T01", story.received_at, story.answered_at, answers)
    certified_at = None if story.is_denied or story.ending is not EventType.CASE_COMPLETED else story.ended_at
    granted_at = story.decided_at if story.is_granted else certified_at
    if granted_at is not None:
        delivery = DELIVERY_WD if story.item.delivery_limit is None else story.item.delivery_limit.value
        yield from _due(story, ruler, "T13", granted_at, story.given_at, ((Level.YELLOW, delivery), (Level.RED, 10)))
        if story.item.item_type in PUBLISHED and story.secrecy is SecrecyClass.PUBLIC:
            marks = ((Level.NOTICE, 5), (Level.YELLOW, 7), (Level.RED, 15))
            yield from _due(story, ruler, "D14", granted_at, story.published_at, marks)
    if certified_at is not None and story.item.electronic_certificate:
        yield from _due(story, ruler, "T13", certified_at, story.made_at, ((Level.NOTICE, 1),), "0/ecert")


def _due(
    story: Story,
    ruler: Ruler,
    rule: str,
    since: int,
    done_at: int | None,
    marks: tuple[tuple[Level, int], ...],
    segment: str = "0",
) -> Iterator[Violation]:
    for level, wd in marks:
        end = ruler.end(ruler.nth(ruler.day(since), wd))
        if done_at is None or done_at > end:
            yield Violation(rule=rule, level=level, subject=story.subject, segment=segment, at=end + 1)
