"""Rows of an XES log (IEEE 1849): one for each trace and each event, in constant memory for any number of traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from streams.sources.row import Opened, RefusedRow, Row, RowReason, Value
from supervision.language import UserError, say

_CONTAINERS = {"list", "container"}


def rows(file: Opened) -> Iterator[Row | RefusedRow]:
    """A trace gives one row of its own attributes, keyed `case:<key>`, then one for each event, which has them too.

    Attributes inside an attribute are keyed `<key>/<inner key>`; a list is the tuple of its values. The log's global
    defaults are not filled in: a value that is absent stays absent. Raises UserError where the XML is broken.
    """
    found = etree.iterparse(
        file.stream, events=("end",), tag=("{*}trace", "{*}event"), resolve_entities=False, no_network=True, remove_comments=True
    )
    try:
        for _, element in found:
            parent = element.getparent()
            if _name(element) == "event":
                if parent is None or _name(parent) != "trace":
                    yield RefusedRow(_line(element), RowReason.NO_CASE, wanted="event inside a trace")
                    _forget(element)
                continue
            yield from _trace(element)
            _forget(element)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 0
        raise UserError(say(f"{file.path}:{line}: XML 有误: {error.msg}", f"{file.path}:{line}: broken XML: {error.msg}")) from None


def _trace(trace: etree._Element) -> Iterator[Row]:
    case: dict[str, Value] = {}
    for child in trace:
        if _name(child) != "event":
            _collect(child, "case:", case)
    yield Row(_line(trace), case, tells_event=False)
    for child in trace:
        if _name(child) == "event":
            values = dict(case)
            for attribute in child:
                _collect(attribute, "", values)
            yield Row(_line(child), values, tells_case=False)


def _collect(element: etree._Element, prefix: str, into: dict[str, Value]) -> None:
    key = element.get("key")
    if key is None:
        return
    key = prefix + key
    if _name(element) in _CONTAINERS:
        inside = [item for child in element for item in (child if _name(child) == "values" else (child,))]
        into[key] = tuple(value for item in inside if (value := item.get("value")) is not None)
        return
    value = element.get("value")
    if value is not None:
        into[key] = value
    for child in element:
        _collect(child, f"{key}/", into)


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _line(element: etree._Element) -> int:
    return cast("int | None", element.sourceline) or 0


def _forget(element: etree._Element) -> None:
    """Free what was read: the element and all that stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
