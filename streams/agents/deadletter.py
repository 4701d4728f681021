"""The dead letter: what came, byte for byte, with the reason in its headers. Written by agents, read by the sink.

Key and value are those of the record, its own headers come first. Ours follow, all text in UTF-8:
`dead-reason` (a word of `supervision.refusal.Reason`), `dead-field`, `dead-wanted`, `dead-topic`, `dead-partition`, `dead-offset`,
`dead-timestamp` (broker's, ms UTC). A record too large for the topic is cut: `dead-length` and `dead-sha256` tell of the whole.
"""

from __future__ import annotations

import hashlib

from streams.agents.transaction import Message
from streams.agents.transport import Batch, Headers
from supervision.refusal import Refusal
from supervision.topics import DEAD_LETTERS

ROOM = 64 * 1024  # for our headers, the record's frame and the batch's
MOST = DEAD_LETTERS.max_message_bytes - ROOM


def dead_letter(topic: str, batch: Batch, index: int, refusal: Refusal) -> Message:
    """The letter for record `index` of `batch`, refused so; to be written to `topic`."""
    key, value, headers = batch.keys[index], batch.values[index], batch.headers[index]
    told = [
        ("dead-reason", refusal.reason.value),
        ("dead-field", refusal.field),
        ("dead-wanted", refusal.wanted),
        ("dead-topic", batch.tp.topic),
        ("dead-partition", str(batch.tp.partition)),
        ("dead-offset", str(batch.offsets[index])),
        ("dead-timestamp", str(batch.timestamps[index])),
    ]
    if _size(key, value, headers) > MOST:
        whole = value or b""
        told += [("dead-length", str(len(whole))), ("dead-sha256", hashlib.sha256(whole).hexdigest())]
        key, value, headers = _cut(key, whole, headers)
    return Message(topic, key, value, None, (*headers, *((name, text.encode()) for name, text in told)))


def _size(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Bytes of a record, a little more rather than less."""
    return len(key or b"") + len(value or b"") + sum(len(name) * 4 + len(content or b"") + 16 for name, content in headers)


def _cut(key: bytes | None, value: bytes, headers: Headers) -> tuple[bytes | None, bytes, Headers]:
    """As much as fits: headers before the value, since trace ids are in them, unless they fill the room by themselves."""
    if _size(key, None, headers) > MOST:
        key, headers = (key or b"")[:1024], ()
    return key, value[: MOST - _size(key, None, headers)], headers
