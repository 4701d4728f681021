"""The page of one card, of one case, of a rule; and what the filters can be set to."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response

from dashboards.api.answers import answer, not_found
from dashboards.api.openapi import describe
from dashboards.api.services import Services, login_of, scope_of, services
from dashboards.cards import both, card_of
from dashboards.contract import AlertPage, Both, CasePage, FacetCode, FacetName, FacetRule, Facets, Revision, RulePage, RuleRow
from dashboards.page.case import Life, life, life_of_alert
from dashboards.page.facts import facts
from dashboards.page.ruler import ruler
from dashboards.page.timeline import state_of
from dashboards.queries import facets as counted
from dashboards.queries import history
from supervision.alert import Alert, Disposition, RevokeReason

log = structlog.get_logger("board.access")
router = APIRouter()

_REASONS = {
    RevokeReason.FACT: Both("后到的事实表明条件不成立", "a fact that came later shows that the condition does not hold"),
    RevokeReason.RAISED: Both(
        "更正后级别提高,由更高一级的牌代替", "a correction raised the level; the higher alert stands instead"
    ),
    RevokeReason.PRECEDENCE: Both("同一事实由另一条规则发牌", "another rule speaks for the same fact"),
    RevokeReason.REFERENCE: Both("事项、日历、豁免或者停机数据有变", "catalogue, calendar, waiver or outage data changed"),
}


@router.get("/api/alerts/{alert_id}", **describe(AlertPage))
def alert(request: Request, alert_id: str) -> Response:
    """One card with everything it rests on. Who read a clue is logged."""
    found, scope = services(request), scope_of(request)
    shown = history.one(found.pool, alert_id, scope)
    if shown is None:
        raise not_found()
    if shown.disposition is Disposition.CLUE:
        log.info("clue read", username=login_of(request).user.username, alert_id=alert_id)
    return answer(_alert_page(found, shown))


def _alert_page(found: Services, shown: Alert) -> AlertPage:
    names = found.names()
    rule = found.rules.page(shown.rule_id)
    if rule is None:
        raise not_found("发牌的规则已不在规则书中。", "The rule of this alert is no longer in the book.")
    lived = life_of_alert(found.pool, found.book, names, shown)
    clock = found.board.clock(shown.clock)
    return AlertPage(
        card=card_of(shown, names),
        why=rule.why,
        legal_basis=both(shown.legal_basis) if shown.legal_basis else rule.legal_basis,
        rule=rule,
        facts=facts(shown.facts),
        ruler=ruler(lived.drawn, shown.detected_at, None if clock is None else clock.now),
        timeline=lived.timeline,
        workflow=lived.workflow,
        revisions=[_revision(said, at) for at, said in history.emissions(found.pool, shown)],
        evidence_event_ids=[str(event_id) for event_id in shown.evidence_event_ids],
        anomaly_class=shown.anomaly_class.value,
        issue_mode=shown.issue_mode,
        responsible_step=shown.responsible_step,
    )


def _revision(said: Alert, at: int) -> Revision:
    reason = said.revoke_reason
    return Revision(
        revision=said.revision,
        state=said.state.value,
        at_wall=said.issued_at or at,
        reason=None if reason is None else reason.value,
        reason_text=None if reason is None else _REASONS[reason],
        event_id=None if said.revoked_by_event_id is None else str(said.revoked_by_event_id),
        sentence=both(said.description),
    )


@router.get("/api/cases/{source}/{case_id:path}", **describe(CasePage))
def case(request: Request, source: str, case_id: str) -> Response:
    """A case's whole life, and every card about it."""
    found, scope = services(request), scope_of(request)
    names = found.names()
    lived = life(found.pool, found.book, names, source, case_id)
    if not lived.events or not lived.is_seen_by(scope):
        raise not_found()
    asked = history.Filter(cases=(case_id,), sources=(source,), dispositions=("card", "clue") if scope.sees_clues else ("card",))
    cards, _ = history.page(found.pool, asked, scope, None, history.MOST)
    return answer(_case_page(found, lived, source, case_id, cards))


def _case_page(found: Services, lived: Life, source: str, case_id: str, cards: list[Alert]) -> CasePage:
    names = found.names()
    clock_name = names.clock_of(source)
    clock = found.board.clock(clock_name)
    drawn = lived.drawn
    item_code = drawn.item_code if drawn is not None else lived.last("item_catalog_code")
    region = drawn.region if drawn is not None else lived.last("region_code")
    centre, department = lived.last("centre_id"), lived.last("department_id")
    return CasePage(
        source_system=source,
        case_id=case_id,
        clock=clock_name,
        item_code=item_code,
        item_name=names.item(item_code),
        region_code=region,
        region_name=names.region(region),
        centre_id=centre,
        centre_name=names.centre(centre),
        department_id=department,
        department_name=names.department(department),
        state=state_of(lived.timeline),
        ruler=ruler(drawn, None, None if clock is None else clock.now),
        timeline=lived.timeline,
        workflow=lived.workflow,
        cards=[card_of(each, names) for each in cards],
    )


@router.get("/api/facets", **describe(Facets, parameters={"clock": "a clock's name: only what its alerts name"}))
def facets(request: Request) -> Response:
    """What the filters of the list can be set to."""
    found, names = services(request), services(request).names()
    scope = scope_of(request)
    values = counted.values(found.pool, scope, request.query_params.get("clock", ""))
    return answer(
        Facets(
            rules=[FacetRule(row.rule_id, row.name) for row in found.rules.rows(scope)],
            departments=[FacetName(key, names.department(key) or key) for key in values.departments],
            centres=[FacetName(key, names.centre(key) or key) for key in values.centres],
            items=[FacetCode(key, names.item(key) or key) for key in values.items],
            regions=[FacetCode(key, names.region(key) or key) for key in values.regions],
            sources=values.sources,
            clocks=found.board.all_clocks(),
        )
    )


@router.get("/api/rules", **describe(list[RuleRow]))
def rules(request: Request) -> Response:
    """Every rule in force whose alerts one may see."""
    return answer(services(request).rules.rows(scope_of(request)))


@router.get("/api/rules/{rule_id}", **describe(RulePage))
def rule(request: Request, rule_id: str) -> Response:
    """One of them."""
    pages = services(request).rules
    found = pages.page(rule_id)
    if found is None or not pages.may_see(rule_id, scope_of(request)):
        raise not_found()
    return answer(found)
