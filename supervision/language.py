"""Chinese or English for what people read, chosen once by locale. Called wherever a message meets a user."""

from __future__ import annotations

import os
from functools import lru_cache


@lru_cache(maxsize=1)
def language() -> str:
    """`zh` or `en`: SUPERVISION_LANGUAGE, else the first of LC_ALL, LC_MESSAGES, LANG that is set, else `en`."""
    for name in ("SUPERVISION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(zh: str, en: str) -> str:
    """The text in the user's language."""
    return zh if language() == "zh" else en


class UserError(Exception):
    """A user's mistake or a machine's lack: shown as the lines it carries, without a traceback; exit code 2.

    Each line names the file, line or key, the value found and what was wanted.
    """

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))
