"""The subject engine: signals and activity events of one subject, judged behind the watermark; one partition of `activity-events`.

The watermark of a clock is the least step heard over all partitions of `case-events` and this partition's own, less the
largest grace among the clock's sources: so a stalled import never holds up a live subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct, field

from rules.book import Rule, Rulebook
from rules.chain import in_force
from rules.clocks import NEVER, WALL, Clocks
from rules.issue import Because, Said, Suppression, changes, identify, message
from rules.kinds.window import Finding, Hit
from rules.output import Item, Output, Size
from rules.packing import FORMAT, Meta, pack_meta, take_up, unpack_meta
from rules.said import Core, Standing
from rules.upkeep import Upkeep
from supervision.alert import State
from supervision.calendars import calendars_of
from supervision.event import CaseEvent, ClockAdvanced, EventType, SourceOp
from supervision.reference import Reference
from supervision.signal import ClockStep, Signal
from supervision.subject import on_clock, subject_of
from supervision.worktime import CalendarMissing, WorkCalendar

META = ""
OWN = "own"
DAY_MS = 86_400_000
KEEP_DAYS = 60
LOOK_BACK_DAYS = 30
READS = frozenset({EventType.LEAVE_APPROVED})  # activity events that windows are judged by
ONE_DATE_MS = 2 * DAY_MS  # no local date begins earlier than this before any instant in it
FAR = 2**62


class Leave(Struct, array_like=True):
    """A leave or an overtime as approved, one version of it. `id`: the event's, 16 bytes; `from_`, `to` in ms UTC, or dates."""

    id: bytes
    at: int
    kind: str | None
    from_: int | str | None
    to: int | str | None
    version: int = 1
    deleted: bool = False
    supersedes: bytes | None = None


class Heard(Struct, array_like=True):
    """The highest revision of one signal. `fact_id` 16 bytes; `data` None when withdrawn."""

    kind: str
    fact_id: bytes
    source: str
    case: str
    revision: int
    at: int
    data: dict[str, Any] | None


class Folder(Struct, array_like=True):
    """The state of one subject on one clock: signals, activity facts, what was said.

    `since`: verdicts detected before it stand for good, because facts they would be judged by are gone. `judged`: the watermark
    it was judged at last.
    """

    format: int = FORMAT
    clock: str = "wall"
    signals: list[Heard] = field(default_factory=list)
    facts: list[Leave] = field(default_factory=list)
    alerts: list[Standing] = field(default_factory=list)
    wake: int | None = None
    since: int = NEVER
    judged: int = NEVER


class Touched(Struct):
    """A folder while a call works on it: the newest fact, and the earliest instant (ms) of what changed in it."""

    folder: Folder
    newest: bytes | None = None
    changed_at: int = NEVER


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Folder)


def _unpack(blob: bytes) -> Folder:
    return take_up(_decoder, blob)


