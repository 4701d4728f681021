"""What rules can be looked up by beside their family: the events they read, and whom their alerts are about. For pages."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from rules.book import Rulebook
from rules.card import Card
from rules.examples import bench, run
from rules.subjects import READS
from supervision.event import EventType


class Looked(Struct, frozen=True):
    """Of one rule. `events`: in the order of a case's life; `subjects`: kinds of subject keys, as in `case:<source>/<case>`."""

    events: tuple[EventType, ...]
    subjects: tuple[str, ...]


def look(cards: Iterable[Card]) -> dict[str, Looked]:
    """By rule id. Whom a rule is about is seen from what its examples come to."""
    cards = list(cards)
    book, of = Rulebook(cards), bench(cards)
    return {card.id: Looked(_events(book, card), _subjects(of, card)) for card in cards}


def _events(book: Rulebook, card: Card) -> tuple[EventType, ...]:
    rule = book.by_id[card.id]
    read = {*rule.reads, *(READS if rule.tally is not None and rule.tally.is_excused_by_overtime else ())}
    return tuple(kind for kind in EventType if kind in read)


def _subjects(book: Rulebook, card: Card) -> tuple[str, ...]:
    alerts = (alert for example in card.examples for alert in run(book, card, example).alerts)
    return tuple(sorted({alert.subject_key.partition(":")[0] for alert in alerts}))
