"""What is answered: JSON with a result for each event, in the order they came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec

from streams.gateway.faults import Fault, RefusedError
from streams.gateway.intake import Judged, Outcome
from supervision.refusal import EXPLANATIONS, Reason

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_write = msgspec.json.Encoder().encode
CLOCK = "clock_advanced"


def results(judged: Sequence[Judged], *, only_others: bool) -> list[dict[str, Any]]:
    """One entry for each event; `only_others` leaves out the accepted."""
    return [_result(index, each) for index, each in enumerate(judged) if not (only_others and each.outcome is Outcome.ACCEPTED)]


def _result(index: int, judged: Judged) -> dict[str, Any]:
    entry: dict[str, Any] = {"index": index, "status": judged.outcome.value}
    if judged.event_id is not None:
        entry["event_id"] = judged.event_id
    if judged.refusal is not None:
        reason = judged.refusal.reason
        zh, en = EXPLANATIONS[reason]
        entry |= {"reason": reason.value, "field": judged.refusal.field, "wanted": judged.refusal.wanted}
        entry["message"] = {"zh": zh, "en": en}
    return entry


def tally(judged: Sequence[Judged]) -> dict[Outcome, int]:
    counts = dict.fromkeys(Outcome, 0)
    for each in judged:
        counts[each.outcome] += 1
    return counts


def summary(judged: Sequence[Judged], *, only_others: bool) -> tuple[int, dict[str, Any]]:
    """(status, content): 202 if anything was taken, 403 if the key was for none of it, else 400."""
    counts = tally(judged)
    told = {outcome.value: count for outcome, count in counts.items()} | {"results": results(judged, only_others=only_others)}
    if counts[Outcome.REFUSED] < len(judged):
        return 202, told
    permitted = any(each.refusal is not None and each.refusal.reason is not Reason.NOT_PERMITTED for each in judged)
    fault = Fault.NONE_TAKEN if permitted else Fault.NONE_PERMITTED
    return fault.status, fault.body(**told)


async def answer(send: Send, status: int, content: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send it as JSON."""
    await give(send, status, _write(content), b"application/json; charset=utf-8", headers)


async def give(send: Send, status: int, body: bytes, kind: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send these bytes."""
    own = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *SAFE_HEADERS, *headers]
    await send({"type": "http.response.start", "status": status, "headers": own})
    await send({"type": "http.response.body", "body": body})


SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


async def refuse(send: Send, refused: RefusedError, *, close: bool) -> None:
    """Send a fault; `close`: the connection is of no more use, since its body was not read."""
    headers: list[tuple[bytes, bytes]] = []
    if refused.fault.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refused.fault.status == 405:
        headers.append((b"allow", b"POST"))
    if refused.after_s is not None:
        headers.append((b"retry-after", str(max(1, round(refused.after_s + 0.5))).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await answer(send, refused.fault.status, refused.fault.body(**refused.more), headers)
