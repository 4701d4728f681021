"""What must hold in a card beyond its types: that its parts fit one another. Called by `rules.card`."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.expression import ExpressionError, condition
from rules.fact import FIELD_CODE
from rules.fields import FIELDS
from rules.parameters import After, Deadline, Happening, LimitOf, Occurrence, PausedFor, Separation, levels
from rules.sentence import FACTS
from rules.wording import near
from supervision.document import Path
from supervision.event import EventType
from supervision.language import say
from supervision.payload import PAYLOADS

if TYPE_CHECKING:
    from rules.card import Card

Fault = tuple[Path, str]


def faults(card: Card, *, examples: bool = True) -> list[Fault]:
    """Every fault of a card that has the right types, as (path, what)."""
    found = [*_levels(card), *_sentences(card), *_detector(card), *_conditions(card)]
    if examples:
        found += _examples(card)
    return found


def _levels(card: Card) -> Iterator[Fault]:
    implied = levels(card.detector)
    if len(set(card.levels)) != len(card.levels) or sorted(card.levels, key=lambda level: level.rank) != list(card.levels):
        yield ("levels",), say("每一级别一次,由低到高", "wanted each level once, in ascending order")
    if set(card.levels) != implied:
        wanted = ", ".join(sorted(level.value for level in implied))
        yield ("levels",), say(f"检测器给出的级别为 {wanted}", f"the detector implies {wanted}")
    for level in card.levels:
        if level not in card.sentence:
            yield ("sentence",), say(f"级别 {level.value} 没有句子", f"no sentence for level {level.value}")
    for level in card.sentence:
        if level not in card.levels:
            yield ("sentence", level.value), _no_level()


def _sentences(card: Card) -> Iterator[Fault]:
    known = FACTS[type(card.detector)]
    for level, text in card.sentence.items():
        for language, template in (("zh", text.zh), ("en", text.en)):
            place: Path = ("sentence", level.value, language)
            try:
                parts = list(string.Formatter().parse(template))
            except ValueError as error:
                yield place, say(f"不是模板:{error}", f"not a template: {error}")
                continue
            for _, name, form, conversion in parts:
                if name is not None and (name not in known or form or conversion):
                    yield place, say(f"没有占位符 {{{name}}}", f"unknown placeholder {{{name}}}") + near(name, known)


def _detector(card: Card) -> Iterator[Fault]:
    detector = card.detector
    if isinstance(detector, Deadline):
        for level, marks in detector.at.items():
            if not marks:
                yield ("detector", "at", level.value), say("至少一个标记", "wanted at least one mark")
        for level in detector.yields:
            if level not in detector.at:
                yield ("detector", "yields", level.value), say("不是本检测器的级别", "not a level of this detector")
        fixed, idle = detector.limit is LimitOf.FIXED, detector.limit is LimitOf.IDLE
        yield from _idle_marks(detector, idle)
        marked = [(("detector", "at"), detector.at), *((("detector", "also", n, "at"), e.at) for n, e in enumerate(detector.also))]
        for place, at in marked if fixed else ():
            for level, marks in at.items():
                if not all(isinstance(mark, After) and not mark.undeclared for mark in marks):
                    yield (*place, level.value), say("limit: fixed 只用标记 after", "limit: fixed takes marks of kind after only")
        yield from _happenings(detector)
        if fixed != bool(detector.start) or fixed != bool(detector.stops):
            yield (
                ("detector", "limit"),
                say("start、stops 只与 limit: fixed 同用,且必须同用", "start and stops go with limit: fixed, and only with it"),
            )
    if isinstance(detector, Separation) and (detector.raised is None) != (not (detector.raised_gap_s or detector.raised_when)):
        yield (
            ("detector", "raised"),
            say("须与 raised_gap_s 或者 raised_when 同用", "wanted together with raised_gap_s or raised_when"),
        )


def _idle_marks(detector: Deadline, is_idle: bool) -> Iterator[Fault]:
    for level, marks in detector.at.items():
        place: Path = ("detector", "at", level.value)
        if is_idle and not all((isinstance(mark, After) and not mark.undeclared) or isinstance(mark, PausedFor) for mark in marks):
            yield place, say("limit: idle 只用标记 after、paused_for", "limit: idle takes marks of kind after and paused_for only")
        if not is_idle and any(isinstance(mark, PausedFor) for mark in marks):
            yield place, say("标记 paused_for 只与 limit: idle 同用", "paused_for goes with limit: idle only")


def _happenings(detector: Deadline) -> Iterator[Fault]:
    """What a start or a stop may ask of its fact: fields that are remembered and that such a fact has."""
    lists: list[tuple[Path, tuple[Happening, ...]]] = []
    for path, told in [((), detector), *((("also", number), errand) for number, errand in enumerate(detector.also))]:
        lists += [((*path, name), getattr(told, name)) for name in ("start", "otherwise", "stops")]
    for path, happenings in lists:
        for number, happening in enumerate(happenings):
            if isinstance(happening, Occurrence):
                known = [name for name in FIELD_CODE if _is_of(happening.event, name)]
                for name in happening.among:
                    if name not in known:
                        what = say(
                            f"{happening.event} 没有可用的字段 {name}", f"{name} is no field of {happening.event} to ask for"
                        )
                        yield ("detector", *path, number, "among", name), what + near(name, known)


def _is_of(event: EventType, name: str) -> bool:
    if not name.startswith("payload."):
        return True
    return name.removeprefix("payload.") in PAYLOADS[event].__struct_fields__


def _conditions(card: Card) -> Iterator[Fault]:
    asked: list[tuple[Path, str | None]] = [(("when",), card.when)]
    if isinstance(card.detector, Separation):
        asked.append((("detector", "raised_when"), card.detector.raised_when))
    for place, text in asked:
        if text is not None:
            try:
                condition(text, FIELDS)
            except ExpressionError as error:
                yield place, str(error)


def _examples(card: Card) -> Iterator[Fault]:
    kinds = {example.kind.value for example in card.examples}
    for kind in ("fires", "quiet", "edge"):
        if kind not in kinds:
            yield ("examples",), say(f"没有 {kind} 类的例子", f"no example of kind {kind}")
    listed = {false_positive.id for false_positive in card.false_positives}
    shown = {example.false_positive for example in card.examples}
    for position, false_positive in enumerate(card.false_positives):
        if false_positive.id not in shown:
            yield (
                ("false_positives", position),
                say(f"没有 false_positive: {false_positive.id} 的例子", f"no example with false_positive: {false_positive.id}"),
            )
    names: set[str] = set()
    for position, example in enumerate(card.examples):
        place: Path = ("examples", position)
        if example.false_positive is not None and example.false_positive not in listed:
            yield (*place, "false_positive"), say("未列出", "not listed") + near(example.false_positive, listed)
        own = {example.name.zh, example.name.en}
        if not names.isdisjoint(own):
            yield (*place, "name"), say("另有同名的例子", "another example has this name")
        names |= own
        if (example.kind.value == "fires") and not example.expect:
            yield (*place, "expect"), say("fires 类的例子应有预期的牌", "an example that fires expects an alert")
        if (example.kind.value == "quiet") and any(expected.state.value != "revoked" for expected in example.expect):
            yield (*place, "expect"), say("quiet 类的例子不应有成立的牌", "an example that stays quiet expects no standing alert")
        for number, expected in enumerate(example.expect):
            if expected.level not in card.levels:
                yield (*place, "expect", number, "level"), _no_level()


def _no_level() -> str:
    return say("不是本卡的级别", "not a level of this card")
