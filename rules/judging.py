"""The whole way of a case: its rules are asked what holds, and what is said of it changes by the difference."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rules.book import Asked, Rule, Rulebook, that_matter
from rules.case import Case
from rules.fact import BATCH_KIND, Fact
from rules.forgetting import Graveyard
from rules.issue import Because, Said, Suppression, changes, identify, message, stays
from rules.output import Output
from rules.saying import core_of, remember, signalled
from rules.upkeep import Upkeep
from rules.verdict import FAR, UNDATED, Verdict
from supervision.worktime import CalendarMissing

_NONE: tuple[Said, ...] = ()


class Judging:
    """Of one engine, by one state of the reference data."""

    def __init__(self, book: Rulebook, suppression: Suppression, graves: Graveyard, upkeep: Upkeep) -> None:
        self._book = book
        self._suppression = suppression
        self._graves = graves
        self._upkeep = upkeep

    def judge(self, case: Case, asked: Asked, newest: int | None, fresh: Collection[Fact] | None, now: int, output: Output) -> None:
        """`newest`: the fact it is judged for, None: clock or reference data. `fresh` None: any fact may mean something new. `now`:
        of the case's clock (ms UTC)."""
        wakes = case.wakes
        judging, signalling = asked
        off = self._book.off(case.source)
        if fresh:
            judging = that_matter(case, judging, fresh)
        for rule in judging:
            try:
                verdicts = rule.judge(case) if rule.id not in off else ()
                said, wake = self._weigh(rule, case, verdicts, now, output) if verdicts else (_NONE, FAR)
            except CalendarMissing as missing:
                self._leave_unjudged(rule, case, missing, output)
                continue
            if wake != FAR:
                wakes[rule.id] = wake
            elif rule.id in wakes:
                del wakes[rule.id]
            if said or case.alerts:
                self._say(rule, case, said, Because.of(newest), output)
        for rule in signalling:
            try:
                drafts = rule.signals(case, fresh) if rule.id not in off else []
            except CalendarMissing as missing:
                self._leave_unjudged(rule, case, missing, output)
                continue
            if rule.id in wakes:
                del wakes[rule.id]
            if drafts or (drafts is not None and case.sent):
                is_all = fresh is None or rule.is_whole
                looked_at = None if is_all else {case.first_id(fact).to_bytes(16, "big") for fact in fresh or ()}
                output.signals += signalled(case, rule.id, drafts, looked_at)
        self._graves.set_wake(case, now)

    def _leave_unjudged(self, rule: Rule, case: Case, missing: CalendarMissing, output: Output) -> None:
        self._upkeep.alarm(missing, output)
        case.wakes[rule.id] = UNDATED

    def _weigh(self, rule: Rule, case: Case, verdicts: Sequence[Verdict], now: int, output: Output) -> tuple[Sequence[Said], int]:
        """What stands now, and the next instant at which that changes by the clock alone."""
        if case.is_test:
            return _NONE, FAR
        said: list[Said] = []
        wake = FAR
        for verdict in verdicts:
            if verdict.trigger.kept and verdict.trigger.kept.get(BATCH_KIND) == "migration":
                continue
            if verdict.lacks is not None:
                self._upkeep.alarm(verdict.lacks, output)
                said += stays(rule.id, case.alerts, verdict)
            elif rule.is_conditional and not rule.applies(verdict):
                continue
            if verdict.stands_from > now:
                wake = min(wake, verdict.stands_from)
            elif (found := self._standing(rule, case, verdict)) is not None:
                said.append(found)
        return said, wake

    def _standing(self, rule: Rule, case: Case, verdict: Verdict) -> Said | None:
        if verdict.unless is not None and verdict.unless():
            return None
        core = core_of(verdict.level, verdict.detected_at, verdict.tell(), verdict.part.place, case.case_id)
        state = self._suppression.state(rule.id, core, case.source.name)
        return None if state is None else Said(identify(rule.id, core), core, state)

    def _say(self, rule: Rule, case: Case, said: Sequence[Said], because: Because, output: Output) -> None:
        before = [standing for standing in case.alerts if standing.rule_id == rule.id]
        if not before and not said:
            return
        for change in changes(rule.id, before, said, because):
            remember(case.alerts, change.standing)
            words = rule.words(change.standing.core)
            output.alerts.append(message(rule.card, change, case.source.clock, case.source.name, case.case_id, words))
