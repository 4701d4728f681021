"""One record of the alert topics as a watcher reads it."""

from __future__ import annotations

import msgspec
import structlog
from confluent_kafka import Message
from msgspec import Struct

from supervision.alert import Alert

log = structlog.get_logger("feed")
_alert = msgspec.json.Decoder(Alert).decode


class Record(Struct, frozen=True):
    """`place`: which element of a position it moves; alerts' partitions come first, those of clues behind them.

    `at`: the broker's time, ms. `alert` None: a foreign record that is none; it only moves the position.
    """

    place: int
    offset: int
    at: int
    alert: Alert | None


def record_of(place: int, message: Message) -> Record:
    """Reads anything; what is no alert is logged and kept as a hole."""
    offset, value = message.offset() or 0, message.value()
    try:
        alert = _alert(value or b"")
    except (ValueError, RecursionError) as error:
        log.error("not an alert", topic=message.topic(), partition=message.partition(), offset=offset, because=str(error))
        alert = None
    return Record(place, offset, message.timestamp()[1], alert)