class SubjectEngine:
    """Implements `rules.output.Engine` for subjects. `case_partitions`: how many partitions of case-events send steps."""

    def __init__(self, book: Rulebook, reference: Reference, partition: int = 0, case_partitions: int = 1) -> None:
        self._book = book
        self._partition = partition
        self._heard_from = (OWN, *(str(number) for number in range(case_partitions)))
        self._blobs: dict[str, bytes] = {}
        self._steps: dict[str, dict[str, int]] = {}
        self._clocks = Clocks(self._instant_of)
        self._wakes: dict[str, int] = {}
        self._changed: dict[str, bytes | None] = {}
        self._has_heard = False
        self._adopt(reference)
        self._upkeep = Upkeep(self._judges_by())

    def _adopt(self, reference: Reference) -> None:
        self._reference = reference
        self._calendars = calendars_of(reference)
        self._suppression = Suppression(reference)
        profiles = [reference.source(entry.key) for entry in reference.of_kind("source")]
        live = [profile for profile in (*profiles, reference.source("")) if profile.clock == WALL]
        self._wall_grace_ms = 1000 * max(profile.late_grace_s for profile in live)
        self._keep_ms = DAY_MS * max(KEEP_DAYS, *(profile.keep_days or 0 for profile in live))

    def _judges_by(self) -> str:
        return f"{self._reference.version}/{self._book.version}"

    # -- Engine -------------------------------------------------------------------------------------------------

    def process(self, items: Sequence[Item]) -> Output:
        output = Output()
        touched: dict[str, Touched] = {}
        for item in items:
            if isinstance(item, Signal):
                self._hear(item, touched)
            elif isinstance(item, CaseEvent):
                self._take(item, touched)
            elif isinstance(item, ClockAdvanced):
                self._has_heard |= self._step(OWN, item.clock, item.to)
            elif isinstance(item, ClockStep):
                self._has_heard |= self._step(str(item.partition), item.clock, item.to)
        for key, found in touched.items():
            self._judge(key, found, output)
        for clock in self._clocks.pending():
            self._fire(clock, 1_000_000_000, output)
        return output

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        output = Output()
        self._step(OWN, clock, to)
        self._fire(clock, limit, output)
        self._upkeep.refresh(limit, lambda key: self._judge_again(key, output), output)
        return output

    def changes(self) -> list[tuple[str, bytes | None]]:
        upkeep = self._upkeep
        if self._changed or self._has_heard or upkeep.has_caught_up:
            self._changed[META] = pack_meta(Meta(clocks=self._clocks.pack(), judged_by=upkeep.judged_by, steps=self._steps))
            self._has_heard = upkeep.has_caught_up = False
        changed, self._changed = self._changed, {}
        return list(changed.items())

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        judged_by = self._upkeep.judges_by
        for key, blob in entries:
            if key == META:
                meta = unpack_meta(blob)
                self._steps, judged_by = meta.steps, meta.judged_by
                self._clocks.restore(meta.clocks)
            else:
                self._blobs[key] = blob
                self._arm(key, _unpack(blob))
        self._upkeep.restored(judged_by, self._blobs)

    def use(self, reference: Reference) -> None:
        if reference.version != self._reference.version:
            self._adopt(reference)
            self._upkeep.use(self._judges_by(), self._blobs)

    def clocks(self) -> dict[str, int]:
        return {clock: steps[OWN] for clock, steps in self._steps.items() if OWN in steps}

    def size(self) -> Size:
        return Size(len(self._blobs), sum(map(len, self._blobs.values())), self._clocks.armed())

    # -- what comes in ------------------------------------------------------------------------------------------

    def _step(self, sender: str, clock: str, to: int) -> bool:
        """Whether the sender had not told so much before; moves the watermark once all have been heard."""
        steps = self._steps.setdefault(clock, {})
        if to <= steps.get(sender, NEVER):
            return False
        steps[sender] = to
        if all(name in steps for name in self._heard_from):
            grace = self._wall_grace_ms if clock == WALL else 0
            self._clocks.advance(clock, min(steps[name] for name in self._heard_from) - grace)
        return True

    def _open(self, key: str, clock: str, touched: dict[str, Touched], newest: bytes, changed_at: int) -> Folder:
        known = touched.get(key)
        if known is None:
            blob = self._blobs.get(key)
            folder = Folder(clock=clock) if blob is None else _unpack(blob)
            known = touched[key] = Touched(folder, changed_at=FAR)
        known.newest = newest
        known.changed_at = min(known.changed_at, changed_at)
        return known.folder

    def _hear(self, signal: Signal, touched: dict[str, Touched]) -> None:
        folder = self._open(signal.subject, signal.clock, touched, signal.fact_id.bytes, signal.at)
        heard = Heard(
            signal.kind,
            signal.fact_id.bytes,
            signal.source_system,
            signal.case_id or "",
            signal.revision,
            signal.at,
            None if signal.withdrawn else signal.data,
        )
        for position, known in enumerate(folder.signals):
            if known.kind == heard.kind and known.fact_id == heard.fact_id and known.source == heard.source:
                if heard.revision > known.revision:
                    folder.signals[position] = heard
                    touched[signal.subject].changed_at = min(touched[signal.subject].changed_at, known.at)
                return
        folder.signals.append(heard)

    def _take(self, event: CaseEvent, touched: dict[str, Touched]) -> None:
        subject = subject_of(event)
        if subject is None or event.event_type not in READS:
            return
        clock = self._reference.source(event.source_system).clock
        folder = self._open(on_clock(subject, clock), clock, touched, event.event_id.bytes, NEVER)
        if all(fact.id != event.event_id.bytes for fact in folder.facts):
            folder.facts.append(_leave(event))

    # -- judging ------------------------------------------------------------------------------------------------

    def _fire(self, clock: str, limit: int, output: Output) -> None:
        keys = self._clocks.due(clock, limit)
        output.note_fired(len(keys), self._clocks.oldest(clock))
        for key in keys:
            self._judge(key, Touched(_unpack(self._blobs[key]), changed_at=FAR), output)
        if self._clocks.is_due(clock):
            output.more = True
        else:
            self._clocks.passed(clock)

    def _judge(self, key: str, touched: Touched, output: Output) -> None:
        """Judge from the earliest signal that changed or was reached by the watermark; what was said of earlier dates stands."""
        folder, now = touched.folder, self._clocks.now(touched.folder.clock)
        reached = [heard.at for heard in folder.signals if folder.judged < heard.at <= now]
        if any(folder.judged < fact.at <= now for fact in folder.facts):
            reached.append(NEVER)
        since = max(folder.since, min([touched.changed_at, *reached]) - ONE_DATE_MS)
        for rule in self._book.windows:
            try:
                found = [self._said(rule, key, finding) for finding in self._findings(rule, folder, now, since)]
            except CalendarMissing as missing:
                self._upkeep.alarm(missing, output)
                continue
            before = [known for known in folder.alerts if known.rule_id == rule.id and known.core.detected_at >= since]
            said = [one for one in found if one is not None and one.core.detected_at >= since]
            for change in changes(rule.id, before, said, Because(touched.newest)):
                folder.alerts = [known for known in folder.alerts if known.alert_id != change.standing.alert_id]
                folder.alerts.append(change.standing)
                words = rule.words(change.standing.core)
                output.alerts.append(message(rule.card, change, folder.clock, None, None, words))
        folder.judged = now
        self._forget_old(folder, now)
        waiting = [at for at in (*(heard.at for heard in folder.signals), *(fact.at for fact in folder.facts)) if at > now]
        folder.wake = min(waiting) if waiting else None
        blob = _encode(folder)
        self._blobs[key] = blob
        self._changed[key] = blob
        self._arm(key, folder)

    def _judge_again(self, key: str, output: Output) -> None:
        self._judge(key, Touched(_unpack(self._blobs[key])), output)

    def _arm(self, key: str, folder: Folder) -> None:
        """Set its timer, or let go of it."""
        if folder.wake is None:
            self._wakes.pop(key, None)
        elif self._wakes.get(key) != folder.wake:
            self._wakes[key] = folder.wake
            self._clocks.arm(folder.clock, key, folder.wake)

    def _instant_of(self, _clock: str, key: str) -> int | None:
        return self._wakes.get(key)

    def _findings(self, rule: Rule, folder: Folder, now: int, since: int) -> Iterable[tuple[Finding, WorkCalendar]]:
        """One for each date with hits at or after `since` that has any; the hits are those the watermark has passed."""
        assert rule.tally is not None
        overtime = [(leave.from_, leave.to) for leave in _overtimes(folder) if leave.at <= now]
        heard = [
            Hit(heard.at, heard.fact_id, heard.source, heard.case, heard.data)
            for heard in folder.signals
            if heard.data is not None and heard.data.get("off_hours") and heard.at <= now
        ]
        if overtime:
            heard = [hit for hit in heard if not _covered(overtime, hit.at, self._calendar(hit))]
        heard.sort(key=lambda hit: (hit.at, hit.fact_id))
        last: dict[int, Hit] = {hit.data["day"]: hit for hit in heard if hit.at >= since}
        days: dict[int, tuple[WorkCalendar, list[int]]] = {}
        for day, hit in last.items():
            calendar = self._calendar(hit)
            days.setdefault(id(calendar), (calendar, []))[1].append(day)
        for calendar, own in days.values():
            for finding in rule.tally.judge(heard, calendar, own):
                yield finding, calendar

    def _calendar(self, hit: Hit) -> WorkCalendar:
        centre = hit.data.get("centre")
        found = self._calendars.of_centre(centre, hit.at) if centre else None
        return found if found is not None else self._calendars.of_region(hit.data.get("region"), hit.at)

    def _said(self, rule: Rule, key: str, judged: tuple[Finding, WorkCalendar]) -> Said | None:
        finding, calendar = judged
        hit = finding.hit
        if not rule.is_in_force(finding.day):
            return None
        day = date.fromordinal(finding.day).isoformat()
        facts = finding.facts | {
            "officer": hit.data.get("officer"),
            "centre_id": hit.data.get("centre"),
            "date": day,
            "calendar": calendar.name,
            "calendar_version": calendar.version,
            "time_zone": calendar.time_zone,
        }
        core = Core(
            finding.level.value,
            key,
            day,
            hit.at,
            None,
            facts,
            tuple(fact_id.bytes for fact_id in finding.evidence),
            (str(hit.data.get("officer")),),
            None,
            hit.data.get("department_id"),
            hit.data.get("centre"),
            region=hit.data.get("region"),
        )
        state: State | None = self._suppression.state(rule.id, core, hit.source)
        return None if state is None else Said(identify(rule.id, core), core, state)

    def _forget_old(self, folder: Folder, now: int) -> None:
        """On the wall clock hits older than any window are dropped, once judged, and what was said of them stands.

        A date stays judged as long as the dates its windows look back on are still here. On a log clock nothing is forgotten.
        """
        if folder.clock != WALL:
            return
        horizon = now - self._keep_ms
        folder.signals = [heard for heard in folder.signals if heard.at >= horizon]
        folder.since = max(folder.since, horizon + LOOK_BACK_DAYS * DAY_MS)


def _leave(event: CaseEvent) -> Leave:
    said = event.payload
    supersedes = None if event.supersedes_event_id is None else event.supersedes_event_id.bytes
    deleted = event.source_op is SourceOp.DELETE
    kind = None if said.kind is None else str(said.kind)
    return Leave(event.event_id.bytes, event.occurred_at, kind, said.from_, said.to, event.data_version, deleted, supersedes)


def _overtimes(folder: Folder) -> Iterable[Leave]:
    """Approved overtime in force."""
    return (chain.head for chain in in_force(folder.facts) if chain.head.kind == "overtime")


def _covered(spans: Sequence[tuple[int | str | None, int | str | None]], at: int, calendar: WorkCalendar) -> bool:
    """Whether an instant lies in one of the spans; a bare date means the whole local day."""

    def instant(moment: int | str, days: int) -> int:
        return moment if isinstance(moment, int) else calendar.day_start(date.fromisoformat(moment).toordinal() + days)

    return any((start is None or instant(start, 0) <= at) and (end is None or at < instant(end, 1)) for start, end in spans)
