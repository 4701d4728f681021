"""Reference data: what the engine knows besides events, effective-dated and versioned, as records of one topic and as lookups.

Files are read by `supervision.loading`; the topic `reference` holds each entry under `kind/key/valid_from`.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import msgspec

from supervision.entries import (
    ENTRY_TYPES,
    Authorisation,
    CalendarData,
    Centre,
    Department,
    DueDayEnds,
    FeeStandard,
    Hours,
    Item,
    ItemStatus,
    JointMember,
    Material,
    Officer,
    Outage,
    Pair,
    Region,
    RiskClass,
    Source,
    Step,
    Threshold,
    Waiver,
    Window,
    Workflow,
)
from supervision.entry import Entry
from supervision.peer import Peer, peer_key
from supervision.refusal import Reason, Refusal, precheck, refuse
from supervision.regions import chain, level_of, significant

__all__ = [
    "ENTRY_TYPES",
    "Authorisation",
    "CalendarData",
    "Centre",
    "Department",
    "DueDayEnds",
    "Entry",
    "FeeStandard",
    "Hours",
    "Item",
    "ItemStatus",
    "JointMember",
    "Material",
    "Officer",
    "Outage",
    "Pair",
    "Peer",
    "Reference",
    "Region",
    "RiskClass",
    "Source",
    "Step",
    "Threshold",
    "Waiver",
    "Window",
    "Workflow",
    "from_record",
    "to_record",
    "version_of",
]

_ALWAYS = -(2**62)


def to_record(entry: Entry) -> tuple[str, bytes]:
    """(key, value) of the entry in the topic. A later record of the same key replaces it; an empty value takes it out."""
    start = "" if entry.valid_from is None else entry.valid_from
    content = {"kind": entry.KIND, **msgspec.to_builtins(entry)}
    return f"{entry.KIND}/{entry.key}/{start}", msgspec.json.encode(content, order="sorted")


def from_record(key: str, value: bytes | None) -> Entry | Refusal:
    """The entry of a record that is no removal. Takes any bytes; raises nothing. Fields of a newer version are ignored."""
    refused = precheck(value)
    if refused is not None:
        return refused
    assert value is not None
    try:
        content = msgspec.json.decode(value)
        if not isinstance(content, dict):
            return Refusal(reason=Reason.NOT_AN_OBJECT, wanted="a JSON object")
        kind = ENTRY_TYPES.get(str(content.get("kind")))
        if kind is None:
            return Refusal(reason=Reason.VALUE_OUT_OF_RANGE, field="kind", wanted="one of " + ", ".join(ENTRY_TYPES))
        entry = msgspec.convert(content, kind)
    except (ValueError, RecursionError) as error:
        return refuse(error, Entry)
    if to_record(entry)[0] != key:
        return Refusal(reason=Reason.VALUE_OUT_OF_RANGE, field="key", wanted=f"the entry's own key {to_record(entry)[0]}")
    return entry


def version_of(entries: Iterable[Entry]) -> str:
    """16 hexadecimal digits drawn from the contents: the same entries in any order have the same version."""
    digest = hashlib.sha256()
    for key, value in sorted(map(to_record, entries)):
        digest.update(b"%d %d " % (len(key.encode()), len(value)) + key.encode() + value)
    return digest.hexdigest()[:16]


class Reference:
    """An immutable set of entries with lookups in force at an instant.

    `version` names the publication it came from; without one it is drawn from the contents.
    """

    def __init__(self, entries: Iterable[Entry] = (), version: str | None = None) -> None:
        self.entries: tuple[Entry, ...] = tuple(entries)
        self.version = version_of(self.entries) if version is None else version
        self._index: dict[tuple[str, str], tuple[list[int], list[Entry]]] = {}
        by_key: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            by_key.setdefault((entry.KIND, entry.key), []).append(entry)
        for key, versions in by_key.items():
            versions.sort(key=lambda entry: _ALWAYS if entry.valid_from is None else entry.valid_from)
            starts = [_ALWAYS if entry.valid_from is None else entry.valid_from for entry in versions]
            self._index[key] = (starts, versions)
        self._memo: dict[Any, Any] = {}
        self._regions = {significant(entry.code): entry.code for entry in self.entries if isinstance(entry, Region)}

    def get(self, kind: str, key: str, at: int) -> Entry | None:
        """The entry of this kind and key in force at `at` (ms), or None."""
        found = self._index.get((kind, key))
        if found is None:
            return None
        starts, versions = found
        position = bisect_right(starts, at) - 1
        if position < 0:
            return None
        entry = versions[position]
        return entry if entry.valid_to is None or at < entry.valid_to else None

    def versions(self, kind: str, key: str) -> tuple[Entry, ...]:
        """All entries of this kind and key, by the start of their spans."""
        found = self._index.get((kind, key))
        return () if found is None else tuple(found[1])

    def of_kind(self, kind: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if kind == entry.KIND)

    def source(self, name: str) -> Source:
        """The source's profile; an unregistered source lives on the wall clock with default grace."""
        memo = self._memo.get(name)
        if memo is None:
            found = self._index.get(("source", name))
            memo = found[1][-1] if found else Source(name=name)
            self._memo[name] = memo
        assert isinstance(memo, Source)
        return memo

    def item(self, code: str, at: int) -> Item | None:
        entry = self.get("item", code, at)
        assert entry is None or isinstance(entry, Item)
        return entry

    def centre(self, centre_id: str, at: int) -> Centre | None:
        entry = self.get("centre", centre_id, at)
        assert entry is None or isinstance(entry, Centre)
        return entry

    def officer(self, officer_id: str, at: int) -> Officer | None:
        entry = self.get("officer", officer_id, at)
        assert entry is None or isinstance(entry, Officer)
        return entry

    def peer(self, item_code: str, region: str | None, at: int) -> Peer | None:
        """What is usual for the item at the level of this region, by the snapshot in force."""
        entry = self.get("peer", peer_key(item_code, level_of(region)), at) or self.get("peer", peer_key(item_code, None), at)
        assert entry is None or isinstance(entry, Peer)
        return entry

    def has_peers(self, item_code: str, region: str | None) -> bool:
        """Whether any snapshot, of whatever time, knows the item at the level of this region."""
        return any(("peer", peer_key(item_code, level)) in self._index for level in (level_of(region), None))

    def regions(self, code: str, at: int) -> tuple[Region, ...]:
        """The registered regions that hold the place `code`, the nearest first, by the prefixes of GB/T 2260."""
        codes = (self._regions.get(prefix) for prefix in chain(code))
        found = (self.get("region", registered, at) for registered in codes if registered is not None)
        return tuple(region for region in found if isinstance(region, Region))
