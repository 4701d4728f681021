"""The pages people read about a rule, made from its card: why, basis, a worked example drawn, false positives, what to do.

`supervision rules docs` writes them, `--check` and a test compare. Nothing on a page is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rules.card import Card, Example, ExampleKind, Family, Text
from rules.feed import Definition
from rules.lookup import Looked, look
from rules.parameters import Deadline, Parameters
from rules.sandbox import each
from rules.terms import subject_word, word
from rules.timeline import timeline
from supervision.event import EventType

LANGUAGES = ("zh", "en")
MOST_NAMED = 60  # a rule that reads more kinds of events than this reads every one
_TITLES = {
    "family": ("类别", "Family"),
    "levels": ("级别", "Levels"),
    "disposition": ("处置", "Disposition"),
    "visibility": ("可见范围", "Visible to"),
    "owner": ("责任人", "Owner"),
    "version": ("版本", "Version"),
    "kind": ("检测器", "Detector"),
    "why": ("为什么", "Why"),
    "legal_basis": ("依据", "Basis"),
    "numbers": ("参数", "Numbers"),
    "condition": ("条件", "Condition"),
    "example": ("例子", "Worked example"),
    "all": ("全部例子", "All examples"),
    "false_positives": ("不应误报的情形", "Where it must not cry wolf"),
    "notes": ("说明", "Notes"),
    "runbook": ("收到以后怎么办", "What to do"),
    "sentence": ("牌面文字", "What the alert says"),
    "index": ("监察规则", "Rules of supervision"),
    "events": ("读取的事件", "Reads"),
    "subjects": ("对象", "About"),
    "by_family": ("按类别", "By family"),
    "by_event": ("按事件", "By event"),
    "by_subject": ("按对象", "By whom or what it is about"),
    "rules": ("规则", "Rules"),
    "event": ("事件", "Event"),
    "every_event": ("所有事件", "every event"),
    "quiet": ("无牌", "no alert"),
    "generated": ("由规则卡生成,请勿手改。", "Made from the rule card; do not edit."),
}


def pages(cards: Iterable[Card]) -> dict[str, str]:
    """File name to text, of every page with its picture and both indexes."""
    cards = list(cards)
    looked = look(cards)
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for card in cards:
            found[f"{card.id}.{language}.md"] = page(card, looked[card.id], language)
            found[f"{card.id}.{language}.svg"] = timeline(card, worked(card), language)
        found[f"index.{language}.md"] = index(cards, looked, language)
    return found


def index(cards: Sequence[Card], looked: Mapping[str, Looked], language: str) -> str:
    """All cards by family, by the events they read, and by whom they are about."""
    return "\n".join(_index(cards, looked, language)) + "\n"


def _index(cards: Sequence[Card], looked: Mapping[str, Looked], language: str) -> Iterator[str]:
    yield from (f"# {_title('index', language)}", "", f"<!-- {_title('generated', language)} -->")
    columns = ["", "", *(_title(name, language) for name in ("levels", "disposition", "subjects", "kind"))]
    yield from _section("by_family", language)
    for family in dict.fromkeys(sorted((card.family for card in cards), key=list(Family).index)):
        yield from (f"### {word(family.value, language)}", "", f"| {' | '.join(columns)} |", "|---|---|---|---|---|---|")
        for card in cards:
            if card.family is family:
                about = _about(looked[card.id], language)
                cells = (_link(card, language), _text(card.name, language), _levels(card, language))
                yield f"| {' | '.join(cells)} | {word(card.disposition.value, language)} | {about} | `{kind_of(card.detector)}` |"
        yield ""
    yield from _section("by_event", language)[1:]
    yield from (f"| {_title('event', language)} | {_title('rules', language)} |", "|---|---|")
    for kind in EventType:
        readers = [_link(card, language) for card in cards if kind in looked[card.id].events]
        if readers:
            yield f"| {word(kind.value, language)} `{kind.value}` | {' '.join(readers)} |"
    yield from _section("by_subject", language)
    yield from (f"| {_title('subjects', language)} | {_title('rules', language)} |", "|---|---|")
    for subject in sorted({name for one in looked.values() for name in one.subjects}):
        readers = [_link(card, language) for card in cards if subject in looked[card.id].subjects]
        yield f"| {subject_word(subject, language)} `{subject}` | {' '.join(readers)} |"


def _link(card: Card, language: str) -> str:
    return f"[{card.id}]({card.id}.{language}.md)"


def _about(one: Looked, language: str) -> str:
    return ", ".join(subject_word(subject, language) for subject in one.subjects)


def page(card: Card, looked: Looked, language: str) -> str:
    """The page of one card in one language; its picture is `<id>.<language>.svg` beside it."""
    return "\n".join(_lines(card, looked, language)) + "\n"


def feed_page(one: Definition, language: str) -> str:
    """The page of what the monitor of feeds says, which has no card, in one language."""
    facts = {"levels": word(one.level.value, language), "visibility": word("bureau", language), "version": str(one.version)}
    lines = [f"# {one.id} {_text(one.name, language)}", "", "| | |", "|---|---|"]
    lines += [f"| {_title(name, language)} | {value} |" for name, value in facts.items()]
    for name in ("why", "legal_basis"):
        lines += _section(name, language, _text(getattr(one, name), language))
    lines += _section("numbers", language, f"- `share: {one.share}`", f"- `least: {one.least}`")
    lines += _section("sentence", language, f"- {word(one.level.value, language)}: {_text(one.sentence, language)}")
    lines += _section("runbook", language, _text(one.runbook, language))
    return "\n".join(lines) + "\n"


def kind_of(detector: Parameters) -> str:
    """The name of the detector's kind as a card gives it."""
    return str(detector.__struct_config__.tag)


