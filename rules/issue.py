"""From what is implied and what was said before to what must be said now: issue, revoke, issue again with the next revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from rules.card import Card
from rules.said import Core, Standing
from rules.verdict import Verdict
from supervision.alert import Alert, Level, RevokeReason, State, alert_id
from supervision.reference import Outage, Reference, Waiver

LEVELS = {level.value: level for level in Level}  # a look-up costs a fifth of a call of the type
_STATES = {state.value: state for state in State}


class Said(Struct, frozen=True):
    """What one rule implies now of one case: an id, a core and the state it stands in."""

    alert_id: str
    core: Core
    state: State


class Change(Struct, frozen=True):
    """One message to send. `reason` and `by` only for revocations."""

    standing: Standing
    reason: RevokeReason | None = None
    by: bytes | None = None


class Because(Struct, frozen=True):
    """What the judgement was made for: the newest fact that touched the case, or none (clock or reference data)."""

    fact_id: bytes | None = None

    @classmethod
    def of(cls, fact_id: int | None) -> Because:
        return cls() if fact_id is None else cls(fact_id.to_bytes(16, "big"))

    @property
    def reason(self) -> RevokeReason:
        return RevokeReason.FACT if self.fact_id is not None else RevokeReason.REFERENCE


def changes(rule_id: str, before: Sequence[Standing], implied: Iterable[Said], because: Because) -> list[Change]:
    """The difference, revocations first; `before` holds what was last said by this rule of this case, and is not altered."""
    now = {said.alert_id: said for said in implied}
    known = {standing.alert_id: standing for standing in before}
    found: list[Change] = []
    for standing in before:
        if standing.state != State.REVOKED and standing.alert_id not in now:
            gone = Standing(standing.alert_id, rule_id, standing.revision + 1, State.REVOKED, standing.core)
            found.append(Change(gone, _why_gone(standing, now.values(), because), because.fact_id))
    for said in now.values():
        old = known.get(said.alert_id)
        if old is None or old.state != said.state or old.core != said.core:
            revision = 1 if old is None else old.revision + 1
            found.append(Change(Standing(said.alert_id, rule_id, revision, said.state, said.core)))
    return found


def _why_gone(gone: Standing, now: Iterable[Said], because: Because) -> RevokeReason:
    """`raised` where a higher level of the same subject and segment stands instead."""
    rank = LEVELS[gone.core.level].rank
    for said in now:
        core = said.core
        if core.subject == gone.core.subject and core.segment == gone.core.segment and LEVELS[core.level].rank > rank:
            return RevokeReason.RAISED
    return because.reason


def stays(rule_id: str, before: Iterable[Standing], undated: Verdict) -> list[Said]:
    """What was said of a level in the year that is missing now: data that was taken away revokes nothing."""
    return [
        Said(standing.alert_id, standing.core, State(standing.state))
        for standing in before
        if standing.rule_id == rule_id
        and standing.state != State.REVOKED
        and standing.core.level == undated.level
        and standing.core.due_at is not None
        and standing.core.due_at >= undated.detected_at
    ]


class Suppression:
    """Waivers and outages, looked up for one alert."""

    def __init__(self, reference: Reference) -> None:
        self._waivers: dict[tuple[str, str], list[Waiver]] = {}
        self._outages: dict[str, list[Outage]] = {}
        for entry in reference.entries:
            if isinstance(entry, Waiver):
                self._waivers.setdefault((entry.rule_id, entry.subject_key), []).append(entry)
            elif isinstance(entry, Outage):
                self._outages.setdefault(entry.source_system, []).append(entry)

    def state(self, rule_id: str, core: Core, source: str) -> State | None:
        """The state the alert stands in; None: waived."""
        if any(_covers(waiver, core.detected_at) for waiver in self._waivers.get((rule_id, core.subject), ())):
            return None
        for outage in self._outages.get(source, ()):
            if _covers(outage, core.detected_at) and (not outage.rules or rule_id in outage.rules):
                return State.WITHHELD
        return State.ISSUED


def _covers(entry: Waiver | Outage, at: int) -> bool:
    return (entry.valid_from is None or entry.valid_from <= at) and (entry.valid_to is None or at < entry.valid_to)


def identify(rule_id: str, core: Core) -> str:
    return alert_id(rule_id, LEVELS[core.level], core.subject, core.segment)


def message(card: Card, change: Change, clock: str, source: str | None, case_id: str | None, words: dict[str, str]) -> Alert:
    """The alert record of one change. `card` is the rule's card, `words` its sentence by language."""
    standing = change.standing
    core = standing.core
    return Alert(
        alert_id=standing.alert_id,
        rule_id=standing.rule_id,
        rule_version=card.version,
        level=LEVELS[core.level],
        disposition=card.disposition,
        state=_STATES[standing.state],
        revision=standing.revision,
        clock=clock,
        subject_key=core.subject,
        segment=core.segment,
        detected_at=core.detected_at,
        due_at=core.due_at,
        source_system=source,
        case_id=case_id,
        anomaly_class=card.anomaly_class,
        business_type=card.business_type,
        item_type=core.item_type,
        item_code=core.item,
        region_code=core.region,
        owner_department_id=core.department,
        owner_centre_id=core.centre,
        responsible_officer_ids=core.officers,
        responsible_step=core.step,
        visibility=card.visibility,
        description=words,
        legal_basis={"zh": card.legal_basis.zh, "en": card.legal_basis.en},
        facts=core.facts,
        evidence_event_ids=tuple(UUID(bytes=fact_id) for fact_id in core.evidence),
        revoke_reason=change.reason,
        revoked_by_event_id=None if change.by is None else UUID(bytes=change.by),
    )
