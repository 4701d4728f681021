"""The case engine: facts and clocks in, the difference of alerts and signals out, for one partition of `case-events`.

A verdict is a function of the facts and the clock, so the engine only keeps facts, asks the detectors what holds, and
says what changed. Cases it does not touch cost nothing; a batch judges a case once, however often it touches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct, field

from rules.book import Rule, Rulebook
from rules.case import CONTEXT, LIMITS, CaseView, World
from rules.clocks import WALL, Clocks
from rules.forgetting import Graveyard, is_grave
from rules.issue import Because, Said, Suppression, changes, identify, message
from rules.memory import FIELD_CODE, Dossier, Fact, Meta, pack, pack_meta, unpack, unpack_meta
from rules.output import Alarm, Item, Output
from rules.saying import core_of, remember, signalled
from supervision.calendars import calendars_of
from supervision.event import CaseEvent, ClockAdvanced, root_key
from supervision.reference import Reference, Source
from supervision.refusal import Reason
from supervision.signal import ClockStep
from supervision.worktime import CalendarMissing

META = ""
ALL_AT_ONCE = 2**62
FORGET = "forget"
UNJUDGED = 2**62  # the wake of a rule that lacks a calendar year: it never rings, and the case stays until reference data comes
_CONTEXT = tuple(FIELD_CODE[name] for name in (*CONTEXT, *LIMITS))
_FLAGS = FIELD_CODE["flags"]
_BATCH_KIND = FIELD_CODE["batch_kind"]


class Asked(Struct):
    """What is to be judged of one case: by which rules, and because of which facts; `fresh` None: look at all of them anew."""

    rules: dict[str, Rule] = field(default_factory=dict)
    fresh: set[bytes] | None = field(default_factory=set)
    newest: bytes | None = None


class Work(Struct):
    """One dossier while a call works on it, and what its new facts ask of each case."""

    dossier: Dossier
    known: set[bytes]
    asked: dict[int, Asked] = field(default_factory=dict)

    def ask(self, case: int, rules: Iterable[Rule], fact: Fact, *, is_anew: bool) -> None:
        asked = self.asked.setdefault(case, Asked())
        asked.newest = fact.id
        if is_anew:
            asked.fresh = None
        elif asked.fresh is not None:
            asked.fresh.add(fact.id)
        for rule in rules:
            asked.rules[rule.id] = rule


class CaseEngine:
    """Implements `rules.output.Engine` for case events; a call changes memory only through the dossiers it touched."""

    def __init__(self, book: Rulebook, reference: Reference, partition: int = 0, portion: int = ALL_AT_ONCE) -> None:
        """`portion`: how many due cases `process` judges at most for a log clock that moved; `advance` goes on with the rest."""
        self._book = book
        self._portion = portion
        self._partition = partition
        self._blobs: dict[str, bytes] = {}
        self._clocks = Clocks()
        self._graves = Graveyard()
        self._stale: Iterator[str] = iter(())
        self._changed: dict[str, bytes | None] = {}
        self._alarms: set[Alarm] = set()
        self._has_caught_up = False
        self._adopt(reference)
        self._judged_by = self._judges_by

    def _adopt(self, reference: Reference) -> None:
        self._reference = reference
        self._judges_by = f"{reference.version}/{self._book.version}"
        self._world = World(reference, calendars_of(reference), self._book.fallbacks, self._book.extension)
        self._suppression = Suppression(reference)

    # -- Engine -------------------------------------------------------------------------------------------------

    def process(self, items: Sequence[Item]) -> Output:
        output = Output()
        works: dict[str, Work] = {}
        for item in items:
            if isinstance(item, CaseEvent):
                self._take(item, works, output)
            elif isinstance(item, ClockAdvanced):
                self._clocks.advance(item.clock, item.to)
        self._finish(works, output)
        self._fire_pending(self._portion, output)
        return output

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        output = Output()
        self._clocks.advance(clock, to)
        self._fire_pending(limit, output)
        self._refresh(limit, output)
        return output

    def changes(self) -> list[tuple[str, bytes | None]]:
        if self._changed or self._clocks.is_changed or self._has_caught_up:
            self._changed[META] = pack_meta(Meta(clocks=self._clocks.pack(), judged_by=self._judged_by))
            self._has_caught_up = False
        changed, self._changed = self._changed, {}
        return list(changed.items())

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        for key, blob in entries:
            if key == META:
                meta = unpack_meta(blob)
                self._judged_by = meta.judged_by
                self._clocks.restore(meta.clocks)
            elif is_grave(key):
                self._graves.restore(key, blob)
            else:
                self._blobs[key] = blob
                self._arm(key, unpack(blob))
        if self._judged_by != self._judges_by:
            self._stale = iter(list(self._blobs))

    def use(self, reference: Reference) -> None:
        if reference.version != self._reference.version:
            self._adopt(reference)
            self._alarms.clear()
            self._stale = iter(list(self._blobs))

    def clocks(self) -> dict[str, int]:
        return self._clocks.reached()

    # -- facts --------------------------------------------------------------------------------------------------

    def _take(self, event: CaseEvent, works: dict[str, Work], output: Output) -> None:
        key = root_key(event)
        work = works.get(key)
        if work is None:
            if self._graves.holds(key):
                output.refused.append((event, Reason.CASE_FORGOTTEN))
                return
            work = works[key] = self._open(key)
        if event.event_id.bytes in work.known:
            return
        dossier = work.dossier
        case = dossier.case_index(event.source_system, event.case_id or "")
        fact = self._book.keeper.fact(event, case)
        work.known.add(fact.id)
        is_correction = fact.supersedes is not None or fact.version > 1 or fact.deleted
        is_correction |= any(other.supersedes == fact.id for other in dossier.facts)
        is_anew = is_correction or "test" in (fact.get(_FLAGS) or ()) or _tells_new_context(dossier, fact)
        work.ask(case, self._book.rules if is_anew else self._book.reading(event.event_type), fact, is_anew=is_anew)
        dossier.facts.append(fact)

    def _open(self, key: str) -> Work:
        blob = self._blobs.get(key)
        dossier = Dossier() if blob is None else unpack(blob)
        return Work(dossier, {fact.id for fact in dossier.facts})

    # -- judging ------------------------------------------------------------------------------------------------

    def _finish(self, works: dict[str, Work], output: Output) -> None:
        for key, work in works.items():
            if work.asked:
                for case, asked in work.asked.items():
                    self._judge(work.dossier, case, asked, output)
                self._keep(key, work.dossier)

    def _keep(self, key: str, dossier: Dossier) -> None:
        blob = pack(dossier)
        self._blobs[key] = blob
        self._changed[key] = blob
        self._arm(key, dossier)

    def _judge(self, dossier: Dossier, case: int, asked: Asked, output: Output) -> None:
        source_name, case_id = dossier.cases[case]
        source = self._reference.source(source_name)
        view = CaseView(self._world, source, case_id, [fact for fact in dossier.facts if fact.case == case])
        now = self._clocks.now(source.clock)
        because = Because(asked.newest)
        wakes = {(c, r): at for c, r, at in dossier.wakes}
        for rule in asked.rules.values():
            try:
                said, wake = self._implied(rule, view, now)
                drafts = () if rule.signals is None else tuple(rule.signals(view, asked.fresh))
            except CalendarMissing as missing:
                self._alarm(missing, output)
                wakes[case, rule.id] = UNJUDGED
                continue
            wakes.pop((case, rule.id), None)
            if wake is not None:
                wakes[case, rule.id] = wake
            before = [standing for standing in dossier.alerts if standing.rule_id == rule.id and standing.case == case]
            for change in changes(rule.id, case, before, said, because):
                remember(dossier.alerts, change.standing)
                words = rule.words(change.standing.core)
                output.alerts.append(message(rule.card, change, source.clock, source.name, case_id, words))
            if rule.signals is not None:
                output.signals += signalled(dossier, case, case_id, drafts, source, asked.fresh)
        with suppress(CalendarMissing):  # nothing is unjudged for it: the case only stays in memory
            self._set_forget(wakes, case, view, source)
        dossier.wakes = [(c, r, at) for (c, r), at in wakes.items()]

    def _implied(self, rule: Rule, view: CaseView, now: int) -> tuple[list[Said], int | None]:
        """What stands now, and the next instant at which that changes by the clock alone."""
        said: list[Said] = []
        wake: int | None = None
        if view.is_test:
            return said, wake
        for verdict in rule.judge(view):
            if verdict.trigger.get(_BATCH_KIND) == "migration" or not rule.applies(verdict):
                continue
            if verdict.stands_from > now:
                wake = verdict.stands_from if wake is None else min(wake, verdict.stands_from)
                continue
            core = core_of(verdict, view)
            state = self._suppression.state(rule.id, core, view.source.name)
            if state is not None:
                said.append(Said(identify(rule.id, core), core, state))
        return said, wake

    def _alarm(self, missing: CalendarMissing, output: Output) -> None:
        alarm = Alarm("calendar_missing", missing.region, str(missing.year))
        if alarm not in self._alarms:
            self._alarms.add(alarm)
            output.alarms.append(alarm)

    # -- clocks -------------------------------------------------------------------------------------------------

    def _arm(self, key: str, dossier: Dossier) -> None:
        """The earliest wake on each clock. A case that only waits for the others of its root before it leaves needs none."""
        earliest: dict[str, int] = {}
        for case, rule_id, instant in dossier.wakes:
            clock = self._clock_of(dossier, case)
            if rule_id != FORGET or instant > self._clocks.now(clock):
                earliest[clock] = min(instant, earliest.get(clock, instant))
        self._clocks.arm(key, earliest)

    def _fire_pending(self, limit: int, output: Output) -> None:
        """Judge at most so many dossiers that clocks which moved have made due."""
        for clock in self._clocks.pending():
            limit -= self._fire(clock, limit, output)

    def _fire(self, clock: str, limit: int, output: Output) -> int:
        """Judge what the clock has made due; when nothing is left, tell how far this partition has come. The number judged."""
        now = self._clocks.now(clock)
        keys = self._clocks.due(clock, limit)
        for key in keys:
            self._wake(key, clock, now, output)
        if self._clocks.is_due(clock):
            output.more = True
        else:
            if clock == WALL:
                self._changed.update(dict.fromkeys(self._graves.expired(now)))
            output.steps += [ClockStep(partition=self._partition, clock=clock, to=to) for to in self._clocks.passed(clock)]
        return len(keys)

    def _wake(self, key: str, clock: str, now: int, output: Output) -> None:
        """Judge what of a dossier is due on this clock; let it leave if nothing is left to wait for."""
        dossier = unpack(self._blobs[key])
        due: dict[int, dict[str, Rule]] = {}
        waiting: list[tuple[int, str, int]] = []
        for case, rule_id, at in dossier.wakes:
            if rule_id == FORGET or at > now or self._clock_of(dossier, case) != clock:
                waiting.append((case, rule_id, at))
            elif rule_id in self._book.by_id:
                due.setdefault(case, {})[rule_id] = self._book.by_id[rule_id]
        dossier.wakes = waiting
        for case, rules in due.items():
            self._judge(dossier, case, Asked(rules, set()), output)
        if self._may_leave(dossier):
            self._forget(key, now if clock == WALL else None)
        else:
            self._keep(key, dossier)

    def _clock_of(self, dossier: Dossier, case: int) -> str:
        return self._reference.source(dossier.cases[case][0]).clock

    def _refresh(self, limit: int, output: Output) -> None:
        """Judge again, a few at a time, what new reference data may have changed."""
        for _ in range(limit):
            key = next(self._stale, None)
            if key is None:
                self._has_caught_up |= self._judged_by != self._judges_by
                self._judged_by = self._judges_by
                return
            if key in self._blobs:
                dossier = unpack(self._blobs[key])
                for case in range(len(dossier.cases)):
                    self._judge(dossier, case, Asked(dict(self._book.by_id), None), output)
                self._keep(key, dossier)
        output.more = True

    # -- forgetting ---------------------------------------------------------------------------------------------

    def _set_forget(self, wakes: dict[tuple[int, str], int], case: int, view: CaseView, source: Source) -> None:
        """A case without timers leaves some days after it was judged last. Raises CalendarMissing, and then it stays."""
        wakes.pop((case, FORGET), None)
        if not any(c == case for c, _ in wakes):
            instant = self._graves.leaves_at(view, source, self._clocks.now(source.clock))
            if instant is not None:
                wakes[case, FORGET] = instant

    def _may_leave(self, dossier: Dossier) -> bool:
        """Whether every case of the root only waits to be forgotten, and its time has come."""
        leaving = {
            case
            for case, rule_id, at in dossier.wakes
            if rule_id == FORGET and at <= self._clocks.now(self._clock_of(dossier, case))
        }
        return len(leaving) == len(dossier.cases) == len(dossier.wakes)

    def _forget(self, key: str, now: int | None) -> None:
        del self._blobs[key]
        self._changed[key] = None
        self._clocks.arm(key, {})
        grave, blob = self._graves.bury(key, now)
        self._changed[grave] = blob


def _tells_new_context(dossier: Dossier, fact: Fact) -> bool:
    """Whether it names an item, region, centre ... that no earlier fact of its case has named the same."""
    mine = [(code, value) for code in _CONTEXT if (value := fact.kept.get(code)) is not None]
    if not mine:
        return False
    others = [other.kept for other in dossier.facts if other.case == fact.case]
    return any(all(kept.get(code) != value for kept in others) for code, value in mine)
