"""The page of a rule, from its card."""

from __future__ import annotations

from functools import lru_cache

from dashboards.contract import Both, RulePage
from dashboards.page.markup import html
from rules.card import Card, Text
from rules.pages import kind_of, page


@lru_cache(maxsize=256)
def _page(card_id: str, version: int, text: str) -> str:
    return html(text)


def rule_page(card: Card) -> RulePage:
    return RulePage(
        rule_id=card.id,
        version=card.version,
        name=_both(card.name),
        family=card.family.value,
        disposition=card.disposition.value,
        levels=[level.value for level in card.levels],
        why=_both(card.why),
        legal_basis=_both(card.legal_basis),
        false_positives=[Both(each.zh, each.en) for each in card.false_positives],
        runbook=_both(card.runbook),
        detector=kind_of(card.detector),
        page=Both(*(_page(card.id, card.version, page(card, language)) for language in ("zh", "en"))),
    )


def _both(text: Text) -> Both:
    return Both(text.zh, text.en)
