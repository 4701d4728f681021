"""The Markdown that `rules.pages` writes, as HTML: headings, tables, lists, blocks, code, pictures. All else is escaped text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")


def html(text: str, pictures: Mapping[str, str] | None = None) -> str:
    """Safe to place into a page: no tag of the text survives. `pictures`: SVGs of ours by the file name that the text gives."""
    return "\n".join(_blocks(text.split("\n"), pictures or {}))


def _blocks(lines: list[str], pictures: Mapping[str, str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if line.startswith("```"):
            while end < len(lines) and not lines[end].startswith("```"):
                end += 1
            yield f"<pre><code>{escape(chr(10).join(lines[at + 1 : end]))}</code></pre>"
            end += 1
        elif line.startswith("|"):
            end = _run(lines, at, "|")
            yield _table(lines[at:end])
        elif line.startswith("- "):
            end = _run(lines, at, "- ")
            yield "<ul>" + "".join(f"<li>{_inline(each[2:])}</li>" for each in lines[at:end]) + "</ul>"
        elif line.startswith("#"):
            rank = len(line) - len(line.lstrip("#"))
            yield f"<h{rank}>{_inline(line[rank:].strip())}</h{rank}>"
        elif (picture := _PICTURE.fullmatch(line)) and picture[2] in pictures:
            yield f'<figure tabindex="0">{pictures[picture[2]]}</figure>'
        elif line.strip() and not line.startswith("<!--"):
            yield f"<p>{_inline(line)}</p>"
        at = end


def _run(lines: list[str], at: int, start: str) -> int:
    while at < len(lines) and lines[at].startswith(start):
        at += 1
    return at


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|---")]
    has_head = bool(rows) and any(rows[0])
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0]) if has_head else ""
    body = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(_LINK.sub(r"\1", text)))
