"""The JSON Schema of a card file, made from the types, for editors and for own checks. `supervision rules schema` prints it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import msgspec

from rules.card import Card
from supervision.schema import with_even_words

FILE = "card.schema.json"


def card_schema() -> dict[str, Any]:
    """The schema of format version 1."""
    schema = with_even_words(msgspec.json.schema(Card))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rule card", **schema}


def card_schema_text() -> str:
    """What the file `rules/schemas/card.schema.json` holds."""
    return json.dumps(card_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def published() -> str:
    """The schema file as it is in the package."""
    return files("rules").joinpath("schemas", FILE).read_text("utf-8")
