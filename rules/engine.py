"""The case engine: facts and clocks in, the difference of alerts and signals out, for one partition of `case-events`.

A verdict is a function of the facts and the clock, so the engine only keeps facts, asks the detectors what holds, and
says what changed. Cases it does not touch cost nothing; facts of one case that follow one another are judged together.

Every case lies packed in memory and is unpacked while a call works on it. Keeping those at work that were touched last was measured
and is not worth its memory: a case of ten kilobytes has left the processor's caches before its next fact comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from rules.book import Asked, Rulebook
from rules.case import Case
from rules.clocks import WALL, Clocks
from rules.dossier import FORGET, RANG, Dossier, next_wake
from rules.fact import Fact
from rules.forgetting import Graveyard, is_grave
from rules.issue import Suppression
from rules.judging import Judging
from rules.output import Item, Output, Size
from rules.packing import ALONE, ON_SEVERAL_CLOCKS, PLAIN, Meta, head_of, pack_meta, unpack_meta
from rules.retelling import Retelling
from rules.ringing import Ringing
from rules.runner import Short, due_in, runner, teller
from rules.shortcut import Shortcut
from rules.timers import DueIn
from rules.upkeep import Upkeep
from rules.verdict import FAR
from rules.vocabulary import Vocabulary, is_word
from rules.ways import Origins
from rules.world import World
from supervision.event import CaseEvent, ClockAdvanced, root_key
from supervision.glance import Glance, whole
from supervision.reference import Reference
from supervision.refusal import Reason
from supervision.signal import ClockStep

META = ""
ALL_AT_ONCE = 2**62


class CaseEngine:
    """Implements `rules.output.Engine` for case events; a call changes memory only through the dossiers it touched."""

    def __init__(
        self, book: Rulebook, reference: Reference, partition: int = 0, portion: int = ALL_AT_ONCE, *, short: Short = "compiled"
    ) -> None:
        """`portion`: how many due cases `process` judges at most for a log clock that moved; `advance` goes on with the rest."""
        self._short = short
        self._book = book
        self._plans = book.keeper.plans
        self._portion = portion
        self._partition = partition
        self._blobs: dict[str, bytes] = {}
        self._vocabulary = Vocabulary()
        self._clocks = Clocks(self._instant_of, self._due_in)
        self._graves = Graveyard()
        self._changed: dict[str, bytes | None] = {}
        self._shortcut: Shortcut | None = None
        self._retelling: Retelling | None = None
        self._ringing: Ringing | None = None
        self._reference = reference
        self._upkeep = Upkeep(self._judges_by())
        self._adopt(reference)

    def _adopt(self, reference: Reference) -> None:
        self._reference = reference
        self._world = World(reference, self._book.fallbacks, self._book.extension, self._book.deeming)
        suppression = Suppression(reference)
        self._judging = Judging(self._book, suppression, self._graves, self._upkeep)
        book, vocabulary, clocks = self._book, self._vocabulary, self._clocks
        origins = Origins(self._world, vocabulary, clocks)
        self._shortcut = Shortcut(book, self._world, vocabulary, clocks, self._graves, origins, self.taken_short)
        self._runner = runner(self._shortcut, self._short)
        self._retelling = Retelling(book, self._shortcut, teller(self._runner))
        self._ringing = Ringing(book, vocabulary, clocks, origins, suppression, self.rung_short)

    def _judges_by(self) -> str:
        return f"{self._reference.version}/{self._book.version}"

    # -- Engine -------------------------------------------------------------------------------------------------

    def process(self, items: Sequence[Item], *, is_last: bool = True) -> Output:
        output = Output()
        at_hand: Dossier | None = None
        shortcut = self._runner if self._may_take_shortcuts else None
        kinds = set(map(type, items))
        if Glance in kinds and (shortcut is None or shortcut is self._shortcut):
            items = [whole(item) for item in items]
        if shortcut is not None:
            shortcut.begin(items, self._blobs, self._changed, output.signals)
        position, end = 0, len(items)
        while position < end:
            if at_hand is None and shortcut is not None and (position := shortcut.run(position)) == end:
                break
            event: Item = whole(items[position])
            if isinstance(event, CaseEvent):
                key = root_key(event)
                if at_hand is not None and at_hand.key != key:
                    self._judge_fresh(at_hand, output)
                    at_hand = None
                    continue
                if at_hand is None and shortcut is not None and self._retold(event, key, position):
                    position += 1
                    continue
                at_hand = at_hand or self._begin(event, key, output)
                if at_hand is not None:
                    self._take(event, at_hand)
            position += 1
        if at_hand is not None:
            self._judge_fresh(at_hand, output)
        if ClockAdvanced in kinds:
            self._move([item for item in items if isinstance(item, ClockAdvanced)])
        if is_last:
            self._fire_pending(self._portion, output)
        return output

    def advance(self, clock: str, to: int, limit: int = 10_000) -> Output:
        output = Output()
        self._clocks.advance(clock, to)
        self._fire_pending(limit, output)
        self._upkeep.refresh(limit, lambda key: self._judge_all(key, output), output)
        return output

    def changes(self) -> list[tuple[str, bytes | None]]:
        upkeep = self._upkeep
        if self._changed or self._clocks.is_changed or upkeep.has_caught_up:
            self._changed[META] = pack_meta(Meta(clocks=self._clocks.pack(), judged_by=upkeep.judged_by))
            upkeep.has_caught_up = False
        changed, self._changed = self._changed, {}
        return [*self._vocabulary.fresh(), *changed.items()]

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        judged_by = self._upkeep.judges_by
        clock_of: dict[str, str] = {}
        together: list[str] = []
        for key, blob in entries:
            if key == META:
                meta = unpack_meta(blob)
                judged_by = meta.judged_by
                self._clocks.restore(meta.clocks)
            elif is_grave(key):
                self._graves.restore(key, blob)
            elif is_word(key):
                self._vocabulary.restore(key, blob)
            else:
                self._blobs[key] = blob
                shape, earliest = head_of(blob)
                if shape not in {ALONE, PLAIN}:
                    together.append(key)
                elif earliest != FAR:
                    source = key[: key.index("/")]
                    clock = clock_of.get(source) or clock_of.setdefault(source, self._reference.source(source).clock)
                    self._clocks.arm(clock, key, earliest)
        for key in together:  # only now are all words known
            for clock, instant in self._unpacked(key, self._blobs[key]).armed.items():
                self._clocks.arm(clock, key, instant)
        self._upkeep.restored(judged_by, self._blobs)

    def use(self, reference: Reference) -> None:
        if reference.version != self._reference.version:
            self._adopt(reference)
            self._upkeep.use(self._judges_by(), self._blobs)

    @property
    def taken_short(self) -> int:
        """How many events went the short way."""
        return 0 if self._shortcut is None else self._shortcut.taken

    @property
    def rung_short(self) -> int:
        """How many timers did."""
        return 0 if self._ringing is None else self._ringing.taken

    @property
    def _may_take_shortcuts(self) -> bool:
        return self._short != "none" and self._upkeep.is_settled

    def clocks(self) -> dict[str, int]:
        return self._clocks.reached()

    def size(self) -> Size:
        return Size(len(self._blobs), sum(map(len, self._blobs.values())), self._clocks.armed())

    # -- dossiers -----------------------------------------------------------------------------------------------

    def _open(self, key: str) -> Dossier | None:
        """The dossier under this key, unpacked; None: there is none."""
        blob = self._blobs.get(key)
        return None if blob is None else self._unpacked(key, blob)

    def _unpacked(self, key: str, blob: bytes) -> Dossier:
        return Dossier.unpack(key, blob, self._world, self._vocabulary)

    def _keep(self, dossier: Dossier) -> None:
        """Arm its timers and pack it."""
        key, known, cases = dossier.key, dossier.armed, dossier.cases
        if len(cases) == 1 and next_wake(cases[0]) == known.get(cases[0].source.clock, FAR):
            armed = known
        else:
            armed = dossier.armed = dossier.earliest()
        for clock, instant in armed.items() if armed is not known else ():
            if known.get(clock) != instant:
                self._clocks.arm(clock, key, instant)
        blob = dossier.pack()
        self._blobs[key] = blob
        self._changed[key] = blob
        dossier.let_go()

    def _instant_of(self, clock: str, key: str) -> int | None:
        """What a dossier is armed for on a clock."""
        blob = self._blobs.get(key)
        if blob is None:
            return None
        shape, earliest = head_of(blob)
        return earliest if shape != ON_SEVERAL_CLOCKS else self._unpacked(key, blob).armed.get(clock)

    def _due_in(self, clock: str) -> DueIn:
        return partial(due_in(self._short), self._blobs, partial(self._instant_of, clock))

    # -- facts --------------------------------------------------------------------------------------------------

    def _begin(self, event: CaseEvent, key: str, output: Output) -> Dossier | None:
        """The dossier that this event is taken into, to be judged behind the last of its events; None: its case is forgotten."""
        blob = self._blobs.get(key)
        if blob is not None:
            return self._unpacked(key, blob)
        if self._graves.holds(key):
            output.refused.append((event, Reason.CASE_FORGOTTEN))
            return None
        return Dossier(key)

    def _retold(self, event: CaseEvent, key: str, position: int) -> bool:
        """Whether its case took it by the short way of facts that come in between or correct another."""
        blob = self._blobs.get(key)
        retold = None if blob is None or self._retelling is None else self._retelling.take(event, key, blob, position)
        if retold is None:
            return False
        self._blobs[key] = self._changed[key] = retold
        return True

    def _take(self, event: CaseEvent, dossier: Dossier) -> None:
        for known in dossier.cases:
            if known.knows(event.event_id):
                return
        case = dossier.case(event.source_system, event.case_id or "")
        if case is None:
            source = self._reference.source(event.source_system)
            case = Case(self._world, source, event.case_id or "", self._vocabulary)
            dossier.add(case)
        case.take(event, self._plans[event.event_type])
        dossier.is_touched = True

    # -- judging ------------------------------------------------------------------------------------------------

    def _judge_fresh(self, dossier: Dossier, output: Output) -> None:
        """Judge each case by the rules that its new facts can matter to."""
        if not dossier.is_touched:
            return
        for case in dossier.cases:
            fresh = case.fresh
            if fresh:
                newest = fresh[-1].id
                if case.is_anew:
                    self._judge(case, self._book.all, newest, None, output)
                else:
                    self._judge(case, self._book.reading([fact.type for fact in fresh]), newest, fresh, output)
                case.fresh = []
                case.is_anew = False
        dossier.is_touched = False
        self._keep(dossier)

    def _judge_all(self, key: str, output: Output) -> None:
        """Judge again what new reference data may have changed."""
        dossier = self._open(key)
        if dossier is not None:
            for case in dossier.cases:
                self._judge(case, self._book.all, None, None, output)
            self._keep(dossier)

    def _judge(self, case: Case, asked: Asked, newest: int | None, fresh: Collection[Fact] | None, output: Output) -> None:
        self._judging.judge(case, asked, newest, fresh, self._clocks.now(case.source.clock), output)

    # -- clocks -------------------------------------------------------------------------------------------------

    def _move(self, steps: Sequence[ClockAdvanced]) -> None:
        for step in steps:
            self._clocks.advance(step.clock, step.to)

    def _fire_pending(self, limit: int, output: Output) -> None:
        """Judge at most so many dossiers that clocks which moved have made due."""
        for clock in self._clocks.pending():
            limit -= self._fire(clock, limit, output)

    def _fire(self, clock: str, limit: int, output: Output) -> int:
        """Judge what the clock has made due; when nothing is left, tell how far this partition has come. The number judged."""
        now = self._clocks.now(clock)
        keys = self._clocks.due(clock, limit)
        output.note_fired(len(keys), self._clocks.oldest(clock))
        ringing = self._ringing if self._may_take_shortcuts else None
        for key in keys:
            blob = self._blobs.get(key)
            rung = None if blob is None or ringing is None else ringing.ring(key, blob, clock, now, output)
            if rung is not None:
                self._blobs[key] = self._changed[key] = rung
            else:
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
        dossier = self._open(key)
        if dossier is None:
            return
        dossier.armed.pop(clock, None)  # that timer has rung: what comes next is armed anew
        for case in dossier.cases:
            if case.source.clock != clock:
                continue
            due = [name for name, at in case.wakes.items() if at <= now and name != FORGET]
            if due:
                for name in due:
                    del case.wakes[name]
                self._judge(case, self._book.named(due), None, (), output)
            if case.wakes.get(FORGET, FAR) <= now:
                case.wakes[FORGET] = RANG
        if self._may_leave(dossier):
            self._forget(dossier, now if clock == WALL else None)
        else:
            self._keep(dossier)

    # -- forgetting ---------------------------------------------------------------------------------------------

    def _may_leave(self, dossier: Dossier) -> bool:
        """Whether every case of the root only waits to be forgotten, and its time has come."""
        return all(
            len(case.wakes) == 1 and case.wakes.get(FORGET, FAR) <= self._clocks.now(case.source.clock) for case in dossier.cases
        )

    def _forget(self, dossier: Dossier, now: int | None) -> None:
        key = dossier.key
        del self._blobs[key]
        dossier.let_go()
        self._changed[key] = None
        grave, blob = self._graves.bury(key, now)
        self._changed[grave] = blob
