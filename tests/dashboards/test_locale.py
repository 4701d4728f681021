"""The two locale files say the same things, and the pages ask for nothing that they lack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parents[2] / "dashboards" / "locale"
SOURCES = LOCALE.parent / "web" / "src"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _texts(held: Any, at: str = "") -> Iterator[tuple[str, str]]:
    entries = held.items() if isinstance(held, dict) else enumerate(held)
    for key, value in entries:
        name = f"{at}.{key}" if at else str(key)
        if isinstance(value, str):
            yield name, value
        else:
            yield from _texts(value, name)


def _language(name: str) -> dict[str, str]:
    return dict(_texts(json.loads((LOCALE / f"{name}.json").read_text("utf-8"))))


def test_both_languages_say_the_same_things_with_the_same_placeholders() -> None:
    zh, en = _language("zh"), _language("en")
    assert zh.keys() == en.keys()
    assert {key for key in zh if set(PLACEHOLDER.findall(zh[key])) != set(PLACEHOLDER.findall(en[key]))} == set()


def test_no_text_is_empty_or_holds_a_sign_that_the_pages_read_otherwise() -> None:
    """`@` and `|` are commands to the translator of the pages."""
    for name in ("zh", "en"):
        assert {key for key, text in _language(name).items() if not text.strip() or set("@|") & set(text)} == set()


def test_the_pages_ask_for_nothing_that_is_not_there() -> None:
    known = _language("zh").keys()
    asked = {
        key
        for path in [*SOURCES.rglob("*.vue"), *SOURCES.rglob("*.ts")]
        for key in re.findall(r"""\bt\(\s*["'`]([a-z_]+(?:\.[a-z_]+)+)["'`][,)]""", path.read_text("utf-8"))
    }
    assert len(asked) > 100
    assert asked - known == set()
