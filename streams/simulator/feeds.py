"""What a centre's system reports of what happens there: all of it, or only results, dates, nobody's name, or a batch a night
(domain.md 6.6, 7).

What is left of a story is what its truth is reckoned from, and rules that would have to read a silence are off: unknown is not
missing. Which ones is written down here by the law; no rule is asked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from supervision.durations import HOUR_MS
from supervision.event import CaseEvent, EventType, Precision
from supervision.payload import PAYLOADS
from supervision.reference import Source

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from streams.simulator.story import Act, Story
    from supervision.worktime import WorkCalendar

Types = frozenset[EventType]


class Feed(Struct, frozen=True, kw_only=True):
    """`name`: behind the name of the city's source. `sends` None: every type. `leaves_out`: fields that it never fills. `nightly`:
    arrives at two the night after."""

    name: str = ""
    sends: Types | None = None
    leaves_out: frozenset[str] = frozenset()
    precision: Precision = Precision.SECOND
    nightly: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether whatever happens is told to the second and in full, if late."""
        return self.sends is None and not self.leaves_out and self.precision is Precision.SECOND

    def source(self, city: str, clock: str, region: str, keep_days: int | None) -> Source:
        """The entry of the register."""
        return Source(
            name=self.name_of(city),
            clock=clock,
            late_grace_s=0,
            keep_days=keep_days,
            region_code=region,
            simulated=True,
            catalogue_complete=True,
            precision=self.precision,
            sends=None if self.sends is None else tuple(sorted(self.sends)),
            fills=tuple(sorted(_fields() - self.leaves_out)) if self.leaves_out else None,
        )

    def name_of(self, city: str) -> str:
        return f"{city}-{self.name}" if self.name else city

    def is_off(self, rule: str) -> bool:
        """Whether this rule may say nothing about what this feed tells."""
        if self.precision is Precision.DAY and rule in BY_THE_CLOCK:
            return True
        if any(self.leaves_out.issuperset(group) for group in NEEDED.get(rule, ())):
            return True
        sends = self.sends
        return sends is not None and any(sends.isdisjoint(group) for group in AWAITED.get(rule, ()))


E = EventType
OPENINGS = frozenset({E.CASE_ACCEPTED, E.SUPPLEMENT_ACCEPTED})
RESULTS = frozenset({E.DECISION_MADE, E.CASE_COMPLETED})
ENDS = frozenset({E.CASE_COMPLETED, E.CASE_RETURNED, E.CASE_WITHDRAWN, E.CASE_TERMINATED, E.CASE_VOIDED, E.ACCEPTANCE_REFUSED})
ANSWERS = frozenset({
    E.CASE_ACCEPTED, E.ACCEPTANCE_REFUSED, E.SUPPLEMENT_NOTIFIED, E.PRE_REVIEW_FAILED, E.CASE_RETURNED, E.CASE_WITHDRAWN,
    E.CASE_VOIDED,
})  # fmt: skip
# Of each group of its rule a source must send something, else the rule is off there.
AWAITED: dict[str, tuple[Types, ...]] = {
    "T01": (frozenset({E.APPLICATION_SUBMITTED, E.MATERIAL_RECEIVED}), ANSWERS),
    "T02": (OPENINGS, ENDS),
    "T03": (OPENINGS, ENDS),
    "T04": (OPENINGS, ENDS | {E.DECISION_MADE}),
    "T05": (frozenset({E.STEP_STARTED}), frozenset({E.STEP_COMPLETED})),
    "T08": (frozenset({E.SPECIAL_PROCEDURE_STARTED}), frozenset({E.SPECIAL_PROCEDURE_ENDED})),
    "T09": (frozenset({E.EXTENSION_APPROVED}),),
    "T13": (RESULTS, frozenset({E.RESULT_DELIVERED, E.RESULT_PICKED_UP, E.PICKUP_NOTIFIED})),
    "T17": (frozenset({E.CASE_COMPLETED}), frozenset({E.STEP_STARTED, E.STEP_COMPLETED})),
    "P01": (frozenset({E.STEP_COMPLETED}),),
    "P02": (frozenset({E.STEP_STARTED, E.STEP_COMPLETED}),),
    "P04": (frozenset({E.SUPPLEMENT_NOTIFIED}),),
    "P06": (frozenset({E.CASE_ACCEPTED}),),
    "P09": (frozenset({E.FEE_CHARGED, E.FEE_PAID}),),
    "M10": (frozenset({E.DECISION_MADE}),),
    "D14": (RESULTS, frozenset({E.RESULT_PUBLISHED})),
}
# Of each group of its rule a source must fill one field.
ACTOR = frozenset({"actor_officer_id", "actor_person_hash"})
APPROVER = "approver_officer_id"
NEEDED: dict[str, tuple[frozenset[str], ...]] = {
    "P02": (ACTOR,),
    "P03": (frozenset({"actor_officer_id", f"payload.{APPROVER}"}),),
    "M01": (frozenset({"actor_officer_id"}),),
    "M02": (frozenset({"actor_officer_id"}),),
    "M10": (frozenset({"actor_officer_id"}),),
}
# Hours and seconds, which a feed of dates does not know.
BY_THE_CLOCK = frozenset({"M01", "M02", "M10", "P06"})

