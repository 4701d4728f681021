"""Twists on fees (P09): what may not be charged, when, to whom; and what looks like it."""

from __future__ import annotations

from streams.simulator.catalogue import (
    AFTER_FEN,
    BEFORE_FEN,
    BY_COPY,
    COPY_FEN,
    FLAT,
    FLAT_FEN,
    FREE,
    LOWERED,
    LOWERED_AT,
    fee_item,
)
from streams.simulator.laying import worked
from streams.simulator.story import Story
from streams.simulator.telling import charge
from streams.simulator.twist import Twist, find, in_days, limit_of, near_wd
from supervision.alert import Level
from supervision.durations import MINUTE_MS
from supervision.event import EventType, Precision


def _in_time(story: Story) -> None:
    story.finish_wd = max(1, near_wd(limit_of(story)) - 1)


def _soon(story: Story) -> int:
    """Some minutes after the acceptance."""
    return worked(story.hall.calendar, story.opening_at, 9 * MINUTE_MS)


def _charged(story: Story, name: str, amount_fen: int, at: int | None = None, **said: object) -> int:
    act = charge(story, name, amount_fen, _soon(story) if at is None else at, **said)
    story.acts.append(act)
    return act.at


def _wrong(story: Story, name: str, clause: str, at: int, level: Level = Level.RED) -> None:
    find(story, "P09", level, at, f"0/{fee_item(story.hall.profile.prefix, name)}/{clause}")


def _free(story: Story) -> None:
    _wrong(story, FREE, "free_item", _charged(story, FREE, story.chance.randint(1, 5_000)))


def _above(story: Story) -> None:
    copies = story.chance.randint(2, 9)
    _wrong(story, BY_COPY, "above_standard", _charged(story, BY_COPY, copies * COPY_FEN + 100, quantity=copies))


def _early(story: Story) -> None:
    """A minute before the acceptance; of one date, where only dates are told, nobody sees it."""
    at = _charged(story, FLAT, FLAT_FEN, story.opening_at - MINUTE_MS)
    if story.hall.feed.precision is Precision.SECOND:
        _wrong(story, FLAT, "before_acceptance", at)


def _to_a_private_account(story: Story) -> None:
    _wrong(story, FLAT, "private_account", _charged(story, FLAT, FLAT_FEN, payee_account_id="WX-8841"))


def _without_receipt(story: Story) -> None:
    _charged(story, FLAT, FLAT_FEN, receipt_no=None)
    _wrong(story, FLAT, "no_receipt", story.act(EventType.CASE_COMPLETED).at)


def _reduced(story: Story) -> None:
    at = _charged(story, FLAT, FLAT_FEN // 2)
    _wrong(story, FLAT, "reduced_without_basis", at, Level.YELLOW)


def _reduced_by_a_document(story: Story) -> None:
    _charged(story, FLAT, FLAT_FEN // 2, reduction_basis="财税〔2025〕12号")


def _courier(story: Story) -> None:
    _charged(story, FREE, 1_200, fee_kind="courier", payee_account_id="KD-01", receipt_no=None)


def _deposit(story: Story) -> None:
    _charged(story, FLAT, 500_000, story.opening_at - MINUTE_MS, fee_kind="third_party", receipt_no=None)


def _by_the_standard_of_the_day(story: Story) -> None:
    """The standard is lowered in spring: what was charged before is not held against the new one."""
    at = _soon(story)
    _charged(story, LOWERED, BEFORE_FEN if at < LOWERED_AT else AFTER_FEN, at)


_V, _Q, _ANY = True, False, in_days(2, 15)
TWISTS: tuple[Twist, ...] = (
    Twist(rule="P09", name="free_item_charged", violates=_V, suits=_ANY, shape=_in_time, alter=_free),
    Twist(rule="P09", name="above_standard", violates=_V, suits=_ANY, shape=_in_time, alter=_above),
    Twist(rule="P09", name="charged_before_acceptance", violates=_V, suits=_ANY, shape=_in_time, alter=_early),
    Twist(rule="P09", name="private_account", violates=_V, suits=_ANY, shape=_in_time, alter=_to_a_private_account),
    Twist(rule="P09", name="no_receipt", violates=_V, suits=_ANY, shape=_in_time, alter=_without_receipt),
    Twist(rule="P09", name="reduced_without_basis", violates=_V, suits=_ANY, shape=_in_time, alter=_reduced),
    Twist(rule="P09", name="reduced_by_a_document", violates=_Q, suits=_ANY, shape=_in_time, alter=_reduced_by_a_document),
    Twist(rule="P09", name="courier_and_copies", violates=_Q, suits=_ANY, shape=_in_time, alter=_courier),
    Twist(rule="P09", name="third_party_deposit", violates=_Q, suits=_ANY, shape=_in_time, alter=_deposit),
    Twist(rule="P09", name="outdated_standard", violates=_Q, suits=_ANY, shape=_in_time, alter=_by_the_standard_of_the_day),
)
