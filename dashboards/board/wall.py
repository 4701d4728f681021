"""The wall of one scope at one place, added up from figures that everybody shares. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from dashboards.access.rights import Scope
from dashboards.board.places import Atlas, Spot, Where
from dashboards.contract import Place as PlaceShown
from dashboards.contract import RuleCount, Tile, Totals, TrendPoint
from dashboards.names import Names
from dashboards.queries.figures import AlertCount, EventCount, OpenCount
from supervision.durations import HOUR_MS

HOURS = 24


class Figures(Struct, frozen=True):
    """Of one clock. `day`: where its local day began; `now`: when they were asked for; ms on the clock."""

    day: int
    now: int
    events: Sequence[EventCount]
    alerts: Sequence[AlertCount]
    open: Sequence[OpenCount]

    def spots(self) -> Iterable[Spot]:
        """Everywhere that anything was counted."""
        for counts in (self.events, self.alerts, self.open):
            for count in counts:
                yield count.region, count.centre, count.department

    def seen_by(self, scope: Scope, where: Where) -> Figures:
        """What a scope sees of a place."""

        def holds(count: EventCount | AlertCount | OpenCount) -> bool:
            return scope.covers(count.region, count.department) and where.holds((count.region, count.centre, count.department))

        return Figures(
            self.day,
            self.now,
            [count for count in self.events if holds(count)],
            [count for count in self.alerts if scope.sees_kind(count.disposition, count.visibility) and holds(count)],
            [count for count in self.open if holds(count)],
        )


class _Levels:
    """Standing alerts by level."""

    __slots__ = ("notice", "red", "revoked", "withheld", "yellow")

    def __init__(self) -> None:
        self.notice = self.yellow = self.red = self.revoked = self.withheld = 0

    def add(self, count: AlertCount) -> None:
        name = count.level if count.state == "issued" else count.state
        setattr(self, name, getattr(self, name) + count.count)


def totals(figures: Figures) -> Totals:
    """Since the beginning of the clock's day; cases open now."""
    levels = _Levels()
    for count in figures.alerts:
        if count.hour >= figures.day:
            levels.add(count)
    today = [count for count in figures.events if count.hour >= figures.day]
    return Totals(
        events=sum(count.events for count in today),
        cases_accepted=sum(count.accepted for count in today),
        cases_completed=sum(count.completed for count in today),
        cases_open=sum(count.count for count in figures.open),
        notice=levels.notice,
        yellow=levels.yellow,
        red=levels.red,
        revoked=levels.revoked,
        withheld=levels.withheld,
    )


def trend(figures: Figures) -> list[TrendPoint]:
    """Hour by hour, the running one last."""
    last = figures.now - figures.now % HOUR_MS
    events = dict.fromkeys(range(last - (HOURS - 1) * HOUR_MS, last + 1, HOUR_MS), 0)
    levels = {hour: _Levels() for hour in events}
    for event in figures.events:
        if event.hour in events:
            events[event.hour] += event.events
    for alert in figures.alerts:
        if alert.hour in levels:
            levels[alert.hour].add(alert)
    return [TrendPoint(hour, events[hour], found.notice, found.yellow, found.red) for hour, found in levels.items()]


def tiles(figures: Figures, below: Iterable[tuple[PlaceShown, Where]]) -> list[Tile]:
    """Today at each place under this one. Added up by spot first: there are many hours, few spots and few places."""
    levels: dict[Spot, _Levels] = {}
    events: dict[Spot, int] = {}
    for alert in figures.alerts:
        if alert.hour >= figures.day:
            levels.setdefault((alert.region, alert.centre, alert.department), _Levels()).add(alert)
    for event in figures.events:
        if event.hour >= figures.day:
            spot = (event.region, event.centre, event.department)
            events[spot] = events.get(spot, 0) + event.events
    found: list[Tile] = []
    for place, where in below:
        here = [each for spot, each in levels.items() if where.holds(spot)]
        found.append(
            Tile(
                place,
                sum(count for spot, count in events.items() if where.holds(spot)),
                sum(each.notice for each in here),
                sum(each.yellow for each in here),
                sum(each.red for each in here),
            )
        )
    return found


class Sums(Struct, frozen=True):
    """What a wall says of figures; the same for everybody of the same scope at the same place."""

    figures: Figures
    path: list[PlaceShown]
    today: Totals
    trend: list[TrendPoint]
    children: list[Tile]
    rules: list[RuleCount]


def sums(whole: Figures, scope: Scope, where: Where, names: Names) -> Sums | None:
    """None: the scope sees no such place."""
    atlas = Atlas(names, scope, whole.spots())
    if not atlas.exists(where):
        return None
    seen = whole.seen_by(scope, where)
    return Sums(whole, atlas.path(where), totals(seen), trend(seen), tiles(seen, atlas.below(where)), ranking(seen, names))


def ranking(figures: Figures, names: Names) -> list[RuleCount]:
    """Today's standing alerts by rule, most first."""
    by_rule: dict[str, _Levels] = {}
    for count in figures.alerts:
        if count.hour >= figures.day and count.state == "issued":
            by_rule.setdefault(count.rule_id, _Levels()).add(count)
    found = [RuleCount(rule, names.rule(rule), each.notice, each.yellow, each.red) for rule, each in by_rule.items()]
    return sorted(found, key=lambda rule: (-rule.notice - rule.yellow - rule.red, rule.rule_id))
