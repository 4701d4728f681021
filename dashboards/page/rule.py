"""The pages of rules, from their cards. Made once for a book: whom a rule is about is seen from its examples, which takes time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from msgspec.structs import asdict

from dashboards.access.rights import Scope
from dashboards.contract import Both, RuleNamed, RulePage, RuleRow
from dashboards.page.markup import html
from rules.card import Card, Text
from rules.feed import Definition, definitions
from rules.lookup import Looked, look
from rules.pages import LANGUAGES, feed_page, kind_of, page, worked
from rules.terms import subject_word, word
from rules.timeline import timeline
from supervision.alert import Disposition, Visibility

FEED = "feed"


class RulePages:
    """Of all cards of a book, and of what the monitor of feeds says. Who may see none of a rule's alerts sees no page of it: its
    numbers say how to stay below them."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self._cards = {card.id: card for card in cards}
        self._feeds = {each.id: each for each in sorted(definitions().values(), key=lambda each: each.id)}
        self._made: dict[str, RulePage] = {}

    def rows(self, scope: Scope) -> list[RuleRow]:
        rows = [_row(card, self._looked[card.id]) for card in self._cards.values() if is_seen(card, scope)]
        return rows + [_row_of_feed(each) for each in self._feeds.values() if _is_feed_seen(scope)]

    def make(self) -> None:
        """All of them now, not when the first is asked for."""
        for rule_id in (*self._cards, *self._feeds):
            self.page(rule_id)

    def page(self, rule_id: str) -> RulePage | None:
        """None: there is no such rule. Rights are asked by `may_see`."""
        found = self._made.get(rule_id)
        if found is None and rule_id in self._cards:
            found = self._made[rule_id] = _page(self._cards[rule_id], self._looked[rule_id])
        elif found is None and rule_id in self._feeds:
            found = self._made[rule_id] = _page_of_feed(self._feeds[rule_id])
        return found

    def may_see(self, rule_id: str, scope: Scope) -> bool:
        if rule_id in self._feeds:
            return _is_feed_seen(scope)
        card = self._cards.get(rule_id)
        return card is not None and is_seen(card, scope)

    @cached_property
    def _looked(self) -> dict[str, Looked]:
        return look(self._cards.values())


def is_seen(card: Card, scope: Scope) -> bool:
    """Whether the scope may see alerts of this rule anywhere."""
    return scope.sees_kind(card.disposition.value, card.visibility.value)


def _row(card: Card, looked: Looked) -> RuleRow:
    return RuleRow(
        rule_id=card.id,
        version=card.version,
        name=_both(card.name),
        family=card.family.value,
        disposition=card.disposition.value,
        levels=[level.value for level in card.levels],
        why=_both(card.why),
        detector=kind_of(card.detector),
        events=_events(looked),
        subjects=_subjects(looked),
    )


def _page(card: Card, looked: Looked) -> RulePage:
    return RulePage(
        **asdict(_row(card, looked)),
        legal_basis=_both(card.legal_basis),
        false_positives=[Both(each.zh, each.en) for each in card.false_positives],
        runbook=_both(card.runbook),
        page=Both(*(_html(card, looked, language) for language in LANGUAGES)),
    )


def _is_feed_seen(scope: Scope) -> bool:
    return scope.sees_kind(Disposition.CARD.value, Visibility.BUREAU.value)


def _row_of_feed(one: Definition) -> RuleRow:
    return RuleRow(
        rule_id=one.id,
        version=one.version,
        name=_both(one.name),
        family=FEED,
        disposition=Disposition.CARD.value,
        levels=[one.level.value],
        why=_both(one.why),
        detector=FEED,
        events=[],
        subjects=_subjects(Looked((), ("source",))),
    )


def _page_of_feed(one: Definition) -> RulePage:
    return RulePage(
        **asdict(_row_of_feed(one)),
        legal_basis=_both(one.legal_basis),
        false_positives=[],
        runbook=_both(one.runbook),
        page=Both(*(html(feed_page(one, language)) for language in LANGUAGES)),
    )


def _html(card: Card, looked: Looked, language: str) -> str:
    picture = timeline(card, worked(card), language, styled=False)
    return html(page(card, looked, language), {f"{card.id}.{language}.svg": picture})


def _events(looked: Looked) -> list[RuleNamed]:
    return [RuleNamed(kind.value, Both(word(kind.value, "zh"), word(kind.value, "en"))) for kind in looked.events]


def _subjects(looked: Looked) -> list[RuleNamed]:
    return [RuleNamed(kind, Both(subject_word(kind, "zh"), subject_word(kind, "en"))) for kind in looked.subjects]


def _both(text: Text) -> Both:
    return Both(text.zh, text.en)
