"""Which events of a made-up case have times that cannot be, by the acts that were told of it (P16)."""

from __future__ import annotations

from collections.abc import Iterator

from streams.simulator.silence import in_force
from streams.simulator.story import Story
from streams.simulator.truth import Violation
from supervision.alert import Level
from supervision.event import EventType
from supervision.subject import key

STARTED, COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
ACCEPTED = (EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED)


def violations(story: Story) -> Iterator[Violation]:
    """Steps and completions; pauses never end before they begin here."""
    if story.is_silent or story.opening_at == 0:
        return
    told = list(in_force(story))
    first: dict[tuple[EventType, str | None], tuple[int, str]] = {}
    for at, identity, act in told:
        first.setdefault((act.kind, act.payload.get("step_instance_id")), (at, identity))
    for (kind, instance), (ended, identity) in first.items():
        begun = first.get((STARTED, instance)) if kind is COMPLETED and instance is not None else None
        if begun is not None and ended < begun[0]:
            yield _found(story, identity, "end_before_start", begun[0])
    done = first.get((EventType.CASE_COMPLETED, None))
    accepted = next((first[kind, None] for kind in ACCEPTED if (kind, None) in first), None)
    if done is not None and accepted is not None and done[0] < story.accepted_at:
        yield _found(story, done[1], "completed_before_acceptance", accepted[0])


def _found(story: Story, identity: str, clause: str, at: int) -> Violation:
    subject = key("event", story.hall.source, identity)
    return Violation(rule="P16", level=Level.NOTICE, subject=subject, segment=f"0/{clause}", at=at)
