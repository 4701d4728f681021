"""A YAML file read with the line of every key, so that a mistake in it can be named exactly. Used by every loader of a user's file.

Plain scalars are read as YAML 1.2 reads them: `2026-03-02` and `22:00` stay text, `on` and `no` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from supervision.language import say

Path = tuple[str | int, ...]


# libyaml, where there is one, reads a city's registers in a tenth of the time.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SafeLoader with the scalars of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?$"), list("-+0123456789")
)


class Mistake(Struct, frozen=True, order=True):
    """One thing wrong in a file: where (`file:line: key`) and what was wanted."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.text}" if self.key else f"{self.file}:{self.line}: {self.text}"


# The library raises its own errors for a text that is none, and what its constructors stumble over for tags that lie (`!!int ""`).
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Document:
    """The plain value of a YAML text and, for every path in it, its line."""

    def __init__(self, file: str, text: str) -> None:
        """Never raises: what cannot be read is in `mistakes`, and `value` is then None."""
        self.file = file
        self.value: Any = None
        self.mistakes: list[Mistake] = []
        self._lines: dict[Path, int] = {(): 1}
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            if node is not None:
                self._note((), node)
                self.value = loader.construct_document(node)
        except _UNREADABLE as error:
            mark = getattr(error, "problem_mark", None)
            line = 1 if mark is None else mark.line + 1
            what = getattr(error, "problem", None) or error
            self.mistakes.append(Mistake(file, line, "", say(f"不是 YAML: {what}", f"not YAML: {what}")))
            self.value = None

    def line(self, path: Path) -> int:
        """The line of the longest part of `path` that the file has."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def mistake(self, path: Path, text: str) -> Mistake:
        return Mistake(self.file, self.line(path), spell(path), text)

    def _note(self, path: Path, node: yaml.Node, alias: frozenset[int] = frozenset()) -> None:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in alias:
            self.mistakes.append(self.mistake(path, say("引用了自身", "an alias inside itself")))
            return
        for part, place, child in _children(node):
            inner = (*path, part)
            if inner in self._lines:
                self.mistakes.append(Mistake(self.file, place.start_mark.line + 1, spell(inner), say("重复给出", "given twice")))
            self._lines[inner] = place.start_mark.line + 1
            self._note(inner, child, alias | {id(node)})


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(getattr(key, "value", "")), key, value
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield position, value, value


def spell(path: Path) -> str:
    """`detector.at.red[0].wd` for ("detector", "at", "red", 0, "wd")."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
