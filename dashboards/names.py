"""What codes are called, from reference data: items, regions, centres, departments, rules. What has no name stands for itself."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.contract import Both
from rules.card import Card as RuleCard
from rules.feed import definitions
from supervision.calendars import calendars_of
from supervision.reference import Item, Reference, Source
from supervision.regions import significant

DEFAULT_ZONE = "Asia/Shanghai"
FOREVER = 2**62


class Names:
    """One publication of reference data, with the rule cards. Lookups without an instant take the newest entry."""

    def __init__(self, reference: Reference, rules: Mapping[str, RuleCard]) -> None:
        self.reference = reference
        self.rules = rules
        self._newest: dict[tuple[str, str], str] = {}
        self._regions: dict[str, str] = {}
        for entry in reference.entries:
            name = str(getattr(entry, "name", "") or "")
            if name:
                self._newest[entry.KIND, entry.key] = name
                if isinstance(entry, Item) and entry.catalog_code:  # which alerts name where there is one
                    self._newest.setdefault((entry.KIND, entry.catalog_code), name)
                if entry.KIND == "region":
                    self._regions[significant(entry.key)] = name
        self.sources: dict[str, Source] = {
            entry.name: entry for entry in reference.of_kind(Source.KIND) if isinstance(entry, Source)
        }

    def item(self, code: str | None) -> str | None:
        return None if not code else self._newest.get(("item", code))

    def centre(self, centre_id: str | None) -> str | None:
        return None if not centre_id else self._newest.get(("centre", centre_id))

    def department(self, department_id: str | None) -> str | None:
        return None if not department_id else self._newest.get(("department", department_id))

    def region(self, code: str | None) -> str | None:
        return None if not code else self._regions.get(significant(code))

    def rule(self, rule_id: str) -> Both:
        found = self.rules.get(rule_id) or next((each for each in definitions().values() if each.id == rule_id), None)
        return Both(rule_id, rule_id) if found is None else Both(found.name.zh, found.name.en)

    def clock_of(self, source_system: str) -> str:
        found = self.sources.get(source_system)
        return "wall" if found is None else found.clock

    def sources_on(self, clock: str) -> list[str]:
        """Registered sources that live on this clock."""
        return [source.name for source in self.sources.values() if source.clock == clock]

    def is_simulated(self, clock: str) -> bool:
        return any(source.simulated for source in self.sources.values() if source.clock == clock)

    def zone_of(self, clock: str, now: int) -> str:
        """The time zone of the clock's sources, by the region of the first that has one."""
        region = next(
            (source.region_code for source in self.sources.values() if source.clock == clock and source.region_code), None
        )
        return calendars_of(self.reference).of_region(region, now).time_zone or DEFAULT_ZONE

    def items(self) -> dict[str, Item]:
        """Newest entry of every item, by code."""
        return {entry.code: entry for entry in self.reference.of_kind(Item.KIND) if isinstance(entry, Item)}

    def named(self, kind: str) -> dict[str, str]:
        """Key to name of everything of a kind that has a name."""
        return {key: name for (found, key), name in self._newest.items() if found == kind}
