"""When a made-up case was silent for so long that T17 must speak: by the acts that were told of it and by counting days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streams.simulator.dues import NEVER, Ruler, standing_days
from streams.simulator.story import Act, Story
from streams.simulator.truth import Violation
from streams.simulator.wire import act_id
from supervision.alert import Level
from supervision.event import TOPIC_OF, EventType, Stream

UNHEARD = frozenset({EventType.RESULT_PUBLISHED, EventType.RESULT_UNPUBLISHED, EventType.SCAN_REVIEWED})
RESTING = frozenset({EventType.PRE_REVIEW_FAILED, EventType.SUPPLEMENT_EXPIRED})
ENDS = frozenset(
    {
        EventType.CASE_COMPLETED,
        EventType.CASE_RETURNED,
        EventType.CASE_WITHDRAWN,
        EventType.CASE_TERMINATED,
        EventType.CASE_VOIDED,
        EventType.ACCEPTANCE_REFUSED,
    }
)
SILENT_WD = ((Level.NOTICE, 15), (Level.YELLOW, 30))
PAUSED_DAYS = 90


def violations(story: Story, dues: Iterable[Violation]) -> Iterator[Violation]:
    """`dues`: what the rules on time say of the story; T08 goes before while its procedure runs. Of cases that open once."""
    if story.is_silent or story.opening_at == 0:
        return
    calendar = story.hall.calendar
    ruler = Ruler(calendar, standing_days(calendar, story.pause))
    overruns = [due.at for due in dues if due.rule == "T08"]
    told = list(in_force(story))
    for number, (at, identity, act) in enumerate(told):
        if act.kind in ENDS:
            return
        following = told[number + 1][0] if number + 1 < len(told) else NEVER
        if act.kind in RESTING:
            continue
        for level, edge in _edges(ruler, at):
            if following > edge and not (_is_paused(story, edge + 1) and any(due <= edge + 1 for due in overruns)):
                yield Violation(rule="T17", level=level, subject=story.subject, segment=f"0/{identity}", at=edge + 1)


def _edges(ruler: Ruler, at: int) -> list[tuple[Level, int]]:
    """The last instants at which another act would have been in time."""
    day = ruler.day(at)
    if ruler.standing.issuperset(range(day + 1, day + PAUSED_DAYS + 2)):
        return [(Level.YELLOW, ruler.end(day + PAUSED_DAYS))]
    return [(level, ruler.end(ruler.nth(day, wd))) for level, wd in SILENT_WD]


def in_force(story: Story) -> Iterator[tuple[int, str, Act]]:
    """Acts that count, the last version of each: its instant, and the id of the first one; in order."""
    replaced = {id(act.corrects) for act in story.acts if act.corrects is not None}
    numbers = {id(act): number for number, act in enumerate(story.acts)}
    found = []
    for act in story.acts:
        if id(act) in replaced or TOPIC_OF[act.kind] is not Stream.CASE or act.kind in UNHEARD:
            continue
        first = act
        while first.corrects is not None:
            first = first.corrects
        of_first = act_id(story.hall.source, story.case_id, numbers[id(first)], first.at)
        own = act_id(story.hall.source, story.case_id, numbers[id(act)], act.at)
        found.append((act.at, own, str(of_first), act))
    yield from ((at, identity, act) for at, _, identity, act in sorted(found, key=lambda each: each[:2]))


def _is_paused(story: Story, at: int) -> bool:
    """Whether its special procedure runs at this instant."""
    pause = story.pause
    return pause is not None and pause.kind != "extension" and pause.since <= at and (pause.until is None or pause.until > at)
