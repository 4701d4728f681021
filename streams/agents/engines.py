"""Which engine judges a partition: the one place where agents meet the rules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from rules.book import Rulebook
from rules.engine import CaseEngine
from rules.output import Engine
from rules.subjects import SubjectEngine
from streams.agents.worker import TIMER_LIMIT, MakeEngine
from supervision.event import Stream
from supervision.reference import Reference

PORTION = 10_000  # due cases judged at once when a log clock moves; what is left waits its turn among the batches


def with_rules(cards: Iterable[str | Path] | Literal["builtin"] = "builtin", only: Iterable[str] | None = None) -> MakeEngine:
    """Engines with these rule cards; `only`: rule ids. Raises UserError for wrong cards or an unknown rule."""
    return by(Rulebook.load(cards, only=only))


def by(book: Rulebook) -> MakeEngine:
    """Engines that judge by these rules."""

    def make(stream: Stream, reference: Reference, partition: int, case_partitions: int) -> Engine:
        if stream is Stream.CASE:
            return CaseEngine(book, reference, partition, portion=TIMER_LIMIT)
        return SubjectEngine(book, reference, partition, case_partitions)

    return make
