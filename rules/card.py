"""The rule card: what a bureau writes to have a rule, one YAML file each; and the loader, which names every mistake.

`load_cards` is called by the rulebook, the command line and the tests. The detector's parameters are in `rules.parameters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from rules.checks import faults
from rules.parameters import Parameters, RuleId
from rules.wording import near, parse_error
from supervision.alert import AnomalyClass, Disposition, Level, State, Visibility
from supervision.document import Document, Mistake
from supervision.document import Path as Place
from supervision.language import UserError, say

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Words = Annotated[str, Meta(min_length=1, max_length=4000)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Moment = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3})?)?)?$")]


class Family(StrEnum):
    TIME = "time"
    PROCEDURE = "procedure"
    MISCONDUCT = "misconduct"
    DISCIPLINE = "discipline"


class BusinessType(StrEnum):
    CASE = "case"
    COMPLAINT = "complaint"
    CONSULTATION = "consultation"
    SPECIAL_PROCEDURE = "special_procedure"
    ONLINE_REPLY = "online_reply"
    E_CERTIFICATE = "e_certificate"
    HALL = "hall"
    OPENNESS = "openness"


class ExampleKind(StrEnum):
    FIRES = "fires"
    QUIET = "quiet"
    EDGE = "edge"


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same words in Chinese and in English."""

    zh: Words
    en: Words


class Effective(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """The local dates on which the rule judges, both included; None: without bound."""

    first: Day | None = None
    last: Day | None = None

    def covers(self, day: str) -> bool:
        """Whether the local date `day` (ISO) lies in it."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


class FalsePositive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case in which a careless rule would cry wolf, and what this one does. Each has an example with its `id`."""

    id: Name
    zh: Words
    en: Words


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An alert as it stands at the example's end. Times are local; `segment` may name an event as `{label}`; facts: a subset."""

    level: Level
    detected_at: Moment
    due_at: Moment | None = None
    segment: str = "0"
    subject: str | None = None
    state: State = State.ISSUED
    facts: dict[str, Any] = {}


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A small history, the clock it reaches, and the alerts of this rule that stand then. See `rules.examples`."""

    name: Text
    kind: ExampleKind
    events: tuple[dict[str, Any], ...]
    clock: Moment
    expect: tuple[Expected, ...] = ()
    false_positive: Name | None = None
    catalogue: dict[str, Any] = {}
    why: Text | None = None


class Card(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule. `when` narrows it by fields of the item and the case; `sentence` has one template for each level."""

    format_version: Literal[1]
    id: RuleId
    identifier: Name
    name: Text
    family: Family
    version: Annotated[int, Meta(ge=1)]
    owner: Words
    levels: Annotated[tuple[Level, ...], Meta(min_length=1)]
    disposition: Disposition
    anomaly_class: AnomalyClass
    business_type: BusinessType = BusinessType.CASE
    visibility: Visibility = Visibility.DEPARTMENT
    effective: Effective = field(default_factory=Effective)
    detector: Parameters
    when: str | None = None
    legal_basis: Text
    why: Text
    false_positives: tuple[FalsePositive, ...] = ()
    runbook: Text
    sentence: dict[Level, Text]
    notes: tuple[Text, ...] = ()
    examples: tuple[Example, ...] = ()


BUILTIN = "builtin"


def load_cards(paths: Iterable[str | Path] | Literal["builtin"] = BUILTIN, *, examples: bool = True) -> list[Card]:
    """The cards of these files and directories (every `*.yaml` in them), or those of the product; sorted by id.

    `examples`: refuse a card that lacks one that fires, one that stays quiet, one at the edge, or one for a listed false positive.
    Raises UserError with one line `file:line: key: what` for every mistake in all files.
    """
    texts = _builtin() if paths == BUILTIN else [text for path in paths for text in _files(Path(path))]
    cards: list[Card] = []
    mistakes: list[str] = []
    seen: dict[str, str] = {}
    for name, text in texts:
        card, wrong = read_card(name, text, examples=examples)
        mistakes += [str(mistake) for mistake in sorted(wrong)]
        if card is None:
            continue
        if card.id in seen:
            mistakes.append(
                f"{name}:1: id: " + say(f"{card.id} 也是 {seen[card.id]} 的编号", f"{card.id} is also the id of {seen[card.id]}")
            )
        seen[card.id] = name
        cards.append(card)
    if mistakes:
        raise UserError(*mistakes)
    return sorted(cards, key=lambda card: card.id)


def read_card(name: str, text: str, *, examples: bool = True) -> tuple[Card | None, list[Mistake]]:
    """The card of one YAML text, or None; with everything that is wrong in it. Never raises."""
    document = Document(name, text)
    if document.mistakes:
        return None, document.mistakes
    if not isinstance(document.value, dict):
        return None, [document.mistake((), say("应为规则卡:一组键", "wanted a card: a mapping of keys"))]
    mistakes = [document.mistake(path, what) for path, what in _wrong(document.value)]
    if mistakes:
        return None, mistakes
    card = msgspec.convert(document.value, Card)
    return card, [document.mistake(path, what) for path, what in faults(card, examples=examples)]


def _wrong(value: dict[str, Any]) -> list[tuple[Place, str]]:
    """What does not have the type of a card, each key and each element of a list by itself, so that all are found at once."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(Card)}
    found: list[tuple[Place, str]] = [
        ((str(key),), say("没有这个键", "unknown key") + near(str(key), fields)) for key in value if key not in fields
    ]
    for key, known in fields.items():
        if key not in value:
            if known.required:
                found.append(((), say(f"缺少 {key}", f"{key} is missing")))
        elif key in _LISTS and isinstance(value[key], list):
            for position, element in enumerate(value[key]):
                found += _mismatch(element, _LISTS[key], (key, position))
        else:
            found += _mismatch(value[key], known.type, (key,))
    return found


_LISTS: dict[str, Any] = {"examples": Example, "false_positives": FalsePositive, "notes": Text}


def _mismatch(value: Any, wanted: Any, place: Place) -> list[tuple[Place, str]]:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        inner, what = parse_error(str(error))
        return [((*place, *inner), what)]
    return []


def _builtin() -> Sequence[tuple[str, str]]:
    folder = files("rules").joinpath("cards")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return [(f"rules/cards/{entry.name}", entry.read_text("utf-8")) for entry in sorted(found, key=lambda entry: entry.name)]


def _files(path: Path) -> list[tuple[str, str]]:
    if not path.exists():
        raise UserError(f"{path}: " + say("没有这个文件或者目录", "no such card file or directory"))
    found = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not found:
        raise UserError(f"{path}: " + say("目录中没有规则卡(*.yaml)", "no card (*.yaml) in this directory"))
    return [(str(file), _text(file)) for file in found]


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: " + say(f"不能读作 UTF-8 文本:{error}", f"cannot be read as UTF-8 text: {error}")) from None
