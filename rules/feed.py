"""The feed alarm: what many cases of one source say together and none can say alone. Pure; `streams.monitor` asks it.

F01: a source that stopped sending what it should, seen by the share of its open cases in which nothing happens (domain.md, T17).
F02: its times are dates that claim to be instants: too many events of a day at 00:00:00. The definitions lie in `feeds/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from rules.card import Text
from rules.parameters import Count, RuleId, Share
from rules.sentence import sentence
from supervision.alert import Alert, AnomalyClass, Disposition, Level, RevokeReason, State, Visibility, alert_id
from supervision.reference import Outage, Source
from supervision.subject import key
from supervision.worktime import WorkCalendar

IDLE_RULE = "T17"  # the rule whose cards a found outage withholds


class Fault(StrEnum):
    SILENT = "silent"
    MIDNIGHT = "midnight"


class Definition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card is to a rule on cases. More than `share` is a fault (F02: as much, too), of at least `least` cases or stamps."""

    format_version: Literal[1]
    id: RuleId
    fault: Fault
    version: int
    level: Level
    share: Share
    least: Count
    name: Text
    why: Text
    legal_basis: Text
    runbook: Text
    sentence: Text


@cache
def definitions() -> dict[Fault, Definition]:
    """The product's own."""
    texts = [entry.read_text("utf-8") for entry in files("rules").joinpath("feeds").iterdir() if entry.name.endswith(".yaml")]
    found = [msgspec.convert(yaml.safe_load(text), Definition) for text in texts]
    return {each.fault: each for each in found}


class Figures(Struct, frozen=True, kw_only=True):
    """A source at an instant of its clock (`at`, ms UTC). `idle_wd`: the working days without a fact that make a case idle.

    `stamps`, `midnight_stamps`: events of the local day before that of `at` whose time is said to be known to the second.
    """

    source: Source
    at: int
    open_cases: int
    idle_cases: int
    heard_at: int | None
    idle_wd: int
    stamps: int = 0
    midnight_stamps: int = 0

    @property
    def idle_share(self) -> float:
        return self.idle_cases / self.open_cases if self.open_cases else 0.0


class Finding(Struct, frozen=True):
    """A fault of a feed. `day`: the local date (ordinal) it is found on, the segment of its alert; `facts`: for the sentence."""

    fault: Fault
    source: Source
    day: int
    detected_at: int
    since: int
    facts: dict[str, Any]


def findings(figures: Figures, calendar: WorkCalendar) -> Iterator[Finding]:
    """What is wrong with the feed by these figures."""
    day = calendar.day_of(figures.at)
    common: dict[str, Any] = {"source": figures.source.name, "time_zone": calendar.time_zone}
    start = calendar.day_start(day)
    silent, midnight = definitions()[Fault.SILENT], definitions()[Fault.MIDNIGHT]
    if figures.open_cases >= silent.least and figures.idle_share > silent.share:
        facts = common | {
            "open_cases": figures.open_cases,
            "idle_cases": figures.idle_cases,
            "idle_share": figures.idle_share,
            "idle_wd": figures.idle_wd,
            "heard_at": figures.heard_at,
        }
        since = start if figures.heard_at is None else min(start, figures.heard_at + 1)
        yield Finding(Fault.SILENT, figures.source, day, start, since, facts)
    if figures.stamps >= midnight.least and figures.midnight_stamps >= midnight.share * figures.stamps:
        facts = common | {
            "date": date.fromordinal(day - 1).isoformat(),
            "stamps": figures.stamps,
            "midnight_stamps": figures.midnight_stamps,
            "midnight_share": figures.midnight_stamps / figures.stamps,
        }
        yield Finding(Fault.MIDNIGHT, figures.source, day, start, start, facts)


def outage_of(finding: Finding) -> Outage:
    """In which cards on idle cases of the source are withheld, until it is lifted."""
    return Outage(
        outage_id=f"found/{finding.source.name}/{date.fromordinal(finding.day).isoformat()}",
        source_system=finding.source.name,
        reason="found: the cases of this source stand still together",
        rules=(IDLE_RULE,),
        found=True,
        valid_from=finding.since,
    )


def day_of(outage: Outage) -> int:
    """The local date on which a found outage was found."""
    return date.fromisoformat(outage.outage_id.rpartition("/")[2]).toordinal()


def alert_of(finding: Finding, *, lifted: bool = False) -> Alert:
    """The first message of a finding, or the one that takes it back."""
    definition, source = definitions()[finding.fault], finding.source
    subject, segment = key("source", source.name), date.fromordinal(finding.day).isoformat()
    return Alert(
        alert_id=alert_id(definition.id, definition.level, subject, segment),
        rule_id=definition.id,
        rule_version=definition.version,
        level=definition.level,
        disposition=Disposition.CARD,
        state=State.REVOKED if lifted else State.ISSUED,
        revision=2 if lifted else 1,
        clock=source.clock,
        subject_key=subject,
        segment=segment,
        detected_at=finding.detected_at,
        source_system=source.name,
        anomaly_class=AnomalyClass.OTHER,
        region_code=source.region_code,
        visibility=Visibility.BUREAU,
        description=sentence(definition.sentence, finding.facts),
        legal_basis={"zh": definition.legal_basis.zh, "en": definition.legal_basis.en},
        facts=finding.facts,
        revoke_reason=RevokeReason.FACT if lifted else None,
    )
