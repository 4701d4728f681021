"""Why there are no alerts: an empty wall must say whether nothing is wrong, or nothing was looked at. Pure."""

from __future__ import annotations

from msgspec import Struct

from dashboards.contract import Both, Quiet

BEHIND_MS = 60_000


class Seen(Struct, frozen=True):
    """What is known of one clock: `judged_behind_ms` None if no worker has said how far it is."""

    events_today: int
    is_any_source_live: bool
    has_workers: bool
    judged_behind_ms: int | None
    sink_behind: int


_WORDS = {
    "agents_behind": (
        "规则代理没有跟上,新的事件还没有判完;先看 supervision status。",
        "The rule agents are behind: new events are not judged yet; see `supervision status`.",
    ),
    "sink_behind": (
        "入库没有跟上:还有 {sink_behind} 条监察牌没有写入,统计数字不全。",
        "The store is behind: {sink_behind} alert records are not written yet, so the figures are not whole.",
    ),
    "feeds_silent": ("各来源近十分钟都没有送来事件。", "No source has sent an event in the last ten minutes."),
    "no_events": ("今日此处没有事件。", "There are no events here today."),
    "all_in_order": (
        "今日已判 {events_today} 条事件,未发现问题。",
        "{events_today} events were judged today; nothing was found wrong.",
    ),
}


def why_quiet(seen: Seen) -> Quiet:
    """The first reason that holds, the worst first."""
    if not seen.has_workers or (seen.judged_behind_ms is not None and seen.judged_behind_ms > BEHIND_MS):
        return _said("agents_behind", seen)
    if seen.sink_behind:
        return _said("sink_behind", seen)
    if not seen.is_any_source_live:
        return _said("feeds_silent", seen)
    return _said("all_in_order" if seen.events_today else "no_events", seen)


def _said(why: str, seen: Seen) -> Quiet:
    zh, en = _WORDS[why]
    values = {"sink_behind": seen.sink_behind, "events_today": seen.events_today}
    return Quiet(why, Both(zh.format(**values), en.format(**values)))  # type: ignore[arg-type]  # a key of _WORDS
