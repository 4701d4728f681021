"""The reference judgement: every alert that stands, recomputed from all facts and the clocks reached. Slow and plain on purpose.

It covers exact.md sections 1 to 4 for T01 T02 T03 T04 T05 T08 T09 T13 T17 D14 P01 P02 P03 P04 P06(a) P09 P16 M01 M02 M10 and uses
nothing of `rules`, nor of `supervision.worktime` beyond its types. Where the text leaves room it reads (DECISIONS.md has the list):

* The first fact in order counts where a part has several: acceptances, starts of a step instance, starts of a pause number,
  extensions (a second one never lengthens, even behind an invalid one). A step or pause ends with its first end at or behind its
  start; an end known only from before the start ended it all the same.
* An extension recorded as a special procedure asks for its declared limit; a post not on the event is looked up in the register.
* The instant of an alert is at least `occurred_at` of the opening fact in force, though the limit runs from the least time.
* After a reopening limits run from the acceptance of the new part, else from the reopening, which does not stop the part before.
* Limits in other units than working days count, where working days are asked for, as the working, not paused days from start to
  end. Calendar days and months that fall in a pause are not counted; both end on a working day.
* Limits counted in office time (hours, minutes, working days in mode rolling_hours) leave out a pause from its instant to its
  instant, as domain.md 3.3 does for that mode; all others leave out its dates. T02 is at 80 % of limits in hours and minutes.
* T05 "over half the promised limit": past the end of half of it, rounded down to working days (hours: exact), run from the
  step's start. Promises in calendar days or months have no half before an acceptance.
* T03 red yields to a T04 that the facts imply by then, even if a waiver keeps that one from being issued.
* An absolute due date moves by pauses begun at or behind its fact, and only these pause its clock.
* T08 counts through all pauses, but another pause than its own moves its instants. It runs for every kind but extension, always to
  the end of days, and ends with its own end or the case's.
* P01 of a mandatory step always rests on absence. P02's ten minutes are not judged on dates; completions at the decision's
  instant count as before it.
* P03: one alert for a part, of the gravest of its acts, of those the first. A step without a result passed; an act of a machine
  that names no approver, and a migrated one, is none. Where nobody may decide in the region there is no register.
* P04: a notice without a number is not counted; facts of one number are one notice, which asks for what all of them name. Where the
  receipts before the first notice name nothing, nothing is absent from them. Materials for a branch of the guide are not for all.
* T09: an approver whose post nobody knows has not the right one; an extension told as a special procedure has its legal basis for a
  reason; days in other units are not compared. With another fault, that the applicant was not told changes nothing but the card.
* T01, T13 and D14 count facts in force, an answer before the receipt too. The limit that an unanswered receipt starts by itself is
  known when the fifth working day is over, not earlier; a decision or an end by then keeps it from starting. T13's and D14's "else"
  is a completion with a certificate where no decision counts; D14 takes the class of that fact, and any penalty but a denied one.
* P09: one alert for a fee item and what is wrong with it, of the first fact. Amount and account are held against a line of the
  table only; a standard for a unit needs a quantity. Without an acceptance so far, and without a receipt, it rests on absence.
  After a reopening nothing is before the acceptance. A charge of nothing can only be a reduction.
* P16 of a step that names its instance: an end is tied to its start by it; of the first end and the first start. It is told by the
  later fact, about the earlier one. An event from the future is no fact while its highest version is one: its notice is of segment
  0, since it lies in no part, and of the instant of its receipt. Its versions from the future are no versions of the accepted time.
* M02: lunch is from the morning's last to the afternoon's first minute, first included; hours of named weekdays hold on weekends,
  not on holidays; acts of test cases and migrated acts do not count; a leave counts from its own `occurred_at` on; an outage is
  that of the triggering hit's source.
* M01 and M10: a fact of the case that names a business batch takes out all of it. M01 counts cases; the share is judged at each of
  them from the date's first hit on. M10's whole day needs a snapshot; an outage is that of the last grant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from supervision.alert import Level, State, alert_id
from supervision.event import BatchKind, CaseEvent, EventType
from supervision.reference import Centre, Outage, Reference, Region, Waiver
from tests.law.answers import judge_answers
from tests.law.authority import edges_of
from tests.law.days import Days, days_of_calendar, days_of_region
from tests.law.deadlines import judge_deadlines
from tests.law.extended import judge_extensions
from tests.law.facts import Case, Fact, Known, cases_of, facts_of
from tests.law.haste import Mark, decided, hasty, judge_bursts, judge_haste
from tests.law.hours import Places, is_act, judge_hours
from tests.law.idle import judge_idle
from tests.law.procedure import judge_procedure
from tests.law.profile import is_on
from tests.law.times import judge_quarantine
from tests.law.watch import Verdict

NEVER = -(2**62)


class Standing(NamedTuple):
    """One alert that stands, as both judges tell it."""

    detected_at: int
    alert_id: str
    rule: str
    level: Level
    subject: str
    segment: str
    due_at: int | None
    state: State


class Law:
    """The reference judgement under one set of reference data; `regions` are the region codes that cases and sources name."""

    def __init__(self, reference: Reference, regions: Iterable[str]) -> None:
        self.reference = reference
        self.regions = {code: days_of_region(reference, code) for code in regions}
        self.outages = [entry for entry in reference.of_kind("outage") if isinstance(entry, Outage)]
        self.waivers = [entry for entry in reference.of_kind("waiver") if isinstance(entry, Waiver)]
        self.edges = edges_of(reference, self.regions)
        self.places = Places(reference, self.regions, dict(self._centres()))

    def _centres(self) -> Iterator[tuple[str, Days]]:
        zones = {entry.calendar: entry.time_zone for entry in self.reference.of_kind("region") if isinstance(entry, Region)}
        for entry in self.reference.of_kind("centre"):
            assert isinstance(entry, Centre)
            if entry.calendar is not None:
                yield entry.centre_id, days_of_calendar(self.reference, entry.calendar, zones.get(entry.calendar))
            else:
                yield entry.centre_id, self.regions[str(entry.region_code)]

    def judge(self, events: list[CaseEvent], clocks: dict[str, int]) -> set[Standing]:
        """The alerts that stand by these events, in whatever order, at these clocks (ms UTC by name)."""
        cases = cases_of(events, self.reference)
        standing = set()
        for case in cases:
            for verdict in self._of_case(case, clocks):
                standing.add(self._standing(verdict))
        for verdict in (*self._of_officers(cases, events, clocks), *self._of_conduct(cases, clocks)):
            standing.add(self._standing(verdict))
        return standing

    def _of_case(self, case: Case, clocks: dict[str, int]) -> Iterator[Verdict]:
        if case.is_test:
            return
        source = self.reference.source(case.source)
        for each in judge_quarantine(case):
            if is_on(each.rule, source) and self._may_issue(each):
                yield each
        now = clocks.get(source.clock, NEVER) - (self.grace(source.clock, case.source))
        for part in case.parts:
            known = Known(self.reference, case, part, self.regions)
            verdicts = [
                *judge_deadlines(known),
                *judge_answers(known),
                *judge_extensions(known),
                *judge_procedure(known),
                *judge_idle(known),
            ]
            legal = min((each.detected_at for each in verdicts if each.rule == "T04"), default=None)
            for each in verdicts:
                yields = each.rule == "T03" and each.level is Level.RED and legal is not None and legal <= each.detected_at
                stands = each.stands_from is None or now >= each.stands_from
                if stands and not yields and is_on(each.rule, source) and self._may_issue(each):
                    yield each

    def _of_officers(self, cases: list[Case], events: list[CaseEvent], clocks: dict[str, int]) -> Iterator[Verdict]:
        acts: dict[tuple[str, str], list[tuple[Case, Fact]]] = {}
        for case in cases:
            for fact in case.facts:
                source = self.reference.source(case.source)
                if is_act(self.reference, case, fact) and is_on("M02", source):
                    clock = source.clock
                    acts.setdefault((clock, str(fact.event.actor_officer_id)), []).append((case, fact))
        leaves: dict[tuple[str, str], list[CaseEvent]] = {}  # a correction of another officer's is a leave of its own
        for event in events:
            if event.event_type is EventType.LEAVE_APPROVED:
                clock = self.reference.source(event.source_system).clock
                leaves.setdefault((clock, str(event.payload.officer_id)), []).append(event)
        for (clock, officer), own in acts.items():
            reached = clocks.get(clock, NEVER) - self.grace(clock)
            his = [leave for leave in facts_of(leaves.get((clock, officer), [])) if leave.at <= reached]
            subject = f"officer:{officer}" if clock == "wall" else f"officer:{officer}@{clock}"
            told = [(case, fact) for case, fact in own if fact.at <= reached]
            yield from filter(self._may_issue, judge_hours(officer, subject, told, his, self.places))

    def _of_conduct(self, cases: list[Case], clocks: dict[str, int]) -> Iterator[Verdict]:
        """M01 by officer, M10 by officer and item; each of the clock of its source."""
        hasty_of: dict[tuple[str, str], list[Mark]] = {}
        decided_of: dict[tuple[str, str], list[Mark]] = {}
        for case in cases:
            source = self.reference.source(case.source)
            for mark in hasty(self.reference, case, self.regions, self.places) if is_on("M01", source) else ():
                hasty_of.setdefault((source.clock, f"officer:{mark.officer}"), []).append(mark)
            for mark in decided(self.reference, case, self.regions, self.places) if is_on("M10", source) else ():
                decided_of.setdefault((source.clock, f"officer_item:{mark.officer}/{mark.item}"), []).append(mark)
        for marks, judges in ((hasty_of, judge_haste), (decided_of, judge_bursts)):
            for (clock, name), own in marks.items():
                reached = clocks.get(clock, NEVER) - self.grace(clock)
                subject = name if clock == "wall" else f"{name}@{clock}"
                told = [mark for mark in own if mark.fact.at <= reached]
                yield from filter(self._may_issue, judges(subject, told, reached))

    def grace(self, clock: str, source: str | None = None) -> int:
        """Grace in ms of a source, or the largest of all sources of the clock; a log clock has none."""
        if clock != "wall":
            return 0
        if source is not None:
            return self.reference.source(source).late_grace_s * 1000
        names = [entry.key for entry in self.reference.of_kind("source")]
        return max((self.grace(clock, name) for name in names if self.reference.source(name).clock == clock), default=1_800_000)

    def _may_issue(self, verdict: Verdict) -> bool:
        if verdict.trigger.event.batch_kind is BatchKind.MIGRATION:
            return False
        return not any(
            waiver.rule_id == verdict.rule and waiver.subject_key == verdict.subject and _in_span(waiver, verdict.detected_at)
            for waiver in self.waivers
        )

    def _standing(self, verdict: Verdict) -> Standing:
        source = verdict.trigger.event.source_system
        own = [
            outage for outage in self.outages if outage.source_system == source and verdict.rule in (outage.rules or [verdict.rule])
        ]
        withheld = any(_in_span(outage, verdict.detected_at) for outage in own)
        return Standing(
            verdict.detected_at,
            alert_id(verdict.rule, verdict.level, verdict.subject, verdict.segment),
            verdict.rule,
            verdict.level,
            verdict.subject,
            verdict.segment,
            verdict.due_at,
            State.WITHHELD if withheld else State.ISSUED,
        )


def _in_span(entry: Outage | Waiver, at: int) -> bool:
    begun = entry.valid_from is None or entry.valid_from <= at
    return begun and (entry.valid_to is None or at < entry.valid_to)
