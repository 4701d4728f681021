"""What a card may ask of the engine: one Struct per detector kind, its parameters with the defaults of the law.

How each kind judges is in `rules.kinds`. Numbers are working days (`_wd`), seconds (`_s`) or minutes (`_min`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from rules.requirements import Check
from supervision.alert import Level
from supervision.event import CaseType, EventType
from supervision.worktime import Limit

Count = Annotated[int, Meta(ge=1, le=100000)]
Share = Annotated[float, Meta(gt=0, le=1)]
Factor = Annotated[float, Meta(gt=0, le=1000)]
RuleId = Annotated[str, Meta(pattern=r"^[A-Z][0-9]{2}$")]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class LimitOf(StrEnum):
    """Which clock a deadline watches; each brings its own key, start, stops and pauses."""

    PROMISED = "promised"  # the case: acceptance to the stops of the promised limit
    LEGAL = "legal"  # the case: acceptance to the stops of the legal limit; extensions lengthen it
    STEP = "step"  # a key step of the workflow: its start to its completion or a stop of the legal limit
    PAUSE = "pause"  # a special procedure: its start to its end, by its declared limit
    IDLE = "idle"  # an open case: from each of its facts to the next, marks of kind `after` and `paused_for` only
    FIXED = "fixed"  # from `start` to `stops`, marks of kind `after` only


class Key(StrEnum):
    """Whom the signals of a window are about."""

    OFFICER = "officer"
    OFFICER_ITEM = "officer_item"  # one officer's work on one item


class Near(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="near"):
    """Before the end: 00:00 of the first working, not paused day with remaining <= `remaining_wd`, or (limit >= `share_from_wd`)
    used >= `used_share` of the limit, whichever is first. A limit of at most `skip_up_to_wd`: never. Hours: at `used_share`.
    Absolute dates: 00:00 of the last working day before the due day."""

    remaining_wd: Annotated[int, Meta(ge=0)] = 1
    used_share: Share | None = None
    share_from_wd: Count = 1
    skip_up_to_wd: Annotated[int, Meta(ge=0)] = 0


class Passed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="passed"):
    """The limit's end + 1 ms. `over_promised_share`: and not before the end, + 1 ms, of that share of the promised limit counted
    from the same start, in working days rounded down (half of 7 wd: past the end of the 3rd)."""

    over_promised_share: Share | None = None


class Late(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="late"):
    """`late_wd` >= max(`wd`, min(limit in wd, `limit_up_to_wd`)); without `limit_up_to_wd`: `late_wd` >= `wd`."""

    wd: Count = 1
    limit_up_to_wd: Count | None = None


class Times(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="times"):
    """More than `factor` times the limit is used: the end of a limit of `factor` times as many units, + 1 ms."""

    factor: Count = 2


class ItemLimit(StrEnum):
    """Limits that a catalogue entry may name beside the promised and the legal one."""

    DELIVERY = "delivery_limit"
    FIRST_REVIEW = "first_review_limit"


class After(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="after"):
    """After wd `wd`: the end of the `wd`-th working day after the start day, + 1 ms. `undeclared`: only where no limit is named.

    `item_limit` (`limit: fixed`): that limit of the item instead, where the item names one.
    """

    wd: Count
    undeclared: bool = False
    item_limit: ItemLimit | None = None


class PausedFor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mark", tag="paused_for"):
    """Paused for more than `days` calendar days on end since the last fact: 00:00 of the day after the `days`-th, still paused. For
    `limit: idle` only."""

    days: Count


Mark = Near | Passed | Late | Times | After | PausedFor


class Fallback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limit of an item that names none: the first whose conditions hold. Nothing named = holds."""

    limit: Limit
    item_type: str | None = None
    case_type: CaseType | None = None


class Extension(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which extension lengthens the limit: the first, approved by one of `posts` no later than the limit's end, at most `max_wd`
    (the item's `extension_max_wd` goes before). Joint cases by their own post and maximum."""

    max_wd: Count = 10
    joint_max_wd: Count = 15
    posts: tuple[str, ...] = ("organ_head",)
    joint_posts: tuple[str, ...] = ("government_head",)


class Occurrence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact of this type that says one of these values in each of these fields (`null`: nothing), named as `rules.fact.FIELDS` has
    them, in a case of one of these item types (none named: of any)."""

    event: EventType
    among: dict[str, tuple[str | None, ...]] = {}
    item_types: tuple[str, ...] = ()


Happening = EventType | Occurrence


class Errand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something else that is due in the same case, with a segment of its own. `item_flag`: only where the item has this flag."""

    segment: Annotated[str, Meta(pattern=r"^[a-z_]{1,20}$")]
    at: dict[Level, tuple[Mark, ...]]
    start: tuple[Happening, ...]
    otherwise: tuple[Happening, ...] = ()
    stops: tuple[Happening, ...]
    item_flag: Literal["electronic_certificate"] | None = None


class Deadline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="deadline"):
    """A clock with a limit. `at`: for each level the marks of which the first reached counts.

    `silent_where_equal`: no alert at all where this other limit ends at the same instant (that limit's rule speaks).
    `yields`: a level is not implied if one of these rules stands on the same case at that instant or before.
    For `limit: fixed` only: `start`, `stops`: from the earliest start, else the earliest of `otherwise`, to the first stop; `also`:
    what is due besides; `pauses`; `deems_accepted_wd`: unanswered after so many working days, the legal limit runs from the start.
    """

    limit: LimitOf
    at: dict[Level, tuple[Mark, ...]]
    fallbacks: tuple[Fallback, ...] = ()
    extension: Extension | None = None
    silent_where_equal: LimitOf | None = None
    yields: dict[Level, tuple[RuleId, ...]] = {}
    start: tuple[Happening, ...] = ()
    otherwise: tuple[Happening, ...] = ()
    stops: tuple[Happening, ...] = ()
    pauses: bool = True
    also: tuple[Errand, ...] = ()
    deems_accepted_wd: Count | None = None


class Sequence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sequence"):
    """The workflow's precedence pairs (A's first completion no later than B's first start + `slack_s`; B completed needs A
    completed) and its mandatory steps (completed by the first decision or completion of the case)."""

    level: Level = Level.YELLOW
    pairs: bool = True
    mandatory: bool = True
    slack_s: Annotated[int, Meta(ge=0)] = 60


class Separation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="separation"):
    """One person in both steps of a separated pair of the workflow: `level`. `raised` instead if the second step came less than
    `raised_gap_s` after the first (last of each before the decision), or if the condition `raised_when` holds."""

    level: Level = Level.YELLOW
    raised: Level | None = None
    raised_gap_s: Count | None = None
    raised_when: str | None = None


