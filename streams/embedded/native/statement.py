"""What little has to be known of a statement's text before the engine gets it: does the client send data for it, can its
result be streamed. Only words outside of brackets, quotes and comments count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

_TOKENS = re.compile(
    r"""(?P<space>\s+|--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
      | (?P<quoted>'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<word>\w+)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(Struct, frozen=True):
    text: str
    word: str  # in upper case; empty for anything but a bare word
    depth: int
    start: int
    end: int


class Insert(Struct, frozen=True):
    """An INSERT whose rows the client sends. `head`: the statement up to SETTINGS, VALUES or FORMAT; `target`: the table (or
    FUNCTION ...); `columns`: the text between the brackets of its list, None without one; `settings`: its SETTINGS clause."""

    head: str
    target: str
    columns: str | None
    settings: str = ""


class Statement(Struct, frozen=True):
    """`text` is what the engine gets: without a closing semicolon, and for a query that can be streamed without FORMAT."""

    text: str
    streams: bool
    insert: Insert | None = None
    uses_file: bool = False  # INTO OUTFILE or FROM INFILE, which are a client's work


def _tokens(text: str) -> Iterator[Token]:
    depth = 0
    for found in _TOKENS.finditer(text):
        kind = found.lastgroup
        if kind == "space":
            continue
        piece = found[0]
        depth -= piece in (")", "]")
        yield Token(piece, piece.upper() if kind == "word" else "", depth, found.start(), found.end())
        depth += piece in ("(", "[")


def parse(text: str) -> Statement:
    tokens = list(_tokens(text))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        return Statement(text, streams=False)
    text = text[: tokens[-1].end]
    top = [token for token in tokens if token.depth == 0]
    uses_file = any(a.word + b.word in ("INTOOUTFILE", "FROMINFILE") for a, b in pairwise(top))
    first = next((token.word for token in tokens if token.text != "("), "")
    if first == "INSERT":
        return Statement(text, streams=False, insert=_insert(text, top), uses_file=uses_file)
    if first not in ("SELECT", "WITH", "FROM") or any(token.word == "INSERT" for token in top):
        return Statement(text, streams=False)
    if len(top) > 2 and top[-2].word == "FORMAT" and top[-1].word:
        text = text[: top[-2].start].rstrip()
    return Statement(text, streams=True, uses_file=uses_file)


def _insert(text: str, top: list[Token]) -> Insert | None:
    """None where the rows are in the statement itself, or come from a SELECT."""
    words = [token.word for token in top]
    if any(word in ("SELECT", "WITH", "WATCH", "INFILE") for word in words):
        return None
    if words[-1] == "VALUES":
        end = top[-1].start
    elif len(words) > 2 and words[-2] == "FORMAT":
        end = top[-2].start
    else:
        return None
    body = [token for token in top[1:] if token.start < end and token.word not in ("INTO", "TABLE")]
    target, rest = _target(text, body)
    columns = None
    if rest and rest[0].text == "(":
        close = next(token for token in rest if token.text == ")")
        columns = text[rest[0].end : close.start]
    settings = next((token.start for token in body if token.word == "SETTINGS"), end)
    return Insert(text[:settings].rstrip(), target, columns, text[settings:end].rstrip())


def _target(text: str, body: list[Token]) -> tuple[str, list[Token]]:
    """The table's name as written, and the tokens behind it."""
    taken = 1
    if body and body[0].word == "FUNCTION":
        taken = next((at + 1 for at, token in enumerate(body) if token.text == ")"), len(body))
    else:
        while taken + 1 < len(body) and body[taken].text == ".":
            taken += 2
    if not body:
        return "", []
    return text[body[0].start : body[taken - 1].end], body[taken:]
