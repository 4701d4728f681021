"""The clock of a case drawn as a ruler: marks, pauses, extensions, days off. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.contract import Both, DaysOff, Extension, Mark, Ruler, RulerPause
from rules.picture import PauseDrawn, Picture
from rules.terms import word
from supervision.durations import HOUR_MS
from supervision.worktime import CalendarMissing, WorkCalendar

LEAST_PAD_MS = 4 * HOUR_MS
MOST_DAYS = 800  # what is longer is drawn without its days off

_LABELS = {
    "opened": Both("受理", "accepted"),
    "notice": Both("到期提示", "notice"),
    "promised_due": Both("承诺时限届满", "promised limit ends"),
    "legal_due": Both("法定时限届满", "statutory limit ends"),
    "detected": Both("发牌", "alert"),
    "decided": Both("作出决定", "decided"),
    "now": Both("现在", "now"),
}
_WEEKEND, _HOLIDAY = Both("周末", "weekend"), Both("节假日", "holiday")


def ruler(drawn: Picture | None, detected_at: int | None, now: int | None) -> Ruler | None:
    """None where nothing has opened a clock. `now`: on the case's clock; drawn only while the case is open."""
    if drawn is None or drawn.opened_at is None:
        return None
    marks = sorted(_marks(drawn, detected_at, now), key=lambda mark: mark.at)
    ends = [mark.at for mark in marks] + [pause.counted_until for pause in drawn.pauses]
    first, last = min(drawn.opened_at, marks[0].at), max(ends)
    pad = max((last - first) // 25, LEAST_PAD_MS)
    return Ruler(
        time_zone=drawn.calendar.time_zone,
        from_=first - pad,
        to=last + pad,
        opened_at=drawn.opened_at,
        marks=marks,
        pauses=[_pause(pause) for pause in drawn.pauses],
        extensions=[
            Extension(at, days, Both(f"延期 {days} 个工作日", f"{days} working days more")) for at, days in drawn.extensions
        ],
        days_off=list(days_off(drawn.calendar, first - pad, last + pad)),
    )


def _marks(drawn: Picture, detected_at: int | None, now: int | None) -> Iterator[Mark]:
    instants = {
        "opened": drawn.opened_at,
        "notice": drawn.notice_at,
        "promised_due": drawn.promised_due_at,
        "legal_due": drawn.legal_due_at,
        "detected": detected_at,
        "decided": drawn.decided_at,
        "now": now if drawn.stopped_at is None else None,
    }
    for kind, at in instants.items():
        if at is not None:
            yield Mark(at, kind, _LABELS[kind])  # type: ignore[arg-type]  # a key of _LABELS
    if drawn.stopped_at is not None and drawn.stop_type is not None:
        yield Mark(drawn.stopped_at, "completed", Both(word(drawn.stop_type, "zh"), word(drawn.stop_type, "en")))


def _pause(pause: PauseDrawn) -> RulerPause:
    return RulerPause(
        from_=pause.start,
        to=pause.end,
        kind=pause.kind,
        label=Both(word(pause.kind, "zh"), word(pause.kind, "en")) if pause.kind else Both("特别程序", "special procedure"),
        counted_until=pause.counted_until,
    )


def days_off(calendar: WorkCalendar, start: int, end: int) -> Iterator[DaysOff]:
    """Days that do not work from `start` to `end`, neighbours as one span; make-up workdays are none."""
    first, last = calendar.day_of(start), calendar.day_of(end)
    if last - first > MOST_DAYS:
        return
    began: int | None = None
    is_holiday = False
    for day in range(first, last + 2):
        is_off = day <= last and _is_off(calendar, day)
        if is_off:
            began = day if began is None else began
            is_holiday = is_holiday or (day - 1) % 7 < 5
        elif began is not None:
            label = _HOLIDAY if is_holiday else _WEEKEND
            yield DaysOff(max(calendar.day_start(began), start), min(calendar.day_start(day), end), label)
            began, is_holiday = None, False


def _is_off(calendar: WorkCalendar, day: int) -> bool:
    try:
        return not calendar.is_working(day)
    except CalendarMissing:
        return False
