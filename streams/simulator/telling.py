"""What is told of a case: its acts in order, as the window system, the web hall and the back office report them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from streams.simulator.catalogue import FLAT, FLAT_FEN, STEP_NAMES, fee_item, treasury
from streams.simulator.dues import PUBLISHED
from streams.simulator.laying import worked
from streams.simulator.story import Act, Extension, Pause, Story, Work
from supervision.durations import MINUTE_MS
from supervision.event import Channel, EventType, PostPlace, SecrecyClass

OFFICE = PostPlace.BACK_OFFICE


def tell(story: Story) -> None:
    """Fill in the acts of a story that has its instants."""
    story.acts = [
        *_intake(story),
        *_fees(story),
        *(act for step in story.work for act in _step(story, step)),
        *_between(story),
        *_outcome(story),
    ]


def document(*parts: object) -> str:
    """What stands for the text or number of a document that is not passed on."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:16]


def _intake(story: Story) -> Iterator[Act]:
    calendar, number, chance = story.hall.calendar, story.case_id[-5:], story.chance
    received = story.accepted_at - round(chance.uniform(3, 14) * MINUTE_MS)
    opened = calendar.office(calendar.day_of(received))
    received = max(received, opened[0][0] + 5_000) if opened and received < opened[0][0] else received
    if story.waits_wd:
        received = story.received_at + 61_000
    materials = {"material_codes": ["M01", "M02", "M03"], "receipt_no": f"收字{number}", "material_digest": document(story.case_id)}
    if story.supplement:
        yield from _supplement(story, materials, received)
        return
    story.received_at, story.answered_at = received - 61_000, story.opening_at
    yield Act(kind=EventType.APPLICATION_SUBMITTED, at=story.received_at, payload={"material_codes": ["M01", "M02", "M03"]})
    yield _by_window(story, EventType.MATERIAL_RECEIVED, received, materials)
    yield _accepted(story, EventType.CASE_ACCEPTED)


def _supplement(story: Story, materials: dict[str, Any], received: int) -> Iterator[Act]:
    """Asked once for what is missing, days before; the last acceptance is what counts."""
    calendar, number = story.hall.calendar, story.case_id[-5:]
    day = calendar.back(calendar.day_of(story.accepted_at), story.supplement)
    came = worked(calendar, calendar.day_start(day), 60 * MINUTE_MS)
    asked = worked(calendar, came, 25 * MINUTE_MS)
    notice = {
        "notice_no": f"补字{number}",
        "material_codes": ["M02"],
        "reply_limit": 15,
        "ordinal": 1,
        "clock_stopped_by_source": False,
    }
    story.received_at, story.answered_at = came - 61_000, asked
    yield Act(kind=EventType.APPLICATION_SUBMITTED, at=story.received_at, payload={"material_codes": ["M01", "M03"]})
    yield _by_window(story, EventType.MATERIAL_RECEIVED, came, materials)
    yield _by_window(story, EventType.SUPPLEMENT_NOTIFIED, asked, notice)
    reply = {"notice_no": f"补字{number}", "material_codes": ["M02"], "complete": True}
    yield Act(kind=EventType.SUPPLEMENT_SUBMITTED, at=received, payload=reply)
    yield _accepted(story, EventType.SUPPLEMENT_ACCEPTED if story.supplement > 1 else EventType.CASE_ACCEPTED)


def _accepted(story: Story, kind: EventType) -> Act:
    number = story.case_id[-5:]
    payload: dict[str, Any] = {"accept_doc_no": f"受字{number}", "acceptance_seal_id": f"S-{story.hall.centre.centre_id}-1"}
    if kind is EventType.SUPPLEMENT_ACCEPTED:
        payload = {"notice_no": f"补字{number}", "complete": True}
    return _by_window(story, kind, story.opening_at, payload)


def _by_window(story: Story, kind: EventType, at: int, payload: dict[str, Any]) -> Act:
    place = PostPlace.WINDOW if story.channel is Channel.WINDOW else OFFICE
    return Act(kind=kind, at=at, payload=payload, officer=story.acceptor, role="acceptor", place=place)


def charge(story: Story, name: str, amount_fen: int, at: int, **said: object) -> Act:
    """An official fee, charged at the window to the treasury's account, with a receipt; `said` says otherwise (None: not told)."""
    prefix = story.hall.profile.prefix
    payload: dict[str, Any] = {
        "fee_item_code": fee_item(prefix, name),
        "amount_fen": amount_fen,
        "fee_kind": "official",
        "payee_account_id": treasury(prefix),
        "receipt_no": f"票{story.case_id[-5:]}",
        **said,
    }
    return _by_window(story, EventType.FEE_CHARGED, at, {key: value for key, value in payload.items() if value is not None})


def _fees(story: Story) -> Iterator[Act]:
    """One ordinary case in five pays a fee, by the table, soon after its acceptance; the receipt comes with the payment."""
    if story.twists or int(document(story.case_id, "fee"), 16) % 5:
        return
    charged = worked(story.hall.calendar, story.opening_at, 11 * MINUTE_MS)
    act = charge(story, FLAT, FLAT_FEN, charged, receipt_no=None)
    yield act
    receipt = {"receipt_no": f"票{story.case_id[-5:]}"}
    yield _by_window(story, EventType.FEE_PAID, worked(story.hall.calendar, charged, 4 * MINUTE_MS), act.payload | receipt)


