"""The annex of a plain case (`rules.plain`): what no fact that is added changes, alerts and other versions of facts.

Before it stand how many rules have alerts in it, with a mark where there is such a start, their ids, and that start.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules.packing import instant_at, stamp_of
from rules.said import Standing
from supervision.alert import State

RULE_SIZE, INSTANT_SIZE = 3, 6
STARTED = 0x80  # marks the number of an annex's rules where a start stands behind them
_encode = msgspec.msgpack.Encoder().encode


class Annex(msgspec.Struct, array_like=True):
    """`versions`: what stands in facts in force of their version, by place; `past`: the facts that are not, and what is kept of
    them, as other shapes have it; `start`: the least accepted time, if that is not of the acceptance in force."""

    alerts: list[Standing]
    versions: dict[int, dict[int, Any]]
    past: bytes
    past_kept: bytes
    start: int | None = None


_annex = msgspec.msgpack.Decoder(Annex).decode


def rules_in(blob: bytes, annex_at: int) -> frozenset[bytes]:
    """The ids of the rules that have alerts in the annex that begins there; none where nothing is left."""
    first = annex_at + 1
    end = first + (blob[annex_at] & ~STARTED) * RULE_SIZE if annex_at < len(blob) else first
    return frozenset([blob[at : at + RULE_SIZE] for at in range(first, end, RULE_SIZE)])


def stand_once(annex: bytes, rules: frozenset[bytes]) -> bool:
    """Whether each of these rules has one alert in the annex, which stands."""
    own = [standing for standing in annex_in(annex).alerts if standing.rule_id.encode() in rules]
    return len(own) == len(rules) and all(standing.state == State.ISSUED for standing in own)


def start_in(blob: bytes, annex_at: int) -> int | None:
    """The least accepted time by the annex that begins there, if that is not of the acceptance in force."""
    count = blob[annex_at]
    return instant_at(blob, annex_at + 1 + (count - STARTED) * RULE_SIZE) if count & STARTED else None


def with_alerts(annex: bytes, more: list[Standing]) -> bytes:
    """The annex with these alerts behind the others in it."""
    known = annex_in(annex)
    known.alerts += more
    return annex_with(known)


def annex_in(section: bytes) -> Annex:
    if not section:
        return Annex([], {}, b"", b"")
    count = section[0]
    return _annex(section[1 + (count & ~STARTED) * RULE_SIZE + (INSTANT_SIZE if count & STARTED else 0) :])


def annex_with(annex: Annex) -> bytes:
    """The section."""
    rules = sorted({standing.rule_id.encode() for standing in annex.alerts})
    if annex.start is None:
        return b"".join((bytes((len(rules),)), *rules, _encode(annex)))
    return b"".join((bytes((len(rules) | STARTED,)), *rules, stamp_of(annex.start), _encode(annex)))