def _lines(card: Card, looked: Looked, language: str) -> Iterator[str]:
    yield from (f"# {card.id} {_text(card.name, language)}", "", f"<!-- {_title('generated', language)} -->", "")
    yield f"`{card.identifier}`"
    yield ""
    yield from _facts(card, looked, language)
    for name in ("why", "legal_basis"):
        yield from _section(name, language, _text(getattr(card, name), language))
    yield from _section("numbers", language, *(f"- `{line}`" for line in _numbers(card.detector)))
    if card.when is not None:
        yield from _section("condition", language, f"`{card.when}`")
    yield from _section(
        "sentence",
        language,
        *(f"- {word(level.value, language)}: {_text(text, language)}" for level, text in card.sentence.items()),
    )
    example = worked(card)
    yield from _section(
        "example", language, f"![{_title('example', language)}: {_text(example.name, language)}]({card.id}.{language}.svg)", ""
    )
    yield from _timeline(example, language)
    if card.false_positives:
        names = {example.false_positive: _text(example.name, language) for example in card.examples}
        lines = [f"- {getattr(wolf, language)} (`{names[wolf.id]}`)" for wolf in card.false_positives if wolf.id in names]
        yield from _section("false_positives", language, *lines)
    if card.notes:
        yield from _section("notes", language, *(f"- {_text(note, language)}" for note in card.notes))
    yield from _section("runbook", language, _text(card.runbook, language))
    yield from _section("events", language, _events(looked, language))
    yield from _section("all", language, *(_row(example, language) for example in card.examples))


def _events(looked: Looked, language: str) -> str:
    if len(looked.events) > MOST_NAMED:
        return _title("every_event", language)
    between = "、" if language == "zh" else ", "
    return between.join(f"{word(kind.value, language)} `{kind.value}`" for kind in looked.events)


def _facts(card: Card, looked: Looked, language: str) -> Iterator[str]:
    values = {
        "family": word(card.family.value, language),
        "levels": _levels(card, language),
        "disposition": word(card.disposition.value, language),
        "visibility": word(card.visibility.value, language),
        "subjects": _about(looked, language),
        "kind": f"`{kind_of(card.detector)}`",
        "version": str(card.version),
        "owner": card.owner,
    }
    yield "| | |"
    yield "|---|---|"
    for name, value in values.items():
        yield f"| {_title(name, language)} | {value} |"


def _section(name: str, language: str, *lines: str) -> list[str]:
    return ["", f"## {_title(name, language)}", "", *lines]


def _numbers(detector: Parameters) -> Iterator[str]:
    """Every parameter on a line, the levels of a deadline one by one."""
    for name in detector.__struct_fields__:
        value = getattr(detector, name)
        if isinstance(detector, Deadline) and name == "at":
            for level, marks in value.items():
                yield f"{level.value}: {' | '.join(_plain(mark) for mark in marks)}"
        elif value not in (None, (), {}):
            yield f"{name}: {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_plain(element) for element in value)
    if isinstance(value, dict):
        return ", ".join(f"{_plain(key)}: {_plain(element)}" for key, element in value.items())
    fields = getattr(value, "__struct_fields__", None)
    if fields is None:
        return str(value).lower() if isinstance(value, bool) else str(value)
    tag = getattr(value, "__struct_config__").tag  # noqa: B009 - of any Struct, which has no common base with this attribute typed
    said = [f"{name} {_plain(getattr(value, name))}" for name in fields if getattr(value, name) not in (None, ())]
    return " ".join([*([str(tag)] if tag else []), ", ".join(said)]).strip()


def worked(card: Card) -> Example:
    """The example shown in full: the first that fires."""
    return next((example for example in card.examples if example.kind is ExampleKind.FIRES), card.examples[0])


def _timeline(example: Example, language: str) -> Iterator[str]:
    """Events and alerts in one column of time, as text."""
    entries = [(_at(event), 0, _event(event, language)) for entry in example.events for event in each(entry)]
    for expected in example.expect:
        due = "" if expected.due_at is None else f" ({word('due', language)} {expected.due_at})"
        shown = f"◆ {word(expected.level.value, language)}{due}"
        entries.append((expected.detected_at, 1, shown))
    if not example.expect:
        entries.append((example.clock, 1, _title("quiet", language)))
    if example.catalogue:
        yield f"`{_plain(example.catalogue)}`"
        yield ""
    yield "```text"
    for at, _, text in sorted(entries):
        yield f"{at:<24} {text}"
    yield "```"
    if example.why is not None:
        yield ""
        yield _text(example.why, language)


def _at(event: dict[str, Any]) -> str:
    return str(event.get("at", event.get("clock")))


def _event(event: dict[str, Any], language: str) -> str:
    if "clock" in event:
        return word("clock", language)
    details = [f"{name} {_plain(value)}" for name, value in event.items() if name not in ("type", "at", "label", "corrects")]
    name = word(str(event.get("type")), language)
    if "corrects" in event:
        name += f" ({word('correction', language)})"
    return f"{name}  {', '.join(details)}".rstrip()


def _row(example: Example, language: str) -> str:
    alerts = [
        f"{word(one.level.value, language)} {one.detected_at} {_state(one.state.value, language)}".strip() for one in example.expect
    ]
    name = f"{word(example.kind.value, language)} · {_text(example.name, language)}"
    return f"- {name}: {'; '.join(alerts) or _title('quiet', language)}"


def _state(state: str, language: str) -> str:
    return "" if state == "issued" else f"({word(state, language)})"


def _levels(card: Card, language: str) -> str:
    return " → ".join(word(level.value, language) for level in card.levels)


def _title(name: str, language: str) -> str:
    return _TITLES[name][LANGUAGES.index(language)]


def _text(text: Text, language: str) -> str:
    return str(getattr(text, language))
