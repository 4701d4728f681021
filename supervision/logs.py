"""Structured logs, set up once by each process: one line of JSON per change of state, libraries' own lines among them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
import structlog

NOISY = {
    "aiokafka": "CRITICAL",  # twenty lines a second while a broker is away; our own log says it once
    "asyncio": "WARNING",
    "faust": "WARNING",
    "kafka": "WARNING",
    "mode": "WARNING",
    "streams.agents.app": "WARNING",  # faust logs under the names of our subclasses
    "streams.agents.transport": "WARNING",
}


def configure(level: str, **bound: str | int) -> None:
    """Log at `level` and above to standard error; `bound` stands on every line of this process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[least], root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**bound)


def lines(logger: str, event: str, rows: Iterable[Mapping[str, object]]) -> None:
    """A line for each row, shaped as `structlog.get_logger(logger).info(event, **row)` shapes it, but all written in one go.

    A herd of deadlines is a hundred thousand alerts in a second, and structlog takes twenty times as long for a line.
    """
    if not logging.getLogger(logger).isEnabledFor(logging.INFO):
        return
    stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    rest = {**structlog.contextvars.get_contextvars(), "event": event, "level": "info", "logger": logger, "timestamp": stamp}
    encode = msgspec.json.Encoder().encode
    text = b"".join(encode({**row, **rest}) + b"\n" for row in rows)
    if text:
        sys.stderr.write(text.decode())
        sys.stderr.flush()
