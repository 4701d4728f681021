"""An example of a card drawn as a timeline: an SVG to scale, with the days off, what happened, the limit and the alerts. Pure.

`rules.pages` writes it beside the rule's page; the board shows it in its own colours (`styled=False`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from msgspec import Struct

from rules.card import Card, Example
from rules.parameters import Deadline, LimitOf
from rules.sandbox import ZONE, each, instant, sandbox
from rules.terms import word
from supervision.calendars import calendars_of
from supervision.durations import MINUTE_MS
from supervision.worktime import CalendarMissing, WorkCalendar

WIDTH, LEFT, RIGHT = 1000, 190, 560  # the picture; where the scale begins and ends: times stand before it, words behind it
TOP, ROW, TEXT = 32, 27, 576
SPAN_COLUMNS = 58  # letters of words that fit behind the scale, a Chinese one counting two
NEAR = 0.012  # of the scale: what is alike and nearer than this is one row
MOST_DAYS = 500
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 10_080, 20_160, 43_200, 86_400)  # minutes between ticks
_ACCEPTANCES = ("case_accepted", "supplement_accepted")
_OPENS = {
    LimitOf.PROMISED: _ACCEPTANCES,
    LimitOf.LEGAL: _ACCEPTANCES,
    LimitOf.STEP: ("step_started",),
    LimitOf.PAUSE: ("special_procedure_started",),
}
_SHAPES = {
    "notice": '<circle class="notice" cx="{x}" cy="{y}" r="6"/>',
    "yellow": '<path class="yellow" d="M{x} {y} m0 -7.5 7.5 13 h-15z"/>',
    "red": '<path class="red" d="M{x} {y} m0 -8.5 8.5 8.5 -8.5 8.5 -8.5 -8.5z"/>',
    "event": '<circle class="event" cx="{x}" cy="{y}" r="4.5"/>',
    "correction": '<circle class="again" cx="{x}" cy="{y}" r="4.5"/>',
    "due": '<path class="duemark" d="M{x} {y} m-1.5 -7 h3 v14 h-3z"/>',
    "clock": '<path class="clock" d="M{x} {y} m-4 -4 8 8 m0 -8 -8 8"/>',
    "quiet": '<circle class="quiet" cx="{x}" cy="{y}" r="5.5"/>',
}
_STYLE = """
text{font:13px system-ui,"Noto Sans CJK SC",sans-serif;fill:#15202c}
.mono{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12px}
.soft{fill:#55626f}.bold{font-weight:600}.gone{text-decoration:line-through}
.off{fill:#e4e9ef}.grid{stroke:#d6dde5}.lead{stroke:#9aa7b4;stroke-dasharray:2 3}
.track{fill:#cfd7e0}.run{fill:#0b57a4;opacity:.75}.late{fill:#bd1a2d}
.pause{fill:#fff;stroke:#7b8896;stroke-dasharray:3 2}
.due{stroke:#7a5000;stroke-dasharray:5 3;stroke-width:1.5}.duemark{fill:#7a5000}
.event{fill:#3f4d5c}.again{fill:none;stroke:#3f4d5c;stroke-width:2}
.clock{stroke:#7b8896;stroke-width:1.5}.quiet{fill:none;stroke:#1b6b3f;stroke-width:2.5}
.notice{fill:#20699f}.yellow{fill:#f2b600;stroke:#7a5000}.red{fill:#bd1a2d}
@media (prefers-color-scheme:dark){
text{fill:#e9eef4}.soft{fill:#a0aebd}.off{fill:#253245}.grid{stroke:#2d3b4e}.lead{stroke:#55667a}
.track{fill:#2d3b4e}.run{fill:#7bbcf6}.late,.red{fill:#ff6b7a}.pause{fill:#141c27;stroke:#8794a3}
.due{stroke:#ffcf48}.duemark{fill:#ffcf48}.event{fill:#bcc8d5}.again{stroke:#bcc8d5}
.notice{fill:#5aa9ea}.quiet{stroke:#6fd39b}}
"""
_SAID = {
    "quiet": ("无牌", "no alert"),
    "due": ("届满", "limit ends"),
    "picture": ("例子时间线", "timeline of the example"),
    "revoked": ("(已撤销)", "(revoked)"),
    "withheld": ("(暂缓)", "(withheld)"),
}


class Row(Struct):
    """One row of the picture: from `at` to `until` (ms), as often as `count`; `shape` is a key of `_SHAPES`."""

    at: int
    until: int
    shape: str
    name: str
    details: str = ""
    count: int = 1
    is_gone: bool = False


def timeline(card: Card, example: Example, language: str, *, styled: bool = True) -> str:
    """The SVG. `styled`: with colours of its own, light and dark; else with classes alone."""
    drawn = _Drawing(card, example, language)
    return "\n".join(drawn.lines(styled=styled)) + "\n"


class _Drawing:
    def __init__(self, card: Card, example: Example, language: str) -> None:
        self._card = card
        self._example = example
        self._language = language
        entries = [event for entry in example.events for event in each(entry)]
        moments = [instant(str(event.get("at", event.get("clock")))) for event in entries]
        moments += [instant(one.detected_at) for one in example.expect] + [
            instant(one.due_at) for one in example.expect if one.due_at
        ]
        end = max(moments) if example.expect else max([*moments, instant(example.clock)])
        pad = max((end - min(moments)) // 25, MINUTE_MS)
        self._first, self._last = min(moments) - pad, end + pad
        self._dues = sorted({instant(one.due_at) for one in example.expect if one.due_at})
        self._entries = entries
        self._rows = [*self._grouped(sorted(self._all_rows(entries), key=lambda row: row.at))]
        self._bottom = TOP + 16 + ROW * len(self._rows)

    # -- rows ---------------------------------------------------------------------------------------------------

    def _all_rows(self, entries: Iterable[dict[str, Any]]) -> Iterator[Row]:
        for event in entries:
            if "clock" in event:
                at = instant(str(event["clock"]))
                yield Row(at, at, "clock", word("clock", self._language))
                continue
            at = instant(str(event["at"]))
            name = word(str(event.get("type")), self._language)
            if "corrects" in event:
                name += f" ({word('correction', self._language)})"
            yield Row(at, at, "correction" if "corrects" in event else "event", name, _details(event))
        for due in self._dues:
            yield Row(due, due, "due", self._say("due"))
        for one in self._example.expect:
            at, state = instant(one.detected_at), one.state.value
            name = f"{self._card.id} {word(one.level.value, self._language)}"
            is_gone = state == "revoked"
            yield Row(at, at, one.level.value, name, "" if state == "issued" else self._say(state), is_gone=is_gone)
        if not self._example.expect:
            at = instant(self._example.clock)
            yield Row(at, at, "quiet", self._say("quiet"))

    def _grouped(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Neighbours that are alike become one row that says how many they are."""
        held: Row | None = None
        near = NEAR * (self._last - self._first)
        for row in rows:
            if (
                held is not None
                and (held.shape, held.name) == (row.shape, row.name) == ("event", row.name)
                and row.at - held.until < near
            ):
                held.until, held.count = row.at, held.count + 1
                held.details = _common(held.details, row.details)
                continue
            if held is not None:
                yield held
            held = row
        if held is not None:
            yield held

    # -- drawing ------------------------------------------------------------------------------------------------

    def lines(self, *, styled: bool) -> Iterator[str]:
        height = self._bottom + 12
        title = f"{self._card.id} {self._say('picture')}: {getattr(self._example.name, self._language)}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline-drawn" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label="{escape(title)}">'
        )
        yield f"<title>{escape(title)}</title>"
        if styled:
            yield f"<style>{_STYLE.strip()}</style>"
        yield from self._days_off()
        yield from self._grid()
        yield from self._track()
        for due in self._dues:
            x = self._x(due)
            yield f'<line class="due" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{self._bottom}"/>'
        for number, row in enumerate(self._rows):
            yield from self._row(row, TOP + 30 + ROW * number)
        yield "</svg>"

    def _row(self, row: Row, y: int) -> Iterator[str]:
        x = self._x(row.at)
        end = self._x(row.until)
        yield f'<line class="lead" x1="{end}" y1="{y}" x2="{TEXT - 8}" y2="{y}"/>'
        if end - x > 1:
            yield f'<line class="again" x1="{x}" y1="{y}" x2="{end}" y2="{y}"/>'
        yield _SHAPES[row.shape].format(x=x, y=y)
        when = _when(row.at)
        yield f'<text class="mono soft" x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{when}</text>'
        name = f"{row.name} ×{row.count}" if row.count > 1 else row.name
        left = SPAN_COLUMNS - columns(name) - 2
        details = f' <tspan class="soft">{escape(_cut(row.details, left))}</tspan>' if row.details and left > 8 else ""
        gone = ' class="gone"' if row.is_gone else ' class="bold"'
        yield f'<text x="{TEXT}" y="{y + 4}"><tspan{gone}>{escape(name)}</tspan>{details}</text>'

    def _days_off(self) -> Iterator[str]:
        calendar = self._calendar()
        first, last = calendar.day_of(self._first), calendar.day_of(self._last)
        if last - first > MOST_DAYS or last == first:
            return
        began: int | None = None
        for day in range(first, last + 2):
            if day <= last and not _works(calendar, day):
                began = day if began is None else began
            elif began is not None:
                x1, x2 = self._x(max(calendar.day_start(began), self._first)), self._x(min(calendar.day_start(day), self._last))
                yield f'<rect class="off" x="{x1}" y="{TOP - 6}" width="{round(x2 - x1, 1)}" height="{self._bottom - TOP + 6}"/>'
                began = None

    def _grid(self) -> Iterator[str]:
        for at, text in _ticks(self._first, self._last):
            x = self._x(at)
            yield f'<line class="grid" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{self._bottom}"/>'
            yield f'<text class="mono soft" x="{x}" y="{TOP - 14}" text-anchor="middle">{text}</text>'

    def _track(self) -> Iterator[str]:
        """The limit as a bar: running from the opening to its end, late behind it, pauses within."""
        yield f'<rect class="track" x="{LEFT}" y="{TOP - 1}" width="{RIGHT - LEFT}" height="6" rx="3"/>'
        due = max(self._dues, default=None)
        opened = None if due is None else self._opened(due)
        if due is None or opened is None or opened > due:
            return
        x1, x2 = self._x(opened), self._x(due)
        yield f'<rect class="run" x="{x1}" y="{TOP - 1}" width="{round(x2 - x1, 1)}" height="6" rx="3"/>'
        late = max(instant(one.detected_at) for one in self._example.expect)
        if late > due:
            yield f'<rect class="late" x="{x2}" y="{TOP - 1}" width="{round(max(self._x(late) - x2, 2), 1)}" height="6"/>'
        for start, end in self._pauses() if _opens(self._card) != _OPENS[LimitOf.PAUSE] else ():
            x1, x2 = self._x(start), self._x(min(end, self._last))
            yield f'<rect class="pause" x="{x1}" y="{TOP - 1}" width="{round(x2 - x1, 1)}" height="6"/>'

    def _opened(self, due: int) -> int | None:
        """What the limit runs from: the earliest fact of a kind that opens it; where any fact does, the last one before its end."""
        opens = _opens(self._card)
        told = [(instant(str(event["at"])), event.get("type")) for event in self._entries if "at" in event]
        if opens is None:
            return max((at for at, _ in told if at <= due), default=None)
        return min((at for at, kind in told if kind in opens), default=None)

    def _pauses(self) -> Iterator[tuple[int, int]]:
        ends = {event.get("seq"): event for event in self._entries if event.get("type") == "special_procedure_ended"}
        for event in self._entries:
            if event.get("type") == "special_procedure_started":
                end = ends.get(event.get("seq"))
                yield instant(str(event["at"])), self._last if end is None else instant(str(end["at"]))

    # -- measures -----------------------------------------------------------------------------------------------

    def _x(self, at: int) -> float:
        share = (at - self._first) / (self._last - self._first)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def _calendar(self) -> WorkCalendar:
        reference = sandbox(self._example.catalogue, self._card.id)
        return calendars_of(reference).of_region("430111", self._first)

    def _say(self, name: str) -> str:
        return _SAID[name][0 if self._language == "zh" else 1]


def _opens(card: Card) -> tuple[str, ...] | None:
    """The events from which the limit of this card runs; None: from any."""
    detector = card.detector
    if not isinstance(detector, Deadline):
        return None
    if detector.limit is LimitOf.FIXED:
        return tuple(str(getattr(one, "event", one)) for one in (*detector.start, *detector.otherwise))
    return _OPENS.get(detector.limit)


def _works(calendar: WorkCalendar, day: int) -> bool:
    try:
        return calendar.is_working(day)
    except CalendarMissing:
        return True


def _details(event: dict[str, Any]) -> str:
    """The fields an event names, those that identify it apart."""
    left_out = ("type", "at", "label", "corrects")
    return ", ".join(f"{name} {_plain(value)}" for name, value in event.items() if name not in left_out and value is not None)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    if isinstance(value, dict):
        return " ".join(f"{name} {_plain(each)}" for name, each in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _common(one: str, other: str) -> str:
    """The details that two rows share."""
    others = set(other.split(", "))
    return ", ".join(part for part in one.split(", ") if part in others)


def _when(at: int) -> str:
    local = datetime.fromtimestamp(at // 1000, tz=ZONE)
    if at % 1000:
        return f"{local:%Y-%m-%d %H:%M:%S}.{at % 1000:03d}"
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def _ticks(first: int, last: int) -> Sequence[tuple[int, str]]:
    """Six to nine instants on round local times, with what to call them."""
    step = next((minutes for minutes in _STEPS if (last - first) / (minutes * MINUTE_MS) <= 7), _STEPS[-1])
    local = datetime.fromtimestamp(first // 1000, tz=ZONE)
    at = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[tuple[int, str]] = []
    while (now := round(at.timestamp() * 1000)) <= last:
        if now >= first:
            is_day = at.hour == at.minute == 0
            found.append((now, f"{at:%m-%d}" if is_day else f"{at:%H:%M}"))
        at += timedelta(minutes=step)
    return found


def columns(text: str) -> int:
    """How wide a text is in letters, a Chinese one counting two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str, most: int) -> str:
    """The text, or as much of its beginning as is at most so wide."""
    if columns(text) <= most:
        return text
    kept = ""
    for letter in text:
        if columns(kept + letter) > most - 1:
            break
        kept += letter
    return kept.rstrip(", ") + "…"