def _step(story: Story, step: Work) -> Iterator[Act]:
    role = {"handle": "handler", "site_check": "handler", "review": "reviewer", "approve": "approver"}[step.code]
    said = {"step_code": step.code, "step_name": STEP_NAMES[step.code], "step_instance_id": step.instance}
    yield Act(kind=EventType.STEP_STARTED, at=step.since, payload=said, officer=step.officer, role=role, place=OFFICE)
    if step.until is None:
        return
    done = said | {"result": "pass", "opinion_len": story.chance.randint(8, 160), "opened_attachments": 3}
    if step.code == "site_check":
        done |= {"participants": list(story.desk.handlers[:2]), "check_mode": "onsite", "record_no": f"核字{story.case_id[-5:]}"}
    yield Act(kind=EventType.STEP_COMPLETED, at=step.until, payload=done, officer=step.officer, role=role, place=OFFICE)


def _between(story: Story) -> Iterator[Act]:
    if story.pause is not None:
        yield from _pause(story, story.pause)
    if story.extension is not None:
        yield _extension(story, story.extension)


def _pause(story: Story, pause: Pause) -> Iterator[Act]:
    said = {"seq": pause.seq, "kind": pause.kind}
    declared = {} if pause.declared_wd is None else {"declared_limit": pause.declared_wd}
    told = {
        "legal_basis": "行政许可法第四十五条",
        "approver_officer_id": story.desk.approvers[0],
        "notice_doc_no": f"告字{story.case_id[-5:]}",
        "notified_at": pause.since + 20 * MINUTE_MS,
    }
    handler = story.desk.handlers[0]
    started = EventType.SPECIAL_PROCEDURE_STARTED
    yield Act(kind=started, at=pause.since, payload=said | told | declared, officer=handler, role="handler", place=OFFICE)
    if pause.until is not None:
        ended = EventType.SPECIAL_PROCEDURE_ENDED
        yield Act(kind=ended, at=pause.until, payload=said | {"result": "pass"}, officer=handler, role="handler", place=OFFICE)


def _extension(story: Story, extension: Extension) -> Act:
    payload = {
        "days": extension.days,
        "approver_officer_id": story.desk.head,
        "approver_post": extension.post,
        "reason_text": extension.reason or None,
        "notified_at": extension.told_at,
    }
    head = story.desk.head
    return Act(kind=EventType.EXTENSION_APPROVED, at=extension.at, payload=payload, officer=head, role="approver", place=OFFICE)


def _outcome(story: Story) -> Iterator[Act]:
    number, approver = story.case_id[-5:], story.desk.approvers[0]
    if story.decided_at is not None:
        decided: dict[str, Any] = {"decision": "denied" if story.is_denied else "granted", "approver_officer_id": approver}
        decided |= {"doc_no": f"准字{number}", "approval_seal_id": f"S-{story.hall.centre.centre_id}-2"}
        if story.is_denied:
            decided |= {"reason_text": "申请人不符合法定条件,已书面说明理由", "remedy_notice": True}
        yield Act(
            kind=EventType.DECISION_MADE, at=story.decided_at, payload=decided, officer=approver, role="approver", place=OFFICE
        )
        if story.is_granted and story.item.item_type in PUBLISHED and story.secrecy is SecrecyClass.PUBLIC:
            yield _publication(story, story.decided_at)
    if story.ended_at is None:
        return
    if story.ending is not EventType.CASE_COMPLETED:
        by = "applicant" if story.ending is EventType.CASE_WITHDRAWN else "officer"
        closing = {"reason_text": "申请人自愿撤回申请" if by == "applicant" else "审查中发现申请事项已不存在", "initiator": by}
        closing |= {"doc_no": f"终字{number}"}
        officer = story.desk.handlers[0]
        yield Act(kind=story.ending, at=story.ended_at, payload=closing, officer=officer, role="handler", place=OFFICE)
        return
    result = {"completion_result": "denied" if story.is_denied else "cert_issued"}
    officer, completed = story.desk.handlers[-1], EventType.CASE_COMPLETED
    yield Act(kind=completed, at=story.ended_at, payload=result, officer=officer, role="completer", place=OFFICE)
    if not story.is_denied:
        yield from _delivery(story, story.ended_at)


def _publication(story: Story, decided: int) -> Act:
    """On the site of the credit register, one to four working days after the decision."""
    calendar, chance = story.hall.calendar, story.chance
    day = calendar.add(calendar.day_of(decided), chance.randint(1, 4))
    story.published_at = worked(calendar, calendar.day_start(day), round(chance.uniform(10, 400) * MINUTE_MS))
    said = {"publication_id": document(story.case_id, "publication"), "site": "信用公示", "class": "public"}
    return Act(kind=EventType.RESULT_PUBLISHED, at=story.published_at, payload=said, role="system", place=PostPlace.SYSTEM)


def _delivery(story: Story, ended: int) -> Iterator[Act]:
    calendar, chance = story.hall.calendar, story.chance
    made = story.made_at = worked(calendar, ended, round(chance.uniform(10, 120) * MINUTE_MS))
    cert = {"cert_no_hash": document(story.case_id, "cert"), "cert_kind": "electronic"}
    yield Act(kind=EventType.CERTIFICATE_MADE, at=made, payload=cert, role="system", place=PostPlace.SYSTEM)
    given = story.given_at = worked(calendar, made, round(chance.uniform(30, 600) * MINUTE_MS))
    if chance.random() < 0.4:
        yield Act(kind=EventType.RESULT_PICKED_UP, at=given, payload={"delivery_mode": "pickup"}, officer=story.acceptor,
                  role="acceptor", place=PostPlace.WINDOW)  # fmt: skip
    else:
        yield Act(kind=EventType.RESULT_DELIVERED, at=given, payload={"delivery_mode": "courier"}, role="system",
                  place=PostPlace.SYSTEM)  # fmt: skip