ALL_TOLD = Feed()
NIGHTLY = Feed(name="nightly", nightly=True)
RESULTS_ONLY = Feed(name="results", sends=OPENINGS | RESULTS | {E.CASE_WITHDRAWN, E.CASE_TERMINATED, E.ACCEPTANCE_REFUSED})
DATES_ONLY = Feed(name="dates", precision=Precision.DAY)
NOBODY_NAMED = Feed(name="nameless", leaves_out=ACTOR | {f"payload.{APPROVER}"})
# By the place of a centre: half of them report all.
TURNS: tuple[Feed, ...] = (ALL_TOLD, ALL_TOLD, ALL_TOLD, ALL_TOLD, NIGHTLY, RESULTS_ONLY, DATES_ONLY, NOBODY_NAMED)


def tell_what_is_told(story: Story) -> None:
    """Leave of a story, which is told and twisted, what its centre's system reports."""
    feed, calendar = story.hall.feed, story.hall.calendar
    if feed.sends is not None:
        _forget(story, feed.sends)
    story.acts = list(reported(feed, calendar, story.acts, story.chance))
    if feed.sends is not None:  # what a fact completes is nothing without the fact
        told = {act.at for act in story.acts}
        story.found = [found for found in story.found if not found.rule.startswith("P") or found.at in told]
    if feed.precision is Precision.DAY:
        _round(story, calendar)


def reported(feed: Feed, calendar: WorkCalendar, acts: Iterable[Act], chance: random.Random) -> Iterable[Act]:
    """The acts that are reported, as and when they are."""
    for act in acts:
        if feed.sends is not None and act.kind not in feed.sends:
            continue
        if feed.leaves_out:
            act.officer = None
            act.payload = {name: value for name, value in act.payload.items() if f"payload.{name}" not in feed.leaves_out}
        if feed.precision is Precision.DAY or feed.nightly:
            arrives = act.at + (chance.randrange(500, 8_000) if act.lag_ms is None else act.lag_ms)
            if feed.precision is Precision.DAY:
                act.at = calendar.day_start(calendar.day_of(act.at))
                act.fields = act.fields | {"time_precision": Precision.DAY}
            if feed.nightly:
                arrives = _next_night(calendar, arrives) + chance.randrange(1_000, HOUR_MS)
            act.lag_ms = arrives - act.at
        yield act


@cache
def _fields() -> frozenset[str]:
    """Every field an event can fill, as feed profiles name them."""
    payloads = {f"payload.{field.name}" for kind in PAYLOADS.values() for field in structs.fields(kind)}
    return frozenset(payloads | {field.name for field in structs.fields(CaseEvent)})


def _next_night(calendar: WorkCalendar, at: int) -> int:
    return calendar.day_start(calendar.day_of(at) + 1) + 2 * HOUR_MS


def _forget(story: Story, sends: Types) -> None:
    """What is never reported did not happen, as far as anybody can tell."""
    if not sends & {E.STEP_STARTED, E.STEP_COMPLETED}:
        story.work = []
    if E.SPECIAL_PROCEDURE_STARTED not in sends:
        story.pause = None
    if E.EXTENSION_APPROVED not in sends:
        story.extension = None
    if E.DECISION_MADE not in sends:
        story.decided_at = None


def _round(story: Story, calendar: WorkCalendar) -> None:
    """Instants to their dates, also of what was found."""

    def day(at: int) -> int:
        return calendar.day_start(calendar.day_of(at))

    story.accepted_at, story.opening_at = day(story.accepted_at), day(story.opening_at)
    story.decided_at = None if story.decided_at is None else day(story.decided_at)
    story.ended_at = None if story.ended_at is None else day(story.ended_at)
    story.received_at, story.answered_at = day(story.received_at), day(story.answered_at)
    story.given_at = None if story.given_at is None else day(story.given_at)
    story.made_at = None if story.made_at is None else day(story.made_at)
    story.published_at = None if story.published_at is None else day(story.published_at)
    for span in (*story.work, *(() if story.pause is None else (story.pause,))):
        span.since, span.until = day(span.since), None if span.until is None else day(span.until)
    if story.extension is not None:
        story.extension.at = day(story.extension.at)
    for found in story.found:
        found.at = day(found.at)
