"""What a query string asks for, as a `Filter`; every mistake names its field."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.access.rights import Scope
from dashboards.api.answers import ProblemError, bad, forbidden
from dashboards.queries.history import MOST, PAGE, Cursor, Filter
from supervision.alert import Disposition, Level, State
from supervision.regions import significant

PARAMETERS = {
    "rule": "rule ids, comma-separated",
    "level": "notice, yellow, red; comma-separated",
    "state": "issued, revoked, withheld; comma-separated",
    "department": "department ids, comma-separated",
    "centre": "centre ids, comma-separated",
    "item": "item codes, comma-separated",
    "officer": "officer ids, comma-separated",
    "case": "case ids, comma-separated",
    "source": "source systems, comma-separated",
    "clock": "clocks, comma-separated",
    "region": "a region's code: it and all below it",
    "from": "ms of detected_at, inclusive",
    "to": "ms of detected_at, exclusive",
    "disposition": "card, clue; comma-separated (card unless said)",
}
PAGE_PARAMETERS = PARAMETERS | {"cursor": "of the page before", "limit": f"at most {MOST}, {PAGE} unless said"}
MOST_VALUES = 200


def filter_of(asked: Mapping[str, str], scope: Scope, known: Mapping[str, str] = PAGE_PARAMETERS) -> Filter:
    """Raises ProblemError: 400 naming the field, 403 for clues that the scope may not see."""
    for name in asked:
        if name not in known and name != "lang":
            raise bad(name, f"没有这个条件;有 {', '.join(known)}", f"no such filter; there are {', '.join(known)}")
    dispositions = _words(asked, "disposition", [each.value for each in Disposition]) or ("card",)
    if "clue" in dispositions and not scope.sees_clues:
        raise forbidden("线索仅供纪检监察查看。", "Clues are for discipline inspection only.")
    return Filter(
        rules=_list(asked, "rule"),
        levels=_words(asked, "level", [each.value for each in Level]),
        states=_words(asked, "state", [each.value for each in State]),
        departments=_list(asked, "department"),
        centres=_list(asked, "centre"),
        items=_list(asked, "item"),
        officers=_list(asked, "officer"),
        cases=_list(asked, "case"),
        sources=_list(asked, "source"),
        clocks=_list(asked, "clock"),
        region=significant(asked["region"]) if asked.get("region") else "",
        since=_instant(asked, "from"),
        until=_instant(asked, "to"),
        dispositions=dispositions,
    )


def limit_of(asked: Mapping[str, str]) -> int:
    found = _number(asked, "limit")
    if found is None:
        return PAGE
    if not 1 <= found <= MOST:
        raise bad("limit", f"应为 1 至 {MOST}", f"wanted 1 to {MOST}")
    return found


def cursor_of(asked: Mapping[str, str]) -> Cursor | None:
    text = asked.get("cursor")
    if not text:
        return None
    at, _, alert_id = text.partition(".")
    if not at.lstrip("-").isdigit() or len(at) > 15 or not alert_id.isalnum() or len(alert_id) > 32:
        raise bad("cursor", "不是上一页给出的游标", "not a cursor that a page gave")
    return int(at), alert_id


def text_of(cursor: Cursor | None) -> str | None:
    return None if cursor is None else f"{cursor[0]}.{cursor[1]}"


def _list(asked: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in asked.get(name, "").split(",") if part.strip()))
    if len(found) > MOST_VALUES:
        raise bad(name, f"最多 {MOST_VALUES} 个值", f"at most {MOST_VALUES} values")
    return found


def _words(asked: Mapping[str, str], name: str, known: list[str]) -> tuple[str, ...]:
    found = _list(asked, name)
    for word in found:
        if word not in known:
            raise bad(name, f"{word}: 应为 {'、'.join(known)}", f"{word}: wanted one of {', '.join(known)}")
    return found


def _instant(asked: Mapping[str, str], name: str) -> int | None:
    found = _number(asked, name)
    if found is not None and not -(2**53) < found < 2**53:
        raise bad(name, "超出范围", "out of range")
    return found


def _number(asked: Mapping[str, str], name: str) -> int | None:
    text = asked.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise _no_number(name, text) from None


def _no_number(name: str, text: str) -> ProblemError:
    return bad(name, f"{text[:40]}: 应为整数(毫秒)", f"{text[:40]}: wanted a whole number (ms)")
