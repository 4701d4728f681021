"""What codes are called."""

from __future__ import annotations

from dashboards.names import Names
from supervision.reference import Item, Reference


def test_an_item_is_called_by_its_name_whichever_of_its_codes_an_alert_has() -> None:
    names = Names(
        Reference([Item(code="990104-XK-01", name="林木采伐许可", catalog_code="00010303000"), Item(code="GG-1", name="社保卡")]),
        {},
    )
    assert [names.item(code) for code in ("990104-XK-01", "00010303000", "GG-1", "unknown", None)] == [
        "林木采伐许可",
        "林木采伐许可",
        "社保卡",
        None,
        None,
    ]
