"""What kind `require` may demand of a fact, or of a case at one fact: a Struct per check, its parameters with the law's defaults.

How each check judges is in the module of `rules.kinds` that is named like it. A further check is a Struct here, a detector there,
and a line in `rules.kinds.require`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from supervision.alert import Level

Natural = Annotated[int, Meta(ge=0, le=100000)]
Word = Annotated[str, Meta(min_length=1)]


class Authority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="authority"):
    """Who decides, or passes the step `step`, has an authorisation with `power` in force then, for item, region and amount, and is
    active: else `level`; up to the end of working day `after_post_change_wd` after a change of his posts: `lowered`."""

    step: Word = "approve"
    power: Word = "decide"
    level: Level = Level.RED
    lowered: Level = Level.NOTICE
    after_post_change_wd: Natural = 2

    @property
    def levels(self) -> set[Level]:
        return {self.level, self.lowered}


class Notices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="notices"):
    """What is missing is asked for in one notice. A second number: `level`; the `raised_at`-th, or a list with what the guide
    demands and neither the receipt nor an earlier list names: `raised`; where all later lists ask only for what had been asked for,
    with `excused_reason`: `excused`."""

    level: Level = Level.YELLOW
    raised: Level = Level.RED
    raised_at: Annotated[int, Meta(ge=2, le=100)] = 3
    excused: Level = Level.NOTICE
    excused_reason: Word = "resubmitted_defective"

    @property
    def levels(self) -> set[Level]:
        return {self.level, self.raised, self.excused}


class Fees(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="fees"):
    """An official fee is none of a free item, no more than standard x quantity of the price table in force, charged behind the
    acceptance, to an account of the treasury, and has a receipt at completion: else `level`; less than the standard has a basis:
    else `reduced`. One alert for a fee item and what is wrong with it."""

    level: Level = Level.RED
    reduced: Level = Level.YELLOW

    @property
    def levels(self) -> set[Level]:
        return {self.level, self.reduced}


class Extensions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="extensions"):
    """An extension is approved no later than the legal end there was before, else `late`. It is the first, of no more days than may
    be given, by the right post (both as the card on the legal limit says), with a reason, and the applicant is told within
    `told_within_wd`: else `level`, all faults together."""

    level: Level = Level.YELLOW
    late: Level = Level.RED
    told_within_wd: Natural = 1

    @property
    def levels(self) -> set[Level]:
        return {self.level, self.late}


class Times(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="of", tag="times"):
    """A step or a special procedure does not end before it starts, a case is not completed before it is accepted: else `level`,
    about the event that came too early."""

    level: Level = Level.NOTICE

    @property
    def levels(self) -> set[Level]:
        return {self.level}


Check = Authority | Extensions | Notices | Fees | Times
