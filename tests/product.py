"""The product's own cards, read once for all tests; nothing of them is altered."""

from __future__ import annotations

from rules.card import load_cards

CARDS = tuple(load_cards())
