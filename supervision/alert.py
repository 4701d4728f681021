"""The alert: a card or a clue, with its evidence and the reasons a person can read. Also the one function that makes its id."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct


class Level(StrEnum):
    NOTICE = "notice"
    YELLOW = "yellow"
    RED = "red"

    @property
    def letter(self) -> str:
        return _LETTER[self]

    @property
    def rank(self) -> int:
        return _RANK[self]


_LETTER = {Level.NOTICE: "N", Level.YELLOW: "Y", Level.RED: "R"}
_RANK = {Level.NOTICE: 1, Level.YELLOW: 2, Level.RED: 3}


class Disposition(StrEnum):
    CARD = "card"
    CLUE = "clue"


class State(StrEnum):
    ISSUED = "issued"
    REVOKED = "revoked"
    WITHHELD = "withheld"


class RevokeReason(StrEnum):
    """Why a standing alert no longer stands."""

    FACT = "fact"  # a fact that came later shows that the condition does not hold
    RAISED = "raised"  # a correction raised the level; the higher alert stands instead
    PRECEDENCE = "precedence"  # another rule speaks for the same fact
    REFERENCE = "reference"  # catalogue, calendar, waiver or outage data changed


class AnomalyClass(StrEnum):
    TIME = "time"
    PROCESS = "process"
    CONTENT = "content"
    DISCRETION = "discretion"
    INTEGRITY_RISK = "integrity_risk"
    OTHER = "other"


class Visibility(StrEnum):
    DEPARTMENT = "department"
    CENTRE = "centre"
    BUREAU = "bureau"
    DISCIPLINE_ONLY = "discipline_only"


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert at one revision. `detected_at`, `due_at`: logical instants, ms UTC; `issued_at`: wall time of publication.

    `facts` holds every intermediate value; `description` the sentence by language (`zh`, `en`).
    """

    alert_id: str
    rule_id: str
    rule_version: int
    level: Level
    disposition: Disposition
    state: State
    revision: int
    clock: str
    subject_key: str
    segment: str
    detected_at: int
    due_at: int | None = None
    issued_at: int | None = None
    source_system: str | None = None
    case_id: str | None = None
    issue_mode: str = "auto"
    anomaly_class: AnomalyClass = AnomalyClass.OTHER
    business_type: str = "case"
    item_type: str | None = None
    item_code: str | None = None
    region_code: str | None = None
    owner_department_id: str | None = None
    owner_centre_id: str | None = None
    responsible_officer_ids: tuple[str, ...] = ()
    responsible_step: str | None = None
    visibility: Visibility = Visibility.DEPARTMENT
    description: dict[str, str] = {}
    legal_basis: dict[str, str] = {}
    facts: dict[str, Any] = {}
    evidence_event_ids: tuple[UUID, ...] = ()
    revoke_reason: RevokeReason | None = None
    revoked_by_event_id: UUID | None = None


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# By ten bits: two letters of the base32 of RFC 4648. The library's own encoder is written in Python for any length, and slow.
_PAIRS = [f"{first}{second}" for first in _LETTERS for second in _LETTERS]


def alert_id(rule_id: str, level: Level, subject_key: str, segment: str) -> str:
    """Rule id, level letter and 16 characters of base32(SHA-256(rule | level | subject_key | segment)); at most 20 characters.

    The hashed text joins the four parts with "|", the level as its word (`yellow`), in UTF-8.
    """
    digest = hashlib.sha256(f"{rule_id}|{level}|{subject_key}|{segment}".encode()).digest()
    drawn = int.from_bytes(digest[:10], "big")
    return f"{rule_id}{level.letter}" + "".join([_PAIRS[drawn >> shift & 1023] for shift in range(70, -10, -10)])
