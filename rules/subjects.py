"""The subject engine: signals and activity events of one subject, judged behind the watermark; one partition of `activity-events`.

The watermark of a clock is the least step heard over all partitions of `case-events` and this partition's own, less the
largest grace among the clock's sources: so a stalled import never holds up a live subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

from msgspec import Struct, field

from rules.book import Rule, Rulebook
from rules.clocks import NEVER, WALL, Clocks
from rules.folder import MOST, Folder, Heard, Pages, Shelf, is_page
from rules.issue import Because, Said, Suppression, changes, identify, message
from rules.kinds.window import Finding, Hit, Hits
from rules.output import Item, Output, Size
from rules.overtime import EPOCH_DAY, covered, is_past, leave_of, overtimes
from rules.packing import Meta, pack_meta, unpack_meta
from rules.said import Core
from rules.upkeep import Upkeep
from supervision.alert import State
from supervision.calendars import calendars_of
from supervision.durations import DAY_MS
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.reference import Peer, Reference
from supervision.signal import ClockStep, Signal
from supervision.subject import on_clock, subject_of
from supervision.worktime import CalendarMissing, WorkCalendar

META = ""
OWN = "own"
READS = frozenset({EventType.LEAVE_APPROVED})  # activity events that windows are judged by
LATE_DAYS = 30  # signals so late are still judged, on the wall clock
DAYS_SAID = 60  # what was said is remembered longer than any date is judged again
FIRST_DAY, NO_DAY = 0, 2**31


class Touched(Struct):
    """A folder while a call works on it: the newest fact that touched it, and by kind the earliest date to be judged again."""

    folder: Folder
    newest: bytes | None = None
    days: dict[str, int] = field(default_factory=dict)


class SubjectEngine:
    """Implements `rules.output.Engine` for subjects. `case_partitions`: how many partitions of case-events send steps."""

    def __init__(self, book: Rulebook, reference: Reference, partition: int = 0, case_partitions: int = 1) -> None:
        self._book = book
        self._partition = partition
        self._heard_from = (OWN, *(str(number) for number in range(case_partitions)))
        self._shelf = Shelf()
        self._pages = Pages()
        self._steps: dict[str, dict[str, int]] = {}
        self._clocks = Clocks(self._instant_of)
        self._wakes: dict[str, int] = {}
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
        self._late_days = max(LATE_DAYS, *(profile.keep_days or 0 for profile in live))

    def _judges_by(self) -> str:
        return f"{self._reference.version}/{self._book.version}"

    # -- Engine -------------------------------------------------------------------------------------------------

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        output = Output()
        touched: dict[str, Touched] = {}
        for item in items:
            if isinstance(item, Signal):
                self._hear(item, touched, output)
            elif isinstance(item, CaseEvent):
                self._take(item, touched)
            elif isinstance(item, ClockAdvanced):
                self._has_heard |= self._step(OWN, item.clock, item.to)
            elif isinstance(item, ClockStep):
                self._has_heard |= self._step(str(item.partition), item.clock, item.to)
        for key, found in touched.items():
            self._judge(key, found, output)
        for clock in self._clocks.pending() if is_last else ():
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
        if self._shelf.changed or self._has_heard or upkeep.has_caught_up:
            self._shelf.changed[META] = pack_meta(Meta(clocks=self._clocks.pack(), judged_by=upkeep.judged_by, steps=self._steps))
            self._has_heard = upkeep.has_caught_up = False
        changed, self._shelf.changed = self._shelf.changed, {}
        pages, self._pages.changed = self._pages.changed, {}
        return [*changed.items(), *pages.items()]

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        judged_by = self._upkeep.judges_by
        for key, blob in entries:
            if key == META:
                meta = unpack_meta(blob)
                self._steps, judged_by = meta.steps, meta.judged_by
                self._clocks.restore(meta.clocks)
            elif is_page(key):
                self._pages.restore(key, blob)
            else:
                self._arm(key, self._shelf.restore(key, blob))
        self._upkeep.restored(judged_by, self._shelf.blobs)

    def use(self, reference: Reference) -> None:
        if reference.version != self._reference.version:
            self._adopt(reference)
            self._upkeep.use(self._judges_by(), self._shelf.blobs)

    def clocks(self) -> dict[str, int]:
        return {clock: steps[OWN] for clock, steps in self._steps.items() if OWN in steps}

    def size(self) -> Size:
        blobs = self._shelf.blobs
        return Size(len(blobs), sum(map(len, blobs.values())) + self._pages.size(), self._clocks.armed())

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

    def _open(self, key: str, clock: str, touched: dict[str, Touched], newest: bytes) -> Folder:
        known = touched.get(key)
        if known is None:
            known = touched[key] = Touched(self._shelf.find(key) or Folder(clock=clock))
        known.newest = newest
        return known.folder

    def _hear(self, signal: Signal, touched: dict[str, Touched], output: Output) -> None:
        """Put it on the page of its date. Those of one fact come in the order of their revisions, the first perhaps again."""
        if signal.kind not in self._book.kinds:
            return
        subject, kind, at, revision = signal.subject, signal.kind, signal.at, signal.revision
        fact_id = signal.fact_id.int.to_bytes(16, "big")
        folder = self._open(subject, signal.clock, touched, fact_id)
        data = None if signal.withdrawn else signal.data
        heard = Heard(fact_id, revision, at, signal.source_system, signal.case_id or "", data)
        pages = folder.pages.get(kind)
        if pages is None:
            pages = folder.pages[kind] = {}
        day = NO_DAY if data is None else data["day"]
        is_there = False
        for own in (day,) if revision == 1 else tuple(pages):
            if own in pages and self._pages.holds(subject, kind, own, fact_id):
                is_new = self._amend(subject, folder, kind, own, day, heard)
                if is_new is False:
                    return
                is_there = is_there or (own == day and is_new is True)
        if data is None or is_there or day < folder.since.get(kind, FIRST_DAY):
            return
        count, hits = pages.get(day, (0, 0))
        if count >= MOST:
            output.dropped += 1
            return
        self._pages.add(subject, kind, day, heard)
        pages[day] = (count + 1, hits + bool(data.get("hit")))
        folder.waiting.append((at, kind, day))

    def _amend(self, subject: str, folder: Folder, kind: str, own: int, day: int, heard: Heard) -> bool | None:
        """Replace what the page of the date `own` says of the signal's fact, which is of `day` now. False: the page knows as much
        already; None: it knows no such fact."""
        page = self._pages.read(subject, kind, own)
        place = next((n for n, known in enumerate(page) if known.fact_id == heard.fact_id and known.source == heard.source), None)
        if place is None or heard.revision <= page[place].revision:
            return None if place is None else False
        known = page[place]
        data = heard.data if own == day else None
        page[place] = Heard(known.fact_id, heard.revision, heard.at, known.source, known.case, data)
        self._pages.write(subject, kind, own, page)
        count, hits = folder.pages[kind][own]
        folder.pages[kind][own] = (count, hits + bool(data is not None and data.get("hit")))
        folder.waiting += [(known.at, kind, own), (heard.at, kind, own)]
        return True

    def _take(self, event: CaseEvent, touched: dict[str, Touched]) -> None:
        subject = subject_of(event)
        if subject is None or event.event_type not in READS:
            return
        clock = self._reference.source(event.source_system).clock
        folder = self._open(on_clock(subject, clock), clock, touched, event.event_id.bytes)
        if all(fact.id != event.event_id.bytes for fact in folder.facts):
            folder.facts.append(leave_of(event))
            folder.wait(event.occurred_at, "", FIRST_DAY)

    # -- judging ------------------------------------------------------------------------------------------------

    def _fire(self, clock: str, limit: int, output: Output) -> None:
        keys = self._clocks.due(clock, limit)
        output.note_fired(len(keys), self._clocks.oldest(clock))
        for key in keys:
            self._judge(key, Touched(self._shelf.get(key)), output)
        if self._clocks.is_due(clock):
            output.more = True
        else:
            self._clocks.passed(clock)

    def _judge(self, key: str, touched: Touched, output: Output) -> None:
        """Judge each kind from the earliest date that changed or was reached by the watermark; what was said of those before
        stands."""
        folder, now = touched.folder, self._clocks.now(touched.folder.clock)
        days = touched.days | folder.reached(now)
        if "" in days:
            days |= dict.fromkeys(folder.pages, FIRST_DAY)
        for rule in self._book.windows if days else ():
            assert rule.tally is not None
            if rule.tally.kind in days and rule.tally.kind in folder.pages:
                first = max(days[rule.tally.kind], folder.since.get(rule.tally.kind, FIRST_DAY))
                try:
                    said = self._implied(rule, key, folder, now, first)
                except CalendarMissing as missing:
                    self._upkeep.alarm(missing, output)
                    continue
                self._say(rule, folder, said, first, touched.newest, output)
        self._forget_old(key, folder, now, output)
        self._keep(key, folder)

    def _say(self, rule: Rule, folder: Folder, said: list[Said], first: int, newest: bytes | None, output: Output) -> None:
        if not said and not folder.alerts:
            return
        since, firm = _iso(first), _iso(folder.firm.get(rule.id, FIRST_DAY))
        implied = {one.alert_id for one in said}
        own = [known for known in folder.alerts if known.rule_id == rule.id and known.core.segment >= since]
        before = [known for known in own if known.core.segment >= firm or known.alert_id in implied]
        if not before and not said:
            return
        for change in changes(rule.id, before, said, Because(newest)):
            folder.alerts = [known for known in folder.alerts if known.alert_id != change.standing.alert_id]
            folder.alerts.append(change.standing)
            words = rule.words(change.standing.core)
            output.alerts.append(message(rule.card, change, folder.clock, None, None, words))

    def _judge_again(self, key: str, output: Output) -> None:
        folder = self._shelf.get(key)
        self._judge(key, Touched(folder, days=dict.fromkeys(folder.pages, FIRST_DAY)), output)

    def _keep(self, key: str, folder: Folder) -> None:
        """Pack it and set its timer; nothing is kept of a subject of which nothing is known."""
        folder.wake = min((at for at, _, _ in folder.waiting), default=None)
        if folder.clock == WALL and folder.pages:
            leaves = min(self._leaves_at(kind, day) for kind, pages in folder.pages.items() for day in pages)
            folder.wake = leaves if folder.wake is None else min(folder.wake, leaves)
        self._arm(key, folder)
        if folder.pages or folder.facts or folder.alerts or folder.waiting:
            self._shelf.put(key, folder)
        else:
            self._shelf.drop(key)

    def _arm(self, key: str, folder: Folder) -> None:
        """Set its timer, or let go of it."""
        if folder.wake is None:
            self._wakes.pop(key, None)
        elif self._wakes.get(key) != folder.wake:
            self._wakes[key] = folder.wake
            self._clocks.arm(folder.clock, key, folder.wake)

    def _instant_of(self, _clock: str, key: str) -> int | None:
        return self._wakes.get(key)

    def _implied(self, rule: Rule, key: str, folder: Folder, now: int, first: int) -> list[Said]:
        """What stands of the dates from `first` on, by the signals that the watermark has passed."""
        assert rule.tally is not None
        kind, said = rule.tally.kind, []
        overtime: list[tuple[int | str | None, int | str | None]] = []
        if rule.tally.is_excused_by_overtime and folder.facts:
            overtime = [(leave.from_, leave.to) for leave in overtimes(folder.facts) if leave.at <= now]

        def read(day: int) -> list[Hit]:
            found = [
                Hit(heard.at, heard.fact_id, heard.source, heard.case, heard.data)
                for heard in self._pages.read(key, kind, day)
                if heard.data is not None and heard.at <= now
            ]
            if overtime:
                found = [hit for hit in found if not covered(overtime, hit.at, self.calendar(hit))]
            found.sort(key=lambda hit: (hit.at, hit.fact_id))
            return found

        hits = Hits(folder.pages[kind], read, partial(self._pages.spacing, key, kind), self, now)
        for day in sorted([day for day in folder.pages[kind] if day >= first]):
            finding = rule.tally.judge(hits, day) if rule.is_in_force(day) else None
            if finding is not None:
                found = self._said(rule, key, finding)
                if found is not None:
                    said.append(found)
        for at, day in hits.later:
            folder.wait(at, kind, day)
        return said

    def peer(self, hit: Hit) -> Peer | None:
        return self._reference.peer(str(hit.data.get("item")), hit.data.get("region"), hit.at)

    def calendar(self, hit: Hit) -> WorkCalendar:
        centre = hit.data.get("centre")
        found = self._calendars.of_centre(centre, hit.at) if centre else None
        return found if found is not None else self._calendars.of_region(hit.data.get("region"), hit.at)

    def _said(self, rule: Rule, key: str, finding: Finding) -> Said | None:
        hit = finding.hit
        day, calendar = date.fromordinal(finding.day).isoformat(), self.calendar(hit)
        item = hit.data.get("item") if key.startswith("officer_item:") else None
        facts = finding.facts | {
            "officer": hit.data.get("officer"),
            "centre_id": hit.data.get("centre"),
            "date": day,
            "calendar": calendar.name,
            "calendar_version": calendar.version,
            "time_zone": calendar.time_zone,
        }
        if item is not None:
            known = self._reference.item(item, hit.at)
            facts |= {"item_code": item, "item_name": (known.name if known is not None else "") or item}
        core = Core(
            finding.level.value,
            key,
            day,
            finding.at,
            None,
            facts,
            tuple(fact_id.bytes for fact_id in finding.evidence),
            (str(hit.data.get("officer")),),
            None,
            hit.data.get("department_id"),
            hit.data.get("centre"),
            item,
            region=hit.data.get("region"),
        )
        state: State | None = self._suppression.state(rule.id, core, hit.source)
        return None if state is None else Said(identify(rule.id, core), core, state)

    # -- forgetting ---------------------------------------------------------------------------------------------

    def _leaves_at(self, kind: str, day: int) -> int:
        """When a page of the wall clock is needed no more: no date whose windows look back on it is judged again."""
        return (day + 1 + self._look_back(kind) + self._late_days + 1 - EPOCH_DAY) * DAY_MS

    def _look_back(self, kind: str) -> int:
        tally = self._book.kinds.get(kind)
        return 0 if tally is None else tally.look_back

    def _forget_old(self, key: str, folder: Folder, now: int, output: Output) -> None:
        """Drop pages that no window needs any more, on the wall clock, and on any the oldest of too many. On a log clock nothing
        else is forgotten."""
        if folder.clock != WALL and all(pages and sum([n for n, _ in pages.values()]) <= MOST for pages in folder.pages.values()):
            return
        for kind, pages in list(folder.pages.items()):
            past = {day for day in pages if folder.clock == WALL and self._leaves_at(kind, day) <= now}
            left = sorted(pages.keys() - past)
            many = 0
            while len(left) - many > 1 and sum(pages[day][0] for day in left[many:]) > MOST:
                output.dropped += pages[left[many]][0]
                many += 1
            beyond = 1 + self._look_back(kind)
            for gone, step in ((past, beyond), (set(left[:many]), 1)):
                for day in gone:
                    self._pages.drop(key, kind, day)
                    del pages[day]
                if gone:
                    folder.since[kind] = max(folder.since.get(kind, FIRST_DAY), max(gone) + step)
                    folder.firm[kind] = max(folder.firm.get(kind, FIRST_DAY), max(gone) + beyond)
            if not pages:
                del folder.pages[kind]
        if folder.clock == WALL and now > NEVER and folder.since:
            horizon = date.fromordinal(max(1, now // DAY_MS + EPOCH_DAY - 2 * self._late_days - DAYS_SAID)).isoformat()
            folder.alerts = [known for known in folder.alerts if known.core.segment >= horizon]
            folder.facts = [fact for fact in folder.facts if not is_past(fact, horizon)]


def _iso(day: int) -> str:
    return date.fromordinal(max(day, 1)).isoformat()
