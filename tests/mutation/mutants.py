"""What can be changed in a module: mutmut's operators at every place that is neither a type, a docstring nor words for people:
what `say` is given, Chinese texts and the English ones beside them.

mutmut's own loop is not used: it forks from a process in which the tests have run, so what a cache holds hides its mutants, it
leaves out decorated functions and all that stands outside of functions, and its detour at every call is slow on the hot path.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

SPEAKS = frozenset({"say"})  # calls whose arguments are words for people
NAMES = frozenset({"__all__", "__slots__"})


@dataclass(frozen=True)
class Mutant:
    """One change. `scope`: the qualified name of the function or class; `first`, `last`: lines of the statement it lies in."""

    number: int
    scope: str
    first: int
    last: int
    was: Any
    now: Any


@dataclass(frozen=True)
class Change:
    """A change as people read it, and as `survivors*.yaml` name it: the lines before and after, without indentation."""

    scope: str
    was: str
    now: str


class Mutants:
    """All mutants of one source text, in the order of the text."""

    def __init__(self, source: str) -> None:
        self.source = source
        wrapper = MetadataWrapper(cst.parse_module(source))
        self._tree = wrapper.module
        self._places: Mapping[Any, Any] = wrapper.resolve(PositionProvider)
        self.all = [Mutant(number, *found) for number, found in enumerate(self._of(self._tree, (), (0, 0)))]

    def text(self, mutant: Mutant) -> str:
        """The whole source with this change."""
        replaced: Any = self._tree.deep_replace(mutant.was, mutant.now)
        return str(replaced.code)

    def change(self, mutant: Mutant) -> Change:
        lines = difflib.ndiff(self.source.splitlines(), self.text(mutant).splitlines())
        was, now = [], []
        for line in lines:
            if line.startswith("- "):
                was.append(line[2:].strip())
            elif line.startswith("+ "):
                now.append(line[2:].strip())
        return Change(mutant.scope, "\n".join(was), "\n".join(now))

    def _of(self, node: Any, scope: tuple[str, ...], lines: tuple[int, int]) -> Iterator[tuple[str, int, int, Any, Any]]:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            scope = (*scope, node.name.value)
        if isinstance(node, cst.BaseSmallStatement | cst.BaseCompoundStatement):
            place = self._places[node]
            lines = (place.start.line, place.end.line)
            if isinstance(node, cst.BaseCompoundStatement):  # of a block its head: the rest has statements of its own
                lines = (place.start.line, self._places[node.body].start.line)
        if _is_words(node):
            return
        for now in _changes(node):
            yield ".".join(scope), *lines, node, now
        for child in _children(node):
            yield from self._of(child, scope, lines)


def _changes(node: Any) -> Iterator[Any]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            found: Iterable[Any] = operator(node)
            # Of a text one other is enough; the operator also gives it in lower and in upper case.
            yield from list(found)[:1] if operator is operator_string else found


def _is_words(node: Any) -> bool:
    """Whether a node says something to people, readers or type checkers only."""
    if isinstance(node, cst.Call):
        return isinstance(node.func, cst.Name) and node.func.value in SPEAKS
    if isinstance(node, cst.SimpleString):
        return not node.value.isascii()
    if isinstance(node, cst.Tuple):
        texts = [each.value for each in node.elements]
        return all(isinstance(each, cst.SimpleString) for each in texts) and any(map(_is_words, texts))
    if isinstance(node, cst.Assign):
        return any(isinstance(each.target, cst.Name) and each.target.value in NAMES for each in node.targets)
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    return isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.Raise | cst.Assert)


def _children(node: Any) -> Iterator[Any]:
    """The parts of a node that run; the bases and options of a class stay as they are."""
    if isinstance(node, cst.ClassDef):
        yield node.body
    else:
        yield from node.children
