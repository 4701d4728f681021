"""What each card costs by itself: nanoseconds an event and bytes of state a subject, beside an engine without any card.

`python bench/rules.py`; `--cases 5000` for steadier figures, `--rules T03,P02` for some cards only. Events of long cases that hold
every type that a card reads; of each card once those types that it reads, and once all others, which shall cost nothing.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import workload
from rules.book import Rulebook
from rules.card import BUILTIN, load_cards
from rules.engine import CaseEngine
from rules.output import Item
from rules.subjects import SubjectEngine
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced
from supervision.reference import Reference
from supervision.signal import Signal

REPEATS = 3


class Cost(Struct):
    """CPU seconds of the case side and of the subject side; bytes and number of the states left behind; signals made."""

    cases_s: float
    subjects_s: float
    case_bytes: int
    cases: int
    subject_bytes: int
    subjects: int
    signals: int


def main() -> None:
    arguments = _arguments()
    events = [_as_read(event) for event in workload.long_cases(arguments.cases)]
    reference = Reference(workload.reference())
    wanted = arguments.rules.split(",") if arguments.rules else None
    books = [Rulebook([card]) for card in load_cards(BUILTIN) if wanted is None or card.id in wanted]
    bare = Rulebook(())
    print(f"rules: {workload.machine()}")
    print(
        f"{len(events):,} events of {arguments.cases:,} cases, {workload.PORTION:,} at once; the best of {REPEATS} runs, CPU time"
    )
    whole = _best(bare, reference, events)
    print(f"no card: {_each(whole.cases_s, events):,.0f} ns an event, {whole.case_bytes / whole.cases:,.0f} bytes a case")
    print("beside that, with one card alone:")
    heads = f"{'card':<5} {'kind':<11} {'reads':>7} {'ns each':>8} {'others':>8} {'ns each':>8} {'bytes a case':>13}"
    print(f"{heads}  on the subject side")
    for book in books:
        _say(book, reference, events, whole)


def _as_read(event: CaseEvent) -> CaseEvent:
    read = decode(encode(event))
    assert isinstance(read, CaseEvent), read
    return read


def _say(book: Rulebook, reference: Reference, events: Sequence[CaseEvent], whole: Cost) -> None:
    (rule,) = book.rules
    read = [event for event in events if event.event_type in rule.reads]
    others = [event for event in events if event.event_type not in rule.reads]
    own = _best(book, reference, read).cases_s - _best(Rulebook(()), reference, read).cases_s
    beside = _best(book, reference, others).cases_s - _best(Rulebook(()), reference, others).cases_s
    together = _best(book, reference, events)
    line = f"{rule.id:<5} {type(rule.card.detector).__name__.lower():<11} {len(read):>7,} {_each(own, read):>8,.0f} "
    line += f"{len(others):>8,} {_each(beside, others):>8,.0f} "
    line += f"{together.case_bytes / together.cases - whole.case_bytes / whole.cases:>13,.0f}"
    if together.signals:
        each, mean = together.subjects_s / together.signals * 1e9, together.subject_bytes / max(1, together.subjects)
        line += f"  {together.signals:,} signals, {each:,.0f} ns each, {together.subjects:,} subjects of {mean:,.0f} bytes"
    print(line, flush=True)


def _each(seconds: float, events: Sequence[CaseEvent]) -> float:
    """Nanoseconds an event."""
    return seconds / max(1, len(events)) * 1e9


def _best(book: Rulebook, reference: Reference, events: Sequence[CaseEvent]) -> Cost:
    return min((_run(book, reference, events) for _ in range(REPEATS)), key=lambda cost: cost.cases_s)


def _run(book: Rulebook, reference: Reference, events: Sequence[CaseEvent]) -> Cost:
    """The events in batches, each by key, with the clock behind them, as an agent gives them to its engine."""
    engine, subjects = CaseEngine(book, reference), SubjectEngine(book, reference)
    portions = [events[start : start + workload.PORTION] for start in range(0, len(events), workload.PORTION)]
    batches: list[list[Item]] = [
        [
            *sorted(portion, key=lambda event: str(event.case_id)),
            ClockAdvanced(clock=workload.CLOCK, to=max(event.occurred_at for event in portion)),
        ]
        for portion in portions
    ]
    gc.collect()
    gc.disable()
    cases_s = subjects_s = 0.0
    signals = 0
    for batch in batches:
        begun = process_time()
        output = engine.process(batch)
        cases_s += process_time() - begun
        signals += sum(isinstance(signal, Signal) for signal in output.signals)
        begun = process_time()
        subjects.process([*output.signals, *output.steps])
        subjects_s += process_time() - begun
    gc.enable()
    size, held = engine.size(), subjects.size()
    return Cost(cases_s, subjects_s, size.bytes, size.subjects, held.bytes, held.subjects, signals)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--rules", help="only these, separated by commas")
    return parser.parse_args()


if __name__ == "__main__":
    main()
