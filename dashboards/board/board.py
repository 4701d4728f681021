"""The board's memory: names, clocks and figures, each kept fresh once for everybody; and the walls made of them.

A thread looks at the feeds every few seconds and gives the hub its `clock` event. Everything else is asked for when somebody looks,
and shared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from dashboards.access.rights import Scope
from dashboards.board.clocks import WALL, Clocks
from dashboards.board.places import Where, where_of
from dashboards.board.quiet import Seen, why_quiet
from dashboards.board.shared import AT_ONCE, Shared
from dashboards.board.sources import seen_by, sources
from dashboards.board.wall import HOURS, Figures, Sums, sums
from dashboards.contract import Card, Clock, Source, Wall
from dashboards.names import Names
from dashboards.queries.figures import (
    FeedCount,
    OpenCount,
    alert_counts,
    event_counts,
    feed_counts,
    open_counts,
    refused_counts,
    stored_until,
)
from dashboards.queries.pool import Pool
from streams.feed import Status
from supervision.calendars import calendars_of
from supervision.durations import HOUR_MS
from supervision.language import UserError

log = structlog.get_logger("board")

LOOK_EVERY_S = 2.0
FIGURES_S = 2.0
OPEN_S = 10.0
FRESH_S = 15.0
MOST_SUMS = 500


class NoSuchPlaceError(LookupError):
    """Nothing of that name that the asker may see."""


class Board:
    """`names` and `workers` give the newest; `heard` the next offset of every partition of alerts, by topic and number."""

    def __init__(
        self,
        pool: Pool,
        names: Callable[[], Names],
        workers: Callable[[], list[Status]],
        heard: Callable[[], Mapping[tuple[str, int], int]],
        has_names: Callable[[], bool],
    ) -> None:
        self.clocks = Clocks()
        self._pool = pool
        self._names = names
        self._workers = workers
        self._heard = heard
        self._has_names = has_names
        self._feeds: list[FeedCount] = []
        self._sources: list[Source] = []
        self._behind = 0
        self._behind_since = 0
        self._answered_at = 0.0
        self._sums: dict[tuple[Scope, str, Where], Sums] = {}
        self._makers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="figures")
        self._figures = Shared(self._count, FIGURES_S, self._makers)
        self._open = Shared(self._count_open, OPEN_S, self._makers)
        self._refused = Shared(lambda: refused_counts(pool), OPEN_S, self._makers)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # -- kept fresh ---------------------------------------------------------------------------------------------

    def start(self, publish: Callable[[Callable[[Scope], bytes]], None]) -> None:
        """`publish(pulse)` is told every few seconds, in the board's thread."""
        self._thread = threading.Thread(target=self._run, args=(publish,), name="board", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(15.0)
        self._makers.shutdown(wait=True, cancel_futures=True)

    @property
    def is_ready(self) -> bool:
        """ClickHouse has answered lately."""
        return self._answered_at > 0 and time.monotonic() - self._answered_at < FRESH_S

    def _run(self, publish: Callable[[Callable[[Scope], bytes]], None]) -> None:
        while not self._has_names() and not self._stop.wait(0.1):
            pass
        while not self._stop.is_set():
            try:
                self.look()
                publish(self.pulses())
                self._answered_at = time.monotonic()
            except UserError as error:
                log.warning("figures not to be had", because=error.lines)
            except Exception:
                log.exception("figures not to be had")
            self._stop.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Ask the feeds and the workers once."""
        wall = time.time_ns() // 1_000_000
        self._feeds = feed_counts(self._pool)
        self.clocks.hear((worker.clocks for worker in self._workers()), wall)
        self._sources = sources(self._feeds, self._refused.get(), self.clocks, self._names(), wall)
        self._note_sink(wall)

    def _note_sink(self, wall: int) -> None:
        stored = stored_until(self._pool)
        behind = sum(max(0, heard - stored.get(place, 0)) for place, heard in self._heard().items() if place in stored)
        self._behind_since = 0 if not behind else self._behind_since or wall
        self._behind = behind if behind and wall - self._behind_since > 10_000 else 0

    def pulses(self) -> Callable[[Scope], bytes]:
        """The `clock` event by scope: clocks, sources, today's events of the default clock."""
        clocks, found, names = self.all_clocks(), self._sources, self._names()
        figures = self._figures.get(self.default_clock())
        spots: dict[tuple[str, str], int] = {}
        for count in figures.events:
            if count.hour >= figures.day:
                spots[count.region, count.department] = spots.get((count.region, count.department), 0) + count.events

        def pulse(scope: Scope) -> bytes:
            today = {"events": sum(count for spot, count in spots.items() if scope.covers(*spot))}
            shown = {"clocks": clocks, "sources": seen_by(scope, found, names), "today": today}
            return b"event: clock\ndata: " + msgspec.json.encode(shown) + b"\n\n"

        return pulse

    # -- clocks -------------------------------------------------------------------------------------------------

    def default_clock(self) -> str:
        """The one with the newest event."""
        newest = max(self._feeds, key=lambda feed: feed.last_event_wall, default=None)
        return WALL if newest is None else self._names().clock_of(newest.source_system)

    def all_clocks(self) -> list[Clock]:
        """Those that events live on, the one with the newest event first."""
        names, wall = self._names(), time.time_ns() // 1_000_000
        newest: dict[str, tuple[int, int]] = {}
        for feed in self._feeds:
            name = names.clock_of(feed.source_system)
            seen = newest.get(name, (0, 0))
            newest[name] = (max(seen[0], feed.last_event_wall), max(seen[1], feed.last_event_at))
        order = sorted(newest, key=lambda name: (-newest[name][0], name)) or [WALL]
        return [self.clocks.shown(name, names, wall, newest.get(name, (0, wall))[1]) for name in order]

    def clock(self, name: str | None) -> Clock | None:
        """The clock of this name, the default one for None; None: there is none."""
        clocks = self.all_clocks()
        return clocks[0] if not name else next((clock for clock in clocks if clock.name == name), None)

    # -- figures ------------------------------------------------------------------------------------------------

    def _on_clock(self, clock: str) -> list[str]:
        names = self._names()
        return [feed.source_system for feed in self._feeds if names.clock_of(feed.source_system) == clock]

    def _count(self, clock: str) -> Figures:
        shown = self.clock(clock)
        now = time.time_ns() // 1_000_000 if shown is None else shown.now
        region = next((s.region_code for s in self._names().sources.values() if s.clock == clock and s.region_code), None)
        calendar = calendars_of(self._names().reference).of_region(region, now)
        day = calendar.day_start(calendar.day_of(now))
        since = min(day, now - now % HOUR_MS - (HOURS - 1) * HOUR_MS)
        on_clock = self._on_clock(clock)
        events = event_counts(self._pool, on_clock, since, now)
        return Figures(day, now, events, alert_counts(self._pool, clock, since, now), self._open.get(clock))

    def _count_open(self, clock: str) -> list[OpenCount]:
        return list(open_counts(self._pool, self._on_clock(clock)))

    # -- walls --------------------------------------------------------------------------------------------------

    def wall(self, scope: Scope, clock_name: str | None, place: str, newest: Callable[[str, Where], list[Card]]) -> Wall:
        """Raises NoSuchPlaceError for a clock or place that is not there for this scope; UserError if ClickHouse is away."""
        where, clock, names = where_of(place), self.clock(clock_name), self._names()
        if where is None or clock is None:
            raise NoSuchPlaceError
        added = self._added(scope, clock.name, where)
        today = added.today
        found = seen_by(scope, self._sources, names)
        is_quiet = not (today.notice or today.yellow or today.red)
        return Wall(
            clock=clock,
            clocks=self.all_clocks(),
            place=added.path[-1],
            path=added.path,
            today=today,
            trend=added.trend,
            newest=newest(clock.name, where),
            children=added.children,
            rules=added.rules,
            sources=found,
            quiet=why_quiet(self._seen(clock, today.events)) if is_quiet else None,
        )

    def _added(self, scope: Scope, clock: str, where: Where) -> Sums:
        """The sums of the newest figures, made once for all who look at the same."""
        whole, key = self._figures.get(clock), (scope, clock, where)
        known = self._sums.get(key)
        if known is None or known.figures is not whole:
            known = sums(whole, scope, where, self._names())
            if known is None:
                raise NoSuchPlaceError
            if len(self._sums) >= MOST_SUMS:
                self._sums.clear()
            self._sums[key] = known
        return known

    def _seen(self, clock: Clock, events_today: int) -> Seen:
        workers = self._workers()
        judged = self.clocks.judged(clock.name)
        on_clock = [source for source in self._sources if source.clock == clock.name]
        newest = max((source.last_event_at or 0 for source in on_clock), default=0)
        behind = None if judged is None else (clock.now if clock.name == WALL else newest) - judged
        if clock.name != WALL and behind is not None and any(source.state == "live" for source in on_clock):
            behind = None  # its clock follows the events, so it is behind them by its nature while they come
        return Seen(
            events_today=events_today,
            is_any_source_live=any(source.state == "live" for source in on_clock),
            has_workers=bool(workers),
            judged_behind_ms=behind,
            sink_behind=self._behind,
        )
