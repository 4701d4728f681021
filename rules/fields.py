"""The fields a card's condition may read, with their types: of the catalogue entry and of the case."""

from __future__ import annotations

from rules.expression import Type

ITEM_FIELDS: dict[str, Type] = {
    "item.code": Type.TEXT,
    "item.item_type": Type.TEXT,
    "item.case_type": Type.TEXT,
    "item.deadline_mode": Type.TEXT,
    "item.risk_class": Type.TEXT,
    "item.auto_approval": Type.TRUTH,
    "item.has_legal_limit": Type.TRUTH,
    "item.extension_max_wd": Type.NUMBER,
    "item.excluded_kinds": Type.TEXTS,
    "item.region_code": Type.TEXT,
    "item.department_id": Type.TEXT,
    "item.promised_limit.value": Type.NUMBER,
    "item.promised_limit.unit": Type.TEXT,
    "item.legal_limit.value": Type.NUMBER,
    "item.legal_limit.unit": Type.TEXT,
}
CASE_FIELDS: dict[str, Type] = {
    "case.source_system": Type.TEXT,
    "case.item_catalog_code": Type.TEXT,
    "case.item_implement_code": Type.TEXT,
    "case.item_type": Type.TEXT,
    "case.case_type": Type.TEXT,
    "case.region_code": Type.TEXT,
    "case.centre_id": Type.TEXT,
    "case.department_id": Type.TEXT,
}
FIELDS: dict[str, Type] = ITEM_FIELDS | CASE_FIELDS
"""What conditions of cards are compiled against; the engine gives the roots `item` and `case`."""
