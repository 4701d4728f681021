"""The language of a card's conditions, small, typed, compiled once: `item.risk_class == "high" and case.item_type == "01"`.

Comparison (== != < <= > >=, in, not in), and / or / not, + - * /, numbers, "texts", true, false, none, [lists], fields of a schema.
A value may be missing: it satisfies no comparison but `== none`, and as a truth it is false. A division by zero is missing too.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rules.wording import near
from supervision.language import say

MAX_LENGTH = 1000
MAX_DEPTH = 20
Roots = Mapping[str, Any]
Value = Callable[[Roots], Any]


class Type(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    NUMBERS = "list of numbers"
    TEXTS = "list of texts"
    NOTHING = "none"


Schema = Mapping[str, Type]
_PYTHON: dict[Type, tuple[type, ...]] = {
    Type.NUMBER: (int, float),
    Type.TEXT: (str,),
    Type.TRUTH: (bool,),
    Type.NUMBERS: (list, tuple, set, frozenset),
    Type.TEXTS: (list, tuple, set, frozenset),
}
_LIST_OF = {Type.NUMBER: Type.NUMBERS, Type.TEXT: Type.TEXTS}


class ExpressionError(Exception):
    """A condition that cannot be taken: what is wrong and at which character (from 1)."""

    def __init__(self, column: int, text: str) -> None:
        self.column = column
        self.text = text
        super().__init__(say(f"第 {column} 个字符:{text}", f"at character {column}: {text}"))


class Condition:
    """A compiled condition. `fields`: the paths it reads. Call it with the roots, e.g. {"item": item, "case": case}."""

    def __init__(self, text: str, fields: frozenset[str], value: Value) -> None:
        self.text = text
        self.fields = fields
        self._value = value

    def __call__(self, roots: Roots) -> bool:
        return self._value(roots) is True


def condition(text: str, schema: Schema) -> Condition:
    """Compile `text`, whose value must be a truth. Raises ExpressionError, and nothing else, whatever the text."""
    parser = _Parser(text, schema)
    compiled = parser.whole()
    if compiled.type is not Type.TRUTH:
        raise ExpressionError(1, say(f"应为条件,这里是 {compiled.type}", f"wanted a condition, this is a {compiled.type}"))
    return Condition(text, frozenset(parser.fields), compiled.value)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


class _Term(NamedTuple):
    type: Type
    value: Value


_TOKEN = re.compile(
    r"""\s+|(?P<number>\d{1,15}(?:\.\d{1,15})?)(?![\w.])|(?P<text>"[^"\\\n]*"|'[^'\\\n]*')|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"""
    r"""|(?P<sign>==|!=|<=|>=|<|>|\+|-|\*|/|\(|\)|\[|\]|,)""",
    re.ASCII,
)
_WORDS = {"and", "or", "not", "in", "true", "false", "none"}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def _tokens(text: str) -> list[_Token]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(MAX_LENGTH, say(f"超过 {MAX_LENGTH} 个字符", f"longer than {MAX_LENGTH} characters"))
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(position + 1, say("看不懂", "not understood") + f": {text[position : position + 12]!r}")
        kind = match.lastgroup
        if kind is not None:
            word = match.group()
            found.append(_Token("word" if kind == "name" and word in _WORDS else kind, word, position + 1))
        position = match.end()
    found.append(_Token("end", "", len(text) + 1))
    return found


