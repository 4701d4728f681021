"""Cases done at once at the window (即办件), with ticket, service and rating; and the punches of the window's people."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from streams.simulator.city import Hall
from streams.simulator.laying import worked
from streams.simulator.story import Act, Story
from streams.simulator.telling import document
from supervision.durations import MINUTE_MS
from supervision.event import Channel, EventType, PostPlace

REFUSED = 0.005
TICKETED = 0.45
RATED, BAD = 0.8, 0.001
LATEST_MS = 25 * MINUTE_MS  # of office time that a case at the window takes at most


def tell_at_once(story: Story) -> None:
    """A case that is received, accepted, completed and handed out within minutes."""
    calendar, chance = story.hall.calendar, story.chance
    number = story.case_id[-5:]
    closes = calendar.office(calendar.day_of(story.accepted_at))[-1][1]
    story.accepted_at = story.opening_at = min(story.accepted_at, closes - LATEST_MS - 2 * MINUTE_MS)
    received = story.accepted_at - round(chance.uniform(0.5, 2) * MINUTE_MS)

    def act(kind: EventType, at: int, payload: dict[str, Any]) -> Act:
        return Act(kind=kind, at=at, payload=payload, officer=story.acceptor, role="acceptor", place=PostPlace.WINDOW)

    story.acts = [act(EventType.MATERIAL_RECEIVED, received, {"receipt_no": f"收字{number}", "material_codes": ["M01", "M02"]})]
    if chance.random() < REFUSED:
        refusal = {
            "reason_text": "申请事项不属于本窗口受理范围,已告知办理途径",
            "doc_no": f"不受字{number}",
            "initiator": "officer",
        }
        story.acts.append(act(EventType.ACCEPTANCE_REFUSED, story.accepted_at, refusal))
        return
    ended = worked(calendar, story.accepted_at, round(chance.uniform(3, 18) * MINUTE_MS))
    story.acts += [
        act(EventType.CASE_ACCEPTED, story.accepted_at, {"accept_doc_no": f"受字{number}"}),
        act(EventType.DECISION_MADE, ended - 20_000, {"decision": "granted", "doc_no": f"准字{number}"}),
        act(EventType.CASE_COMPLETED, ended, {"completion_result": "cert_issued", "decided_on_site": True}),
        act(EventType.RESULT_PICKED_UP, ended + 40_000, {"delivery_mode": "pickup"}),
    ]
    story.ended_at = ended
    if story.channel is Channel.WINDOW and chance.random() < TICKETED:
        story.acts += _ticket(story, received, ended)
    if chance.random() < RATED:
        story.acts.append(_rating(story, ended + chance.randrange(60_000, 40 * MINUTE_MS)))


def _ticket(story: Story, received: int, ended: int) -> Iterator[Act]:
    said = {"ticket_no": f"B{story.case_id[-4:]}", "queue_id": "B"}
    waited = round(story.chance.uniform(1, 12) * MINUTE_MS)
    for kind, at in (
        (EventType.QUEUE_TICKET_TAKEN, received - waited - 40_000),
        (EventType.QUEUE_CALLED, received - 30_000),
        (EventType.SERVICE_STARTED, received - 10_000),
        (EventType.SERVICE_ENDED, ended + 50_000),
    ):
        yield Act(kind=kind, at=at, payload=said, fields={"window_id": story.window})


def _rating(story: Story, at: int) -> Act:
    stars = story.chance.choice((1, 2)) if story.chance.random() < BAD else story.chance.choice((4, 5, 5, 5, 5))
    rating = {"rating_id": document(story.case_id, "rating"), "stars": stars, "rated_officer_id": story.acceptor}
    return Act(kind=EventType.RATING_SUBMITTED, at=at, payload=rating)


def punches(hall: Hall, day: int, chance: random.Random) -> Iterator[Act]:
    """The people of the windows come before opening and leave after close."""
    spans = hall.calendar.office(day)
    for officer in hall.acceptors:
        for direction, at in (
            ("in", spans[0][0] - chance.randrange(2, 25) * MINUTE_MS),
            ("out", spans[-1][1] + chance.randrange(1, 20) * MINUTE_MS),
        ):
            device = f"{hall.centre.centre_id}-PUNCH"
            said = {"officer_id": officer, "direction": direction, "device_id": device, "mode": "terminal"}
            yield Act(kind=EventType.ATTENDANCE_PUNCHED, at=at + chance.randrange(60_000), payload=said)
