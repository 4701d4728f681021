"""What must be found, and what must stay quiet, as it follows from how each case was made; one JSON line each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from supervision.alert import Level, alert_id
from supervision.language import UserError, say


class Origin(StrEnum):
    INJECTED = "injected"  # the case was made so that this rule speaks
    NATURAL = "natural"  # it came of itself: chance was slow, or another injection led to it


class Violation(Struct, kw_only=True):
    """An alert that must stand once the clock has reached `at` (ms UTC) and all events are there."""

    rule: str
    level: Level
    subject: str
    segment: str
    at: int
    origin: Origin = Origin.NATURAL

    @property
    def alert_id(self) -> str:
        return alert_id(self.rule, self.level, self.subject, self.segment)


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a truth file. `expect` "alert": this alert stands; "quiet": no alert of this rule on this subject stands,
    in this segment if it names one.

    `name`: what was made to go wrong, or to look so; of a natural violation, what it came with, if anything.
    """

    expect: str
    rule: str
    subject: str
    level: Level | None = None
    segment: str | None = None
    at: int | None = None
    alert_id: str | None = None
    origin: Origin | None = None
    name: str | None = None
    case_id: str | None = None


def line_of(violation: Violation, name: str | None = None, case_id: str | None = None) -> Line:
    return Line(
        expect="alert",
        rule=violation.rule,
        subject=violation.subject,
        level=violation.level,
        segment=violation.segment,
        at=violation.at,
        alert_id=violation.alert_id,
        origin=violation.origin,
        name=name,
        case_id=case_id,
    )


def write(path: Path, lines: Iterable[Line]) -> int:
    """Write a truth file; returns how many lines it has."""
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(msgspec.json.encode(line, order="deterministic") + b"\n")
            count += 1
    return count


def read(path: Path) -> list[Line]:
    """The lines of a truth file. Raises UserError for one that cannot be read."""
    try:
        return [msgspec.json.decode(raw, type=Line) for raw in path.read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError) as error:
        raise UserError(say(f"{path}: 读不了: {error}", f"{path}: cannot be read: {error}")) from None
