"""Why an alert that was judged again differs from the stored one, in words: what is gone, came later or is another version now.

Used by `supervision rules explain` and `supervision verify`. Pure: whoever calls says what the store knows of the events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from rules.book import Rulebook
from rules.labels import label
from rules.recompute import OF_THE_CARD, Difference, differences, moved_on
from rules.terms import word
from supervision.alert import Alert, State
from supervision.event import CaseEvent
from supervision.reference import Outage, Reference, Waiver

_FIELDS = {
    "state": ("状态", "state"),
    "level": ("级别", "level"),
    "clock": ("时钟", "clock"),
    "subject_key": ("对象", "subject"),
    "segment": ("段", "segment"),
    "detected_at": ("判定时刻", "detected at"),
    "due_at": ("届满时刻", "due at"),
    "source_system": ("来源", "source"),
    "case_id": ("办件编号", "case"),
    "item_type": ("事项类型", "item type"),
    "item_code": ("事项编码", "item code"),
    "region_code": ("行政区划", "region"),
    "owner_department_id": ("责任部门", "department"),
    "owner_centre_id": ("责任中心", "centre"),
    "responsible_officer_ids": ("责任人", "officers"),
    "responsible_step": ("责任环节", "step"),
    "evidence_event_ids": ("证据事件", "evidence"),
    "disposition": ("处置", "disposition"),
    "visibility": ("可见范围", "visible to"),
    "anomaly_class": ("异常类别", "class"),
    "business_type": ("业务类别", "kind of business"),
    "legal_basis": ("依据", "basis"),
    "description": ("文字", "words"),
}
_SHOWN = 3  # ids and facts named in one reason


class Reason(Struct, frozen=True):
    zh: str
    en: str


class Known(Struct, frozen=True):
    """What the store knows of the events judged: when each arrived (ms UTC), and which came when their case had left memory."""

    arrived: Mapping[UUID, int] = {}
    forgotten: Collection[UUID] = ()


def reasons(
    book: Rulebook, reference: Reference, events: Sequence[CaseEvent], known: Known, stored: Alert | None, now: Alert | None
) -> list[Reason]:
    """Causes first, then what differs field by field. Empty: the same verdict. One of `stored` and `now` is an alert."""
    if stored is None:
        return [] if now is None or now.state is State.REVOKED else [*_causes_of_absence(known, now)]
    found = differences(stored, now)
    if not found:
        return []
    causes = [
        *_gone(events, stored),
        *_forgotten(known),
        *_later(events, known, stored),
        *_reference(reference, stored, now),
        *_versions(book, stored, now),
        *_words_only(found),
    ]
    if not causes:
        version = reference.version
        causes = [
            Reason(
                f"事件都在,其后没有新的事实,规则卡和日历版本未变:要么别的基础数据改过(现为版本 {version}),要么库中所存的被改动",
                "all its events are there and none came later, card and calendar are of the same version: "
                f"either other reference data changed (to version {version}), or what is stored was altered",
            )
        ]
    return [*causes, *map(_shown, found)]


def passed_over(stored: Alert, now: Alert | None) -> list[Reason]:
    """Of an alert whose verdict is the same: by what other versions it comes out so."""
    return [_shown(each) for each in moved_on(stored, now)]


def _causes_of_absence(known: Known, now: Alert) -> Iterator[Reason]:
    yield from _forgotten(known)
    ids = _ids(now.evidence_event_ids)
    yield Reason(
        f"应有此牌而库中没有:依据的事件都在({ids}),牌没有入库或者已被删去",
        f"it should be there and is not stored: what it rests on is all there ({ids}); it was never stored, or was taken out",
    )


def _gone(events: Sequence[CaseEvent], stored: Alert) -> Iterator[Reason]:
    if not events and stored.case_id is not None:
        yield Reason("库中没有该办件的任何事件", "no event of its case is in the store")
        return
    there = {event.event_id for event in events}
    missing = [each for each in stored.evidence_event_ids if each not in there]
    if missing:
        ids = _ids(missing)
        yield Reason(f"作为证据的事件已不在库中:{ids}", f"events it names as evidence are not in the store any more: {ids}")


def _forgotten(known: Known) -> Iterator[Reason]:
    if known.forgotten:
        ids = _ids(known.forgotten)
        yield Reason(
            f"有事实在办件移出内存之后才到,尚未研判:{ids}",
            f"facts came when the case had left memory and were not judged: {ids}",
        )


def _later(events: Sequence[CaseEvent], known: Known, stored: Alert) -> Iterator[Reason]:
    """Facts of the case that arrived after the alert was published."""
    if stored.issued_at is None:
        return
    late = [
        event
        for event in events
        if known.arrived.get(event.event_id, 0) > stored.issued_at and event.event_id not in known.forgotten
    ]
    if late:
        zh, en = (
            ", ".join(f"{word(event.event_type.value, each)} {event.event_id}" for event in late[:_SHOWN]) for each in ("zh", "en")
        )
        more_zh, more_en = (f" 等{len(late)}个", f" and {len(late) - _SHOWN} more") if len(late) > _SHOWN else ("", "")
        yield Reason(f"有事实在发牌之后才到:{zh}{more_zh}", f"facts came after it was issued: {en}{more_en}")


def _reference(reference: Reference, stored: Alert, now: Alert | None) -> Iterator[Reason]:
    at = stored.detected_at
    for entry in reference.entries:
        if not isinstance(entry, (Waiver, Outage)):
            continue
        holds = (entry.valid_from is None or entry.valid_from <= at) and (entry.valid_to is None or at < entry.valid_to)
        if not holds:
            continue
        if isinstance(entry, Waiver) and now is None and (entry.rule_id, entry.subject_key) == (stored.rule_id, stored.subject_key):
            yield Reason(f"基础数据中现有豁免 {entry.waiver_id}", f"the reference data now hold a waiver for it, {entry.waiver_id}")
        if (
            isinstance(entry, Outage)
            and entry.source_system == stored.source_system
            and _is(now, State.WITHHELD)
            and not _is(stored, State.WITHHELD)
        ):
            yield Reason(f"基础数据中现有停机 {entry.outage_id}", f"the reference data now declare an outage, {entry.outage_id}")
    if now is not None:
        was, is_now = stored.facts.get("calendar_version"), now.facts.get("calendar_version")
        if was != is_now:
            name = now.facts.get("calendar")
            yield Reason(f"日历 {name} 已由版本 {was} 改为 {is_now}", f"the calendar {name} changed from version {was} to {is_now}")
        was, is_now = stored.facts.get("snapshot"), now.facts.get("snapshot")
        if was != is_now:
            yield Reason(
                f"同级快照已由 {was or '-'} 改为 {is_now or '-'}",
                f"the snapshot of peers that counts there changed from {was or '-'} to {is_now or '-'}",
            )
        limits = [name for name in ("limit", "limit_unit", "item_name") if stored.facts.get(name) != now.facts.get(name)]
        if limits and set(stored.evidence_event_ids) == set(now.evidence_event_ids):
            zh, en = ("、".join(label(name)[0] for name in limits), ", ".join(label(name)[1] for name in limits))
            version = reference.version
            yield Reason(
                f"事项目录(现为版本 {version})中另有规定:{zh}", f"the catalogue (version {version} now) says otherwise: {en}"
            )


def _versions(book: Rulebook, stored: Alert, now: Alert | None) -> Iterator[Reason]:
    rule = book.by_id.get(stored.rule_id)
    if rule is None:
        yield Reason(f"现行规则卡中没有 {stored.rule_id}", f"{stored.rule_id} is not among the cards")
    elif rule.card.version != stored.rule_version:
        was, is_now = stored.rule_version, rule.card.version
        yield Reason(f"规则卡已由第 {was} 版改为第 {is_now} 版", f"the card changed from version {was} to {is_now}")
    elif now is None and not rule.card.effective.covers("9999-12-31"):
        yield Reason(f"规则卡只在 {_span(rule.card.effective)} 有效", f"the card judges in {_span(rule.card.effective)} only")


def _words_only(found: Collection[Difference]) -> Iterator[Reason]:
    if {each.field for each in found} <= set(OF_THE_CARD):
        yield Reason(
            "判断相同,只有卡片给出的文字或者归类不同:卡片改了而没有换版本,或者库中的被改动",
            "the verdict is the same, what the card adds is not: the card was changed under the same version, or the store was",
        )


def _shown(one: Difference) -> Reason:
    name = one.field.removeprefix("facts.")
    zh, en = label(name) if one.field != name else _FIELDS.get(name, ("规则卡版本", "version of the card"))
    return Reason(f"{zh}({name}):{_text(one.stored)} → {_text(one.now)}", f"{en} ({name}): {_text(one.stored)} → {_text(one.now)}")


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _ids(ids: Iterable[UUID]) -> str:
    every = [str(each) for each in ids]
    return ", ".join(every[:_SHOWN]) + (" …" if len(every) > _SHOWN else "")


def _is(alert: Alert | None, state: State) -> bool:
    return alert is not None and alert.state is state


def _span(effective: Struct) -> str:
    first, last = structs.astuple(effective)
    return f"{first or ''}..{last or ''}"