class Version(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="version"):
    """The time in force of the first of these facts that the case has, against the least over all its versions: more than
    `later_s` later."""

    level: Level = Level.RED
    facts: tuple[EventType, ...] = (EventType.CASE_ACCEPTED, EventType.SUPPLEMENT_ACCEPTED)
    later_s: Annotated[int, Meta(ge=0)] = 3600


class OutsideHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="acts_outside_hours"):
    """A signal is a human act earlier than opening - `before_open_min`, later than close + `after_close_min`, in lunch, or on a
    closed day of the officer's centre, always a hit; its extended hours and his approved overtime are hours like others."""

    before_open_min: Annotated[int, Meta(ge=0, le=720)] = 15
    after_close_min: Annotated[int, Meta(ge=0, le=720)] = 30
    lunch: bool = True
    closed_days: bool = True


class CaseInHaste(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="cases_in_haste"):
    """A signal is a human case of an item whose peers take `median_min` minutes or more, at the later of two steps. It is a hit if
    `later_step` was completed after `earlier_step`, but by less than `steps_s`, or the case less than `case_s` after acceptance."""

    earlier_step: str = "review"
    later_step: str = "approve"
    steps_s: Count = 10
    case_s: Count = 60
    median_min: Annotated[int, Meta(ge=0, le=100000)] = 30


class Decided(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="decisions"):
    """A signal is a human decision that grants or denies; a grant is a hit."""


class OnDates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="count", tag="on_dates"):
    """`level` at a hit that is at least the `hits`-th of its date, when >= `dates` such dates lie in `within_wd` (today included).
    `one_party_share`: and at least this share of the cases of those dates' hits has one agent, else one applicant."""

    level: Level
    hits: Count = 1
    dates: Count = 1
    within_wd: Count = 1
    one_party_share: Share | None = None


class InSpan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="count", tag="in_span"):
    """`level` at a hit t when (t - `within_s`, t] holds at least `hits` of them, and `times_p99` times the item's p99 of the
    snapshot if there is one. `by_case`: hits of one case count once."""

    level: Level
    hits: Count
    within_s: Annotated[int, Meta(ge=1, le=86400)]
    times_p99: Factor | None = None
    by_case: bool = False


class OfCases(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="count", tag="of_cases"):
    """`level` at a case of a date that has a hit by then, when of at least `cases` in `within_wd` (today included) at least `share`
    are hits."""

    level: Level
    cases: Count
    share: Share
    within_wd: Count = 1


class OnDay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="count", tag="on_day"):
    """`level` at the end of a date with at least `hits` hits, `times_median` times the item's median of days in the snapshot (none:
    never), when hits are at least `share` of what was counted."""

    level: Level
    hits: Count
    times_median: Factor
    share: Share


Hits = OutsideHours | CaseInHaste | Decided
Tally = OnDates | InSpan | OfCases | OnDay


class Night(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`level` at once, at a grant at or after `since` or before `until` (local time of day)."""

    level: Level
    since: TimeOfDay = "22:00"
    until: TimeOfDay = "06:00"


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="window"):
    """Signals of one kind about one subject, judged behind the watermark; of one segment (a local date) only the highest level.

    `signals`: what they are. `key`: whom they are about."""

    key: Key
    signals: Hits
    tallies: tuple[Tally, ...]
    night_grant: Night | None = None


class Require(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="require"):
    """What one fact, or the case at one fact, must satisfy: `check` says what, and how grave it is if it does not."""

    check: Check


Parameters = Deadline | Sequence | Separation | Version | Window | Require


def levels(detector: Parameters) -> set[Level]:
    """Every level this detector can imply."""
    if isinstance(detector, Deadline):
        return {*detector.at, *(level for errand in detector.also for level in errand.at)}
    if isinstance(detector, Window):
        night = {detector.night_grant.level} if detector.night_grant else set()
        return {tally.level for tally in detector.tallies} | night
    if isinstance(detector, Require):
        return detector.check.levels
    found = {detector.level}
    if isinstance(detector, Separation) and detector.raised is not None:
        found.add(detector.raised)
    return found
