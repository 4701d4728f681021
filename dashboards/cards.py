"""An alert as the board shows it in a list, on the wall and in the stream."""

from __future__ import annotations

from dashboards.contract import Both, Card
from dashboards.names import Names
from supervision.alert import Alert


def card_of(alert: Alert, names: Names) -> Card:
    return Card(
        alert_id=alert.alert_id,
        rule_id=alert.rule_id,
        rule_name=names.rule(alert.rule_id),
        level=alert.level.value,
        disposition=alert.disposition.value,
        state=alert.state.value,
        revision=alert.revision,
        clock=alert.clock,
        source_system=alert.source_system,
        case_id=alert.case_id,
        subject_key=alert.subject_key,
        detected_at=alert.detected_at,
        due_at=alert.due_at,
        issued_wall=alert.issued_at,
        item_code=alert.item_code,
        item_name=names.item(alert.item_code),
        region_code=alert.region_code,
        region_name=names.region(alert.region_code),
        centre_id=alert.owner_centre_id,
        centre_name=names.centre(alert.owner_centre_id),
        department_id=alert.owner_department_id,
        department_name=names.department(alert.owner_department_id),
        officer_ids=list(alert.responsible_officer_ids),
        sentence=both(alert.description),
        revoke_reason=None if alert.revoke_reason is None else alert.revoke_reason.value,
    )


def both(words: dict[str, str]) -> Both:
    """A text by language; one that lacks a language takes the other."""
    zh, en = words.get("zh", ""), words.get("en", "")
    return Both(zh or en, en or zh)
