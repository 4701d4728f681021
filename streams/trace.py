"""The headers that lead from an event's record to the alert it caused: the trace (W3C Trace Context), and when the cause was.

The gateway puts `traceparent` on each record, agents carry it on to alerts, the sink counts from the instants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TRACEPARENT = "traceparent"
OCCURRED_AT = "occurred-at"  # ms UTC; on alerts
RECEIVED_AT = "received-at"  # ms UTC; on alerts
_VALID = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent(trace_id: str, span_id: str) -> bytes:
    """The header's content for 32 and 16 hexadecimal digits."""
    return f"00-{trace_id}-{span_id}-01".encode()


def trace_of(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """The trace id that a record carries; None if it has none, or none that is one."""
    for name, content in headers:
        if name == TRACEPARENT and content is not None:
            match = _VALID.fullmatch(content)
            return match[1].decode() if match else None
    return None
