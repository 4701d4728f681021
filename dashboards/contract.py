"""Every answer of the board's server, shape by shape as `dashboards/web/src/contract.ts` says it; a test compares the two.

Times are ms UTC on the clock of their source, `_wall` marks wall-clock times. What is absent is null, never left out.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Level = Literal["notice", "yellow", "red"]
State = Literal["issued", "revoked", "withheld"]
Role = Literal["administrator", "supervisor", "auditor", "department", "discipline"]
Disposition = Literal["card", "clue"]


class Both(Struct, frozen=True):
    zh: str
    en: str


class Problem(Struct, frozen=True):
    error: str
    message: Both
    field: str | None = None


class Me(Struct, frozen=True):
    username: str
    display_name: str
    roles: list[Role]
    region_prefix: str
    department_id: str | None
    csrf_token: str
    must_change_password: bool


class Session(Struct, frozen=True):
    id: str
    created_wall: int
    seen_wall: int
    agent: str
    is_this: bool


class Card(Struct, frozen=True):
    alert_id: str
    rule_id: str
    rule_name: Both
    level: Level
    disposition: Disposition
    state: State
    revision: int
    clock: str
    source_system: str | None
    case_id: str | None
    subject_key: str
    detected_at: int
    due_at: int | None
    issued_wall: int | None
    item_code: str | None
    item_name: str | None
    region_code: str | None
    region_name: str | None
    centre_id: str | None
    centre_name: str | None
    department_id: str | None
    department_name: str | None
    officer_ids: list[str]
    sentence: Both
    revoke_reason: str | None


class Clock(Struct, frozen=True):
    name: str
    now: int
    is_simulated: bool
    time_zone: str
    rate: float | None


class Place(Struct, frozen=True):
    key: str
    kind: Literal["root", "region", "centre", "department"]
    code: str
    name: str


class Totals(Struct, frozen=True):
    events: int
    cases_accepted: int
    cases_completed: int
    cases_open: int
    notice: int
    yellow: int
    red: int
    revoked: int
    withheld: int


class TrendPoint(Struct, frozen=True):
    at: int
    events: int
    notice: int
    yellow: int
    red: int


class Tile(Struct, frozen=True):
    place: Place
    events: int
    notice: int
    yellow: int
    red: int


class RuleCount(Struct, frozen=True):
    rule_id: str
    name: Both
    notice: int
    yellow: int
    red: int


class Source(Struct, frozen=True):
    source_system: str
    clock: str
    clock_now: int | None
    last_event_wall: int | None
    last_event_at: int | None
    events_last_hour: int
    refused_last_hour: int
    state: Literal["live", "silent", "closed"]


class Quiet(Struct, frozen=True):
    why: Literal["no_events", "feeds_silent", "agents_behind", "sink_behind", "all_in_order"]
    sentence: Both


class Wall(Struct, frozen=True):
    clock: Clock
    clocks: list[Clock]
    place: Place
    path: list[Place]
    today: Totals
    trend: list[TrendPoint]
    newest: list[Card]
    children: list[Tile]
    rules: list[RuleCount]
    sources: list[Source]
    quiet: Quiet | None


class Fact(Struct, frozen=True):
    name: str
    label: Both
    value: str | int | float | bool | list[str | int | float] | None
    kind: Literal["text", "number", "time", "date", "duration_ms", "list"]
    unit: Both | None


class Mark(Struct, frozen=True):
    at: int
    kind: Literal["opened", "notice", "promised_due", "legal_due", "detected", "decided", "completed", "now"]
    label: Both


class RulerPause(Struct, frozen=True, rename={"from_": "from"}):
    from_: int
    to: int | None
    kind: str
    label: Both
    counted_until: int | None


class Extension(Struct, frozen=True):
    at: int
    days: int
    label: Both


class DaysOff(Struct, frozen=True, rename={"from_": "from"}):
    from_: int
    to: int
    label: Both


class Ruler(Struct, frozen=True, rename={"from_": "from"}):
    time_zone: str
    from_: int
    to: int
    opened_at: int
    marks: list[Mark]
    pauses: list[RulerPause]
    extensions: list[Extension]
    days_off: list[DaysOff]


class Step(Struct, frozen=True):
    event_id: str
    event_type: str
    label: Both
    at: int
    step_code: str | None
    step_name: str | None
    actor: str | None
    department_id: str | None
    channel: str | None
    is_evidence: bool
    is_late: bool
    is_quarantined: bool
    superseded_by: str | None
    payload: dict[str, Any]
    recorded_at: int | None
    received_wall: int | None


class WorkflowStep(Struct, frozen=True):
    code: str
    name: str
    mandatory: bool
    limit: str | None
    first_at: int | None
    last_at: int | None
    actors: list[str]


class Workflow(Struct, frozen=True):
    item_code: str
    item_name: str
    steps: list[WorkflowStep]
    before: list[tuple[str, str]]
    separate: list[tuple[str, str]]


class Revision(Struct, frozen=True):
    revision: int
    state: State
    at_wall: int
    reason: str | None
    reason_text: Both | None
    event_id: str | None
    sentence: Both


class RuleNamed(Struct, frozen=True):
    name: str
    label: Both


class RuleRow(Struct, frozen=True):
    rule_id: str
    version: int
    name: Both
    family: str
    disposition: Disposition
    levels: list[Level]
    why: Both
    detector: str
    events: list[RuleNamed]
    subjects: list[RuleNamed]


class RulePage(RuleRow, frozen=True):
    legal_basis: Both
    false_positives: list[Both]
    runbook: Both
    page: Both


class AlertPage(Struct, frozen=True):
    card: Card
    why: Both
    legal_basis: Both
    rule: RulePage
    facts: list[Fact]
    ruler: Ruler | None
    timeline: list[Step]
    workflow: Workflow | None
    revisions: list[Revision]
    evidence_event_ids: list[str]
    anomaly_class: str
    issue_mode: str
    responsible_step: str | None


class AlertList(Struct, frozen=True):
    cards: list[Card]
    cursor: str | None
    total: int


class FacetRule(Struct, frozen=True):
    id: str
    name: Both


class FacetName(Struct, frozen=True):
    id: str
    name: str


class FacetCode(Struct, frozen=True):
    code: str
    name: str


class Facets(Struct, frozen=True):
    rules: list[FacetRule]
    departments: list[FacetName]
    centres: list[FacetName]
    items: list[FacetCode]
    regions: list[FacetCode]
    sources: list[str]
    clocks: list[Clock]


class CasePage(Struct, frozen=True):
    source_system: str
    case_id: str
    clock: str
    item_code: str | None
    item_name: str | None
    region_code: str | None
    region_name: str | None
    centre_id: str | None
    centre_name: str | None
    department_id: str | None
    department_name: str | None
    state: str
    ruler: Ruler | None
    timeline: list[Step]
    workflow: Workflow | None
    cards: list[Card]
