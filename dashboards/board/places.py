"""The drill-down: the whole, regions, centres, departments. Where a count lies, and what lies under a place. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dashboards.access.rights import Scope
from dashboards.contract import Place
from dashboards.names import Names
from supervision.reference import Centre
from supervision.regions import chain, significant

Spot = tuple[str, str, str]  # region, centre and department of a count, '' for what is not named


class Where(Struct, frozen=True):
    """A place as a filter of spots; '' and None: not narrowed."""

    region: str = ""
    centre: str | None = None
    department: str | None = None

    def holds(self, spot: Spot) -> bool:
        region, centre, department = spot
        if self.centre is not None and centre != self.centre:
            return False
        if self.department is not None and department != self.department:
            return False
        return not self.region or self.region in chain(region)


def where_of(key: str) -> Where | None:
    """The filter of a place's key; None: no such key."""
    if not key:
        return Where()
    kind, _, rest = key.partition(":")
    if kind == "region" and rest:
        return Where(region=significant(rest))
    if kind == "centre" and rest:
        return Where(centre=rest)
    if kind == "department":
        centre, slash, department = rest.rpartition("/")
        return Where(centre=centre, department=department) if slash and department else None
    return None


class Atlas:
    """Places under their names, for one scope. `spots`: where anything was counted lately."""

    def __init__(self, names: Names, scope: Scope, spots: Iterable[Spot]) -> None:
        self._names = names
        self._scope = scope
        self._spots = {spot for spot in spots if scope.covers(spot[0], None if scope.department_id is None else spot[2])}
        self._regions = {significant(entry.key) for entry in names.reference.of_kind("region")} - {""}
        centres = (entry for entry in names.reference.of_kind(Centre.KIND) if isinstance(entry, Centre))
        self._centres = {entry.centre_id: significant(entry.region_code or "") for entry in centres}

    def root(self) -> Place:
        prefix = self._scope.region_prefix
        return Place("", "root", prefix, self._names.region(prefix) or "" if prefix else "")

    def region(self, code: str) -> Place:
        return Place(f"region:{code}", "region", code, self._names.region(code) or code)

    def centre(self, centre_id: str) -> Place:
        return Place(f"centre:{centre_id}", "centre", centre_id, self._names.centre(centre_id) or centre_id)

    def department(self, centre_id: str, department_id: str) -> Place:
        name = self._names.department(department_id) or department_id
        return Place(f"department:{centre_id}/{department_id}", "department", department_id, name)

    def exists(self, where: Where) -> bool:
        """Whether anything is known of the place that this scope may see."""
        if where == Where():
            return True
        if any(where.holds(spot) for spot in self._spots):
            return True
        if where.department is not None:
            return False
        if where.centre is not None:
            return where.centre in self._centres and self._scope.covers(self._centres[where.centre], self._scope.department_id)
        return where.region in self._regions and self._scope.covers(where.region, self._scope.department_id)

    def path(self, where: Where) -> list[Place]:
        """From the root to the place."""
        found = [self.root()]
        region = where.region
        if where.centre is not None:
            region = self._centres.get(where.centre, "") or next(
                (significant(spot[0]) for spot in sorted(self._spots) if spot[1] == where.centre), ""
            )
        above = [code for code in reversed(chain(region)) if code and (code in self._regions or code == region)]
        prefix = self._scope.region_prefix
        found += [self.region(code) for code in above if code.startswith(prefix) and code != prefix]
        if where.centre:
            found.append(self.centre(where.centre))
        if where.department is not None:
            found.append(self.department(where.centre or "", where.department))
        return found

    def below(self, where: Where) -> list[tuple[Place, Where]]:
        """The places directly under one: regions, then centres, then departments; each with its filter."""
        if where.department is not None:
            return []
        if where.centre is not None:
            return self._departments(where)
        base = where.region or self._scope.region_prefix
        regions = {self._next(base, code) for code in self._known_regions(base)} - {None}
        found = [(self.region(code), Where(region=code)) for code in sorted(region for region in regions if region)]
        here = [spot for spot in self._spots if where.holds(spot) and significant(spot[0]) == base]
        centres = {spot[1] for spot in here if spot[1]}
        if self._scope.department_id is None:
            centres |= {centre for centre, region in self._centres.items() if region == base}
        found += [(self.centre(centre), Where(centre=centre)) for centre in sorted(centres)]
        bare = {spot[2] for spot in here if not spot[1] and spot[2]}
        return found + [(self.department("", department), Where(where.region, "", department)) for department in sorted(bare)]

    def _departments(self, where: Where) -> list[tuple[Place, Where]]:
        centre = where.centre or ""
        found = {spot[2] for spot in self._spots if spot[1] == centre and spot[2]}
        return [(self.department(centre, each), Where(centre=centre, department=each)) for each in sorted(found)]

    def _known_regions(self, base: str) -> set[str]:
        counted = {significant(spot[0]) for spot in self._spots}
        registered = self._regions if self._scope.department_id is None else set()
        return {code for code in counted | registered if code != base and (not base or base in chain(code))} - {""}

    def _next(self, base: str, code: str) -> str | None:
        """The region directly under `base` on the way to `code`."""
        between = [each for each in reversed(chain(code)) if len(each) > len(base) and (each in self._regions or each == code)]
        return between[0] if between else None
