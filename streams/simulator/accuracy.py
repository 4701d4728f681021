"""What was found against what was made: rule by rule, what of it stands, what stands besides, and how late it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from streams.simulator.truth import Line, Origin
from supervision.alert import Level

Key = tuple[str, str, str, str]  # rule, level, subject, segment


class Standing(Struct, frozen=True):
    """An alert that stands, from a replay or from the store. `seen_ms`: how long after its instant it was published, if known."""

    rule: str
    level: Level
    subject: str
    segment: str
    at: int
    seen_ms: int | None = None

    @property
    def key(self) -> Key:
        return self.rule, self.level.value, self.subject, self.segment


RECALL = 0.95  # of clues, at least
FALSE_CLUES, OFFICERS = 2.0, 300  # false clues of a rule a week among so many officers, at most


class Scale(Struct, frozen=True):
    """How much conduct was looked at: officers times weeks."""

    officer_weeks: float

    def rate(self, count: int) -> float:
        """So many, as a week among 300 officers."""
        return count * OFFICERS / self.officer_weeks


class Score(Struct, frozen=True):
    """One rule. `moved`: found, at another instant than it was made for; `seen_ms`: median, None where nobody measured."""

    rule: str
    injected: int
    natural: int
    quiet: int
    found: int
    missed: tuple[Line, ...]
    false: tuple[Standing, ...]
    moved: tuple[tuple[Line, Standing], ...]
    disturbed: tuple[Line, ...]
    seen_ms: float | None

    @property
    def is_right(self) -> bool:
        return not (self.missed or self.false or self.moved or self.disturbed)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + len(self.missed))

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + len(self.false))

    def holds(self, scale: Scale | None) -> bool:
        """What clues have to hold; where nobody counted officers, none may be false."""
        is_rare = not self.false if scale is None else scale.rate(len(self.false)) <= FALSE_CLUES
        return self.recall >= RECALL and is_rare

    @staticmethod
    def sum(scores: Sequence[Score]) -> Score:
        """Of one rule, or of several, under the first one's name."""
        seen = [score.seen_ms for score in scores if score.seen_ms is not None]
        return Score(
            rule=scores[0].rule,
            injected=sum(score.injected for score in scores),
            natural=sum(score.natural for score in scores),
            quiet=sum(score.quiet for score in scores),
            found=sum(score.found for score in scores),
            missed=tuple(line for score in scores for line in score.missed),
            false=tuple(alert for score in scores for alert in score.false),
            moved=tuple(pair for score in scores for pair in score.moved),
            disturbed=tuple(line for score in scores for line in score.disturbed),
            seen_ms=median(seen) if seen else None,
        )


def scores(truth: Iterable[Line], standing: Iterable[Standing], until: int) -> list[Score]:
    """A score for each rule of either side. `until`: how far the clock was run; what is due later need not be there."""
    wanted = {_key(line): line for line in truth if line.expect == "alert" and (line.at or 0) <= until}
    quiet = [line for line in truth if line.expect == "quiet"]
    found = {alert.key: alert for alert in standing}
    rules = {key[0] for key in (*wanted, *found)} | {line.rule for line in quiet}
    return [_score(rule, wanted, quiet, found) for rule in sorted(rules)]


def _score(rule: str, wanted: dict[Key, Line], quiet: list[Line], found: dict[Key, Standing]) -> Score:
    lines = {key: line for key, line in wanted.items() if key[0] == rule}
    alerts = {key: alert for key, alert in found.items() if key[0] == rule}
    both = [(lines[key], alerts[key]) for key in lines if key in alerts]
    spoken = {(subject, segment) for _, _, subject, own in (*lines, *alerts) for segment in (own, None)}
    seen = [alert.seen_ms for _, alert in both if alert.seen_ms is not None]
    of_rule = [line for line in quiet if line.rule == rule]
    return Score(
        rule=rule,
        injected=sum(line.origin is Origin.INJECTED for line in lines.values()),
        natural=sum(line.origin is Origin.NATURAL for line in lines.values()),
        quiet=len(of_rule),
        found=len(both),
        missed=tuple(line for key, line in lines.items() if key not in alerts),
        false=tuple(alert for key, alert in alerts.items() if key not in lines),
        moved=tuple(pair for pair in both if pair[0].at != pair[1].at),
        disturbed=tuple(line for line in of_rule if (line.subject, line.segment) in spoken),
        seen_ms=median(seen) if seen else None,
    )


def _key(line: Line) -> Key:
    assert line.level is not None
    assert line.segment is not None
    return line.rule, line.level.value, line.subject, line.segment