class _Parser:
    """Recursive descent over one text; every method takes what it names and gives its type and closure."""

    def __init__(self, text: str, schema: Schema) -> None:
        self.schema = schema
        self.fields: set[str] = set()
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> _Term:
        term = self._or()
        if self._next.kind != "end":
            raise ExpressionError(self._next.column, say("此处不应有", "not expected here") + f": {self._next.text!r}")
        return term

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self._next
        if token.kind in ("sign", "word") and token.text in texts:
            self._at += 1
            return token
        return None

    def _want(self, text: str) -> None:
        if self._take(text) is None:
            raise ExpressionError(self._next.column, say(f"应为 {text!r}", f"wanted {text!r}"))

    def _or(self) -> _Term:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(self._next.column, say(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}"))
        term = self._joined(self._and, "or", any)
        self._depth -= 1
        return term

    def _and(self) -> _Term:
        return self._joined(self._not, "and", all)

    def _joined(self, part: Callable[[], _Term], word: str, join: Callable[[Any], bool]) -> _Term:
        terms = [part()]
        column = self._next.column
        while self._take(word):
            terms.append(part())
        if len(terms) == 1:
            return terms[0]
        for term in terms:
            _wanted(term, column, word, Type.TRUTH)
        values = tuple(term.value for term in terms)
        return _Term(Type.TRUTH, lambda roots: join(value(roots) is True for value in values))

    def _not(self) -> _Term:
        negations, column = 0, self._next.column
        while self._take("not"):
            negations += 1
        term = self._comparison()
        if not negations:
            return term
        value = _wanted(term, column, "not", Type.TRUTH).value
        odd = negations % 2 == 1
        return _Term(Type.TRUTH, lambda roots: (value(roots) is True) is not odd)

    def _comparison(self) -> _Term:
        left = self._sum()
        sign = self._take(*_COMPARE, "in", "not")
        if sign is None:
            return left
        if sign.text == "not":
            self._want("in")
        term = self._membership(left, sign) if sign.text in ("in", "not") else _compare(left, self._sum(), sign)
        again = self._next
        if again.kind == "sign" and again.text in _COMPARE:
            raise ExpressionError(again.column, say("比较不能连写,请用 and 连接", "comparisons do not chain; join them with and"))
        return term

    def _membership(self, left: _Term, sign: _Token) -> _Term:
        right = self._sum()
        if left.type not in _LIST_OF or right.type is not _LIST_OF[left.type]:
            raise ExpressionError(
                sign.column,
                say(
                    f"in 的左边为数或文本,右边为其列表,不是 {left.type} 和 {right.type}",
                    f"in wants a number or text and a list of them, not {left.type} and {right.type}",
                ),
            )
        inside, item, items = sign.text == "in", left.value, right.value

        def holds(roots: Roots) -> bool:
            one, many = item(roots), items(roots)
            return one is not None and many is not None and (one in many) is inside

        return _Term(Type.TRUTH, holds)

    def _sum(self) -> _Term:
        return self._chain(self._product, "+", "-")

    def _product(self) -> _Term:
        return self._chain(self._unary, "*", "/")

    def _chain(self, part: Callable[[], _Term], *signs: str) -> _Term:
        term = part()
        while sign := self._take(*signs):
            right = _wanted(part(), sign.column, sign.text, Type.NUMBER).value
            term = _Term(
                Type.NUMBER, _calculate(_ARITHMETIC[sign.text], _wanted(term, sign.column, sign.text, Type.NUMBER).value, right)
            )
        return term

    def _unary(self) -> _Term:
        signs, column = 0, self._next.column
        while self._take("-"):
            signs += 1
        term = self._primary()
        if not signs:
            return term
        value = _wanted(term, column, "-", Type.NUMBER).value
        return term if signs % 2 == 0 else _Term(Type.NUMBER, _calculate(operator.sub, lambda roots: 0, value))

    def _primary(self) -> _Term:
        token = self._next
        self._at += 1
        if token.kind == "number":
            return _constant(Type.NUMBER, float(token.text) if "." in token.text else int(token.text))
        if token.kind == "text":
            return _constant(Type.TEXT, token.text[1:-1])
        if token.text in ("true", "false"):
            return _constant(Type.TRUTH, token.text == "true")
        if token.text == "none":
            return _constant(Type.NOTHING, None)
        if token.kind == "name":
            return self._field(token)
        if token.text == "(":
            term = self._or()
            self._want(")")
            return term
        if token.text == "[":
            return self._list(token)
        shown = repr(token.text) if token.text else say("结尾", "the end")
        raise ExpressionError(token.column, say(f"应为值,不是 {shown}", f"wanted a value, not {shown}"))

    def _list(self, opening: _Token) -> _Term:
        items: list[Any] = []
        kinds: set[Type] = set()
        while not self._take("]"):
            if items:
                self._want(",")
            token = self._next
            term = self._unary() if token.kind in ("number", "text") or token.text == "-" else None
            if term is None:
                raise ExpressionError(token.column, say("列表只含数或文本", "a list holds numbers or texts"))
            kinds.add(term.type)
            items.append(term.value({}))
        if len(kinds) != 1:
            raise ExpressionError(
                opening.column, say("列表至少一项,同为数或同为文本", "a list holds numbers or texts, at least one and of one kind")
            )
        return _constant(_LIST_OF[kinds.pop()], frozenset(items))

    def _field(self, token: _Token) -> _Term:
        kind = self.schema.get(token.text)
        if kind is None:
            raise ExpressionError(token.column, say("没有字段", "unknown field") + f" {token.text}{near(token.text, self.schema)}")
        self.fields.add(token.text)
        return _Term(kind, _reader(token.text, kind))


def _reader(path: str, kind: Type) -> Value:
    root, *names = path.split(".")
    wanted = _PYTHON[kind]
    number = kind is Type.NUMBER

    def read(roots: Roots) -> Any:
        value = roots.get(root)
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        return value if isinstance(value, wanted) and not (number and isinstance(value, bool)) else None

    return read


def _constant(kind: Type, value: Any) -> _Term:
    return _Term(kind, lambda roots: value)


def _wanted(term: _Term, column: int, sign: str, kind: Type) -> _Term:
    if term.type is not kind:
        raise ExpressionError(column, say(f"{sign} 要 {kind},不是 {term.type}", f"{sign} wants a {kind}, not a {term.type}"))
    return term


def _calculate(calculate: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    def value(roots: Roots) -> Any:
        one, other = left(roots), right(roots)
        if one is None or other is None:
            return None
        try:
            return calculate(one, other)
        except (ZeroDivisionError, OverflowError):
            return None

    return value


def _compare(left: _Term, right: _Term, sign: _Token) -> _Term:
    """Compares values of one type; `== none` and `!= none` ask whether a value is there."""
    compare, one, other = _COMPARE[sign.text], left.value, right.value
    equality = sign.text in ("==", "!=")
    if Type.NOTHING in (left.type, right.type):
        if not equality:
            raise ExpressionError(sign.column, say(f"{sign.text} 不能用于 none", f"{sign.text} cannot be asked of none"))
        return _Term(Type.TRUTH, lambda roots: compare(one(roots) is None, other(roots) is None))
    if left.type is not right.type:
        raise ExpressionError(
            sign.column,
            say(
                f"{sign.text} 比较同类的值,不是 {left.type} 和 {right.type}",
                f"{sign.text} compares values of one type, not {left.type} and {right.type}",
            ),
        )
    if not (left.type in _LIST_OF or (equality and left.type is Type.TRUTH)):
        raise ExpressionError(
            sign.column, say(f"{sign.text} 不能用于 {left.type}", f"{sign.text} cannot be asked of a {left.type}")
        )

    def holds(roots: Roots) -> bool:
        a, b = one(roots), other(roots)
        return a is not None and b is not None and compare(a, b)

    return _Term(Type.TRUTH, holds)
