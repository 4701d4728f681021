"""Engines in step: one that takes the compiled short way, one that takes the plain one, and one that takes no shortcuts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from msgspec.structs import replace

from rules import plain
from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Alarm, Item, Output
from rules.packing import NO_PLACE, PLAIN, SnapshotError, head_of, kept_in, unpack
from rules.runner import Short
from rules.said import Sent
from supervision.alert import Alert
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.glance import glance
from supervision.reference import Reference

TALL, BY = 27, 24  # bytes of a fact in a case that is not plain; where the places of its actor and its device stand
WHOLLY_READ = 0.3  # so many events are brought to all engines as the decoder gives them
KEPT = 0.15  # how often engines are made anew from their state


class Pair:
    """Of one book and one state of the reference data; what they say and keep is compared at every step."""

    def __init__(self, rules: Rulebook, reference: Reference, portion: int) -> None:
        self.rules, self.reference, self.portion = rules, reference, portion
        self.chance = random.Random(portion)
        self.engines = self._fresh()
        self.state: dict[str, bytes] = {}
        self.alarms: list[Alarm] = []
        self.short = self.rung = 0

    def _fresh(self) -> list[CaseEngine]:
        shorts: tuple[Short, ...] = ("compiled", "plain", "none")
        return [CaseEngine(self.rules, self.reference, 0, self.portion, short=short) for short in shorts]

    def process(self, items: Sequence[Item]) -> list[Alert]:
        both = [self._read(item) for item in items]
        seen, items = [one for one, _ in both], [whole for _, whole in both]
        compiled, short, whole = (engine.process(of) for engine, of in zip(self.engines, (seen, items, items), strict=True))
        assert compiled == short
        assert self._said(short) == self._said(whole)
        self.alarms += whole.alarms
        self._same_state()
        return [*short.alerts, *(self.advance("", 0) if short.more else ())]

    def _read(self, item: Item) -> tuple[Item, Item]:
        """As an agent has it from its bytes: at a glance, most of the time, and whole."""
        if not isinstance(item, CaseEvent):
            return item, item
        raw = encode(item)
        whole = decode(raw)
        assert isinstance(whole, CaseEvent)
        return (None if self.chance.random() < WHOLLY_READ else glance(raw)) or whole, whole

    def _said(self, output: Output) -> Output:
        """With the signals in one order: those of the short way come fact by fact, and do not wait for the case before them. And
        without alarms of before a restart: who judges nothing anew of a case that waits for its calendar says them once."""
        signals = sorted(output.signals, key=lambda one: (str(one.case_id), one.kind, one.fact_id, one.subject))
        return replace(output, signals=signals, alarms=[alarm for alarm in output.alarms if alarm not in self.alarms])

    def advance(self, clock: str, to: int) -> list[Alert]:
        said: list[Alert] = []
        while True:
            compiled, short, whole = (engine.advance(clock, to, 3) for engine in self.engines)
            assert compiled == short
            assert self._said(short) == self._said(whole)
            self.alarms += whole.alarms
            self._same_state()
            said += short.alerts
            if not short.more:
                return said

    def _same_state(self) -> None:
        compiled, short, whole = (dict(engine.changes()) for engine in self.engines)
        assert compiled == short
        assert self.engines[0].taken_short == self.engines[1].taken_short
        assert short == whole or {key: _laid_out(short[key]) for key in short} == {key: _laid_out(whole[key]) for key in whole}
        for key, blob in short.items():
            if blob is None:
                self.state.pop(key, None)
            else:
                self.state[key] = blob

    def count(self) -> None:
        self.short += self.engines[0].taken_short
        self.rung += self.engines[0].rung_short

    def restart(self) -> None:
        self.count()
        self.engines = self._fresh()
        for engine in self.engines:
            engine.restore(self.state.items())


def _laid_out(blob: bytes | None) -> Any:
    """With the signals sent, and the facts of cases that are not plain with what they name, in one order: that in which they lie
    means nothing."""
    try:
        if blob is None:
            return blob
        if head_of(blob)[0] == PLAIN:
            sent = plain.unpack(blob).sent
            return blob.removesuffix(plain.listed(sent)), _in_order(sent)
        cases = unpack(blob)
    except SnapshotError:  # an entry of another kind
        return blob
    laid = []
    for case in cases:
        facts = [case.facts[at : at + TALL] for at in range(0, len(case.facts), TALL)]
        named = [(case.actors[of[BY]] if of[BY] != NO_PLACE else None) for of in facts]
        used = [(case.devices[of[BY + 1]] if of[BY + 1] != NO_PLACE else None) for of in facts]
        bare = [of[:BY] + of[BY + 2 :] for of in facts]
        both = sorted(zip(bare, named, used, kept_in(case.kept, len(facts)), strict=True), key=itemgetter(0))
        lists = {"actors": sorted(case.actors), "devices": sorted(case.devices)}
        laid.append((replace(case, facts=b"", kept=b"", sent=_in_order(case.sent), **lists), both))
    return laid


def _in_order(sent: list[Sent]) -> list[Sent]:
    return sorted(sent, key=lambda one: (one.kind, one.fact_id, one.subject))


def ride(
    pair: Pair, events: Sequence[CaseEvent], clocks: dict[str, int], chance: random.Random, size: int, ahead_days: int = 3
) -> None:
    """Bring the events in batches of random size, with duplicates, clock steps and restarts between them. `ahead_days`: how far a
    clock may run before what has arrived."""
    for batch in _batches(events, chance, size):
        items: list[Item] = [*batch]
        clock = chance.choice(sorted(clocks))
        if chance.random() < 0.4:
            seen = [event.occurred_at for event in batch]
            to = min(clocks[clock], chance.randint(min(seen), max(seen) + ahead_days * 86_400_000))
            if clock == "wall":
                pair.advance(clock, to)
            else:
                items.append(ClockAdvanced(clock=clock, to=to))
        pair.process(items)
        if chance.random() < KEPT:
            pair.restart()
    for clock, to in sorted(clocks.items()):
        pair.advance(clock, to)
    pair.count()


def _batches(events: Sequence[CaseEvent], chance: random.Random, size: int) -> Iterator[list[CaseEvent]]:
    start = 0
    while start < len(events):
        end = start + chance.randint(1, size)
        batch = list(events[start:end])
        batch += [event for event in batch if chance.random() < 0.1]
        if chance.random() < 0.5:
            batch.sort(key=lambda event: str(event.case_id))
        yield batch
        start = end
