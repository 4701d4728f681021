"""Which extensions of a made-up case are irregular, so that T09 must speak: by the acts told of it and by counting days."""

from __future__ import annotations

from collections.abc import Iterator

from streams.simulator.dues import HEAD, Ruler, legal_days, most_extension_wd, standing_days
from streams.simulator.silence import in_force
from streams.simulator.story import Act, Story
from streams.simulator.truth import Violation
from supervision.alert import Level
from supervision.event import EventType

TOLD_WITHIN_WD = 1


def violations(story: Story) -> Iterator[Violation]:
    """Of each extension whatever is wrong with it, as one."""
    if story.is_silent or story.opening_at == 0:
        return
    calendar = story.hall.calendar
    ruler = Ruler(calendar, standing_days(calendar, story.pause))
    ends = legal_days(story, ruler)
    told = [(at, identity, act) for at, identity, act in in_force(story) if _is_extension(act)]
    for number, (at, identity, act) in enumerate(told):
        found = Violation(rule="T09", level=Level.YELLOW, subject=story.subject, segment=f"0/{identity}", at=at)
        if ends is not None and at > ruler.end(ends[min(number, 1)]):
            found.level = Level.RED
        elif number == 0 and not _is_wrong(story, act):
            told_by = ruler.end(Ruler(calendar).nth(ruler.day(at), TOLD_WITHIN_WD))
            told_at = act.payload.get("notified_at")
            if told_at is not None and told_at <= told_by:
                continue
            found.at = told_by + 1
        yield found


def _is_extension(act: Act) -> bool:
    is_disguised = act.kind is EventType.SPECIAL_PROCEDURE_STARTED and act.payload.get("kind") == "extension"
    return is_disguised or act.kind is EventType.EXTENSION_APPROVED


def _is_wrong(story: Story, act: Act) -> bool:
    """In days, right or reason. A special procedure names the approver only, and its basis in place of a reason."""
    said = act.payload
    days = said.get("days", said.get("declared_limit"))
    post = said.get("approver_post")
    is_by_the_head = post == HEAD if post is not None else said.get("approver_officer_id") == story.desk.head
    reason = said.get("reason_text" if act.kind is EventType.EXTENSION_APPROVED else "legal_basis")
    return (days or 0) > most_extension_wd(story) or not is_by_the_head or not reason
