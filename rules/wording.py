"""How a mistake is put into words for the writer of a card."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from supervision.document import Path
from supervision.language import say


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean a, b?` for the known names most like this one, else the empty text."""
    close = ", ".join(difflib.get_close_matches(name, list(known), n=3))
    return say(f";是否为 {close}?", f"; did you mean {close}?") if close else ""


_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[\.\.\.\]")


def parse_error(message: str) -> tuple[Path, str]:
    """Where and what of a msgspec validation message, which ends in " - at `$.a.b[0]`"."""
    text, _, place = message.partition(" - at `$")
    path: list[str | int] = []
    for match in _STEP.finditer(place):
        if match.group(1):
            path.append(match.group(1))
        elif match.group(2):
            path.append(int(match.group(2)))
        else:
            break
    return tuple(path), text
