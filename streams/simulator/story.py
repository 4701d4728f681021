"""One case as it is going to happen: who, what, when, and what is told of it. Twists change it before and after it is told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from streams.simulator.catalogue import Offer
from streams.simulator.city import Desk, Hall
from supervision.event import ApplicantType, BatchKind, Channel, EventType, Flag, PostPlace, SecrecyClass
from supervision.reference import Item
from supervision.subject import key, on_clock
from supervision.worktime import Limit

if TYPE_CHECKING:
    from streams.simulator.truth import Violation
    from streams.simulator.twist import Twist


class Act(Struct, kw_only=True):
    """One fact of a case that a system tells. `lag_ms`: how much later it arrives than it happened (None: by chance).

    `corrects`: the act it is a new version of. `fields`: envelope fields besides the story's.
    """

    kind: EventType
    at: int
    payload: dict[str, Any] = field(default_factory=dict)
    officer: str | None = None
    role: str = ""
    place: PostPlace | None = None
    lag_ms: int | None = None
    corrects: Act | None = None
    version: int = 1
    fields: dict[str, Any] = field(default_factory=dict)


class Work(Struct, kw_only=True):
    """One step (环节) as it is done. `until` None: it is begun and never completed."""

    code: str
    officer: str
    since: int = 0
    until: int | None = 0

    @property
    def instance(self) -> str:
        return f"{self.code}-1"


class Pause(Struct, kw_only=True):
    """A special procedure. `declared_wd` None: nothing was declared; `until` None: it never ends."""

    seq: int
    kind: str
    since: int
    until: int | None
    declared_wd: int | None


class Extension(Struct, kw_only=True):
    """An extension of the legal limit, approved by whoever has the post. `told_at`: when the applicant is told, None: never."""

    at: int
    days: int
    post: str
    told_at: int | None
    reason: str = "案情复杂,需补充论证"


class Story(Struct, kw_only=True):
    """A case with a promise. All instants are ms UTC.

    `finish_wd`: completed on so many working, not paused days after acceptance; `finish_share`: of a limit in hours, so much is
    used. `slow`: the step in which the time goes, None: between steps. `accepted_at` is the least accepted time, `opening_at` the
    one in force. `waits_wd`: so many working days it lies before it is accepted. `received_at`, `answered_at`: the first receipt
    and the first answer to it; `given_at`, `made_at`, `published_at`: when the result is handed out, its electronic certificate
    made, the decision published, None: never. `is_silent`: nothing of it may be judged. `found`: violations that twists know of.
    """

    hall: Hall
    offer: Offer
    item: Item
    desk: Desk
    case_id: str
    chance: random.Random
    accepted_at: int
    acceptor: str
    window: str
    applicant: str
    applicant_type: ApplicantType
    channel: Channel
    agent: str | None = None
    finish_wd: int = 0
    finish_share: float = 0.0
    slow: str | None = None
    pause_after_wd: int | None = None
    pause_wd: int = 0
    declared_wd: int | None = None
    ending: EventType = EventType.CASE_COMPLETED
    is_denied: bool = False
    supplement: int = 0
    waits_wd: int = 0
    received_at: int = 0
    answered_at: int = 0
    twists: tuple[Twist, ...] = ()
    opening_at: int = 0
    work: list[Work] = field(default_factory=list)
    pause: Pause | None = None
    pause_kind: str = "testing"
    extension: Extension | None = None
    decided_at: int | None = None
    ended_at: int | None = None
    given_at: int | None = None
    made_at: int | None = None
    published_at: int | None = None
    secrecy: SecrecyClass = SecrecyClass.PUBLIC
    flags: tuple[Flag, ...] = ()
    batch_kind: BatchKind = BatchKind.REALTIME
    is_silent: bool = False
    acts: list[Act] = field(default_factory=list)
    found: list[Violation] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return key("case", self.hall.source, self.case_id)

    def part(self, kind: str, name: str | int) -> str:
        """The subject of a part of the case: a step by its instance, a pause by its number."""
        return key(kind, self.hall.source, self.case_id, name)

    @property
    def is_granted(self) -> bool:
        return self.decided_at is not None and not self.is_denied

    @property
    def promised(self) -> Limit | None:
        return self.item.promised_limit

    def step(self, code: str) -> Work:
        return next(step for step in self.work if step.code == code)

    def act(self, kind: EventType, step: str | None = None) -> Act:
        """The first act of this type (and step)."""
        return next(act for act in self.acts if act.kind is kind and (step is None or act.payload.get("step_code") == step))

    def drop(self, *acts: Act) -> None:
        self.acts = [act for act in self.acts if not any(act is gone for gone in acts)]

    def correct(self, act: Act, after_ms: int, at: int | None = None, **changes: Any) -> Act:
        """Tell a new version of an act, so much later; `changes` are envelope fields or, with `payload`, of the payload."""
        payload = act.payload | changes.pop("payload", {})
        arrives = act.at + (act.lag_ms or 0) + after_ms
        moved = act.at if at is None else at
        told = Act(
            kind=act.kind,
            at=moved,
            payload=payload,
            officer=act.officer,
            role=act.role,
            place=act.place,
            lag_ms=arrives - moved,
            corrects=act,
            version=act.version + 1,
            fields=act.fields | changes,
        )
        self.acts.append(told)
        return told


def officer_subject(hall: Hall, officer: str) -> str:
    return on_clock(key("officer", officer), hall.clock)


def officer_item_subject(hall: Hall, officer: str, item: Item) -> str:
    return on_clock(key("officer_item", officer, item.catalog_code or item.code), hall.clock)
