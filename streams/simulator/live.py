"""A city that never stops: first a backlog as fast as it goes, then at a speed, through nights and days off in seconds.

Where it is stands in a file of the data directory, so that a restart goes on there; what is sent again has the same ids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct, structs

from streams.importer import Journal, Note, topic_ids
from streams.probe import Probe
from streams.simulator import outlets
from streams.simulator.city import City
from streams.simulator.days import Days, Load
from streams.simulator.profile import profile_of
from streams.sources.feed import Told
from supervision import metrics
from supervision.durations import HOUR_MS, MINUTE_MS
from supervision.event import ClockAdvanced
from supervision.language import UserError, say
from supervision.settings import Settings, metrics_port_of
from supervision.worktime import WorkCalendar

_log = structlog.get_logger("simulator")
# Agents forget a case so many days after its last fact: a city that never stops may not fill their memory. Nothing of it comes
# later than that. Sixty of its days are about twelve hours of ours and 110,000 cases.
KEEP_DAYS = 60
NOTE_S, WRITE_S = 0.2, 1.0  # wall time between two waits for acknowledgement, and between two notes of it
BACKLOG_WD = 10  # working days of cases before the first one shown; the last of them with all that is done at once
WHOLE_WD = 1
CLOSED_S = 8.0  # wall time of a night, a weekend, a lunch break
TICK_S = 1.0  # wall time between two records of the clock
BEFORE_MS, AFTER_MS, LUNCH_MS = 30 * MINUTE_MS, 45 * MINUTE_MS, 10 * MINUTE_MS  # around office hours people are at work too
LOST_S = 5.0  # a machine that was away so long does not make up for it


def run(settings: Settings, file: StateFile, wanted: State, gateway: tuple[str, str] | None) -> None:
    """Publish the registers and send the city for ever. Raises UserError when what is asked for is another city than the file's."""
    city = City(wanted.centres, wanted.seed, profile_of(wanted.city), keep_days=KEEP_DAYS)
    counts = outlets.introduce(settings, city)
    state = file.take_up(wanted, topic_ids(settings))
    calendar = city.halls[0].calendar
    load = Load(rate=state.rate / state.speed, injected=state.injected)
    days = Days(city, load, first_day(calendar, state.start))
    port = metrics_port_of(settings, "simulator")
    probe = Probe(port, lambda: file.reached is not None) if port else None
    _log.info("city_started", seed=state.seed, start=state.start, reached=state.reached, speed=state.speed)
    try:
        sender = outlets.sender(settings, counts, file, gateway, note_every_s=NOTE_S)
        file.refused = lambda: outlets.refused(sender)
        sender.run(items(days, Pace(calendar, state.speed), file, state.start))
    finally:
        if probe is not None:
            probe.close()


class State(Struct, frozen=True, kw_only=True):
    """What makes the city the same after a restart, and how far it was. `start`, `reached`: ms UTC on its clock."""

    city: str = "yunzhou"
    seed: int
    centres: int
    rate: float
    speed: float
    injected: float
    start: int
    reached: int | None = None
    topics: dict[str, str] = {}


class StateFile(Journal):
    """The state in the data directory. As a journal of a sender it notes how far the city is, not how many items."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reached: int | None = None
        self._state: State | None = None
        self._written_at = 0.0
        self.refused: Callable[[], dict[str, int]] = dict  # what the way there did not accept, by reason
        self._said: dict[str, int] = {}

    def take_up(self, wanted: State, topics: dict[str, str]) -> State:
        """The state to go on from: the file's, if there is one. Raises UserError if it is of another city.

        Topics made anew have nothing of the city: it begins again.
        """
        found = self._read()
        if found is not None:
            named = ("city", "seed", "centres", "rate", "speed", "injected", "start")
            other = [name for name in named if getattr(found, name) != getattr(wanted, name)]
            if other:
                raise UserError(*(self._differs(name, getattr(found, name), getattr(wanted, name)) for name in other))
        if found is None or (topics and found.topics != topics):
            found = structs.replace(wanted, topics=topics, reached=None)
        self._state, self.reached = found, found.reached
        return found

    def known(self) -> State | None:
        """What the file says, for options that were not given."""
        return self._read()

    def _read(self) -> State | None:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise UserError(say(f"{self.path}: 读不了: {error}", f"{self.path}: cannot be read: {error}")) from None

    def _differs(self, name: str, found: object, wanted: object) -> str:
        return say(
            f"--{name} {wanted}: {self.path} 中的城市是 {found};删除该文件并换新的数据目录可另起一城",
            f"--{name} {wanted}: the city of {self.path} has {found}; for another one take another data directory",
        )

    # -- as the journal of a sender ------------------------------------------------------------------------------------

    def read(self, topics: dict[str, str]) -> Note:
        """Nothing of what is given is sent yet: the city leaves out itself what was."""
        return Note(0, topics)

    def write(self, note: Note) -> None:
        """Called when all that was given out is acknowledged; written at most once a second."""
        assert self._state is not None
        if time.monotonic() - self._written_at < WRITE_S:
            return
        self._written_at = time.monotonic()
        if (refused := self.refused()) != self._said:
            self._said = refused
            _log.error("events_refused", reasons=refused)
        self._state = structs.replace(self._state, reached=self.reached)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(self._state))
        unfinished.replace(self.path)


class Stretch(Struct, frozen=True):
    """Log time up to `end` passes at `rate` seconds a wall second."""

    end: int
    rate: float


class Pace:
    """How fast the city's clock goes: `speed` while offices are open, so fast when they are closed that it takes seconds."""

    def __init__(self, calendar: WorkCalendar, speed: float) -> None:
        self._calendar = calendar
        self._speed = speed

    def stretch(self, at: int) -> Stretch:
        """The stretch in which `at` lies (at its end begins the next)."""
        day = self._calendar.day_of(at)
        while True:
            for start, end in self._busy(day):
                if at < start:
                    return Stretch(start, max(self._speed, (start - self._closed_since(at)) / 1000 / CLOSED_S))
                if at < end:
                    return Stretch(end, self._speed)
            day += 1

    def _closed_since(self, at: int) -> int:
        day = self._calendar.day_of(at)
        while True:
            for _, end in reversed(self._busy(day)):
                if end <= at:
                    return end
            day -= 1

    def _busy(self, day: int) -> list[tuple[int, int]]:
        spans = self._calendar.office(day)
        last = len(spans) - 1
        return [
            (start - (LUNCH_MS if number else BEFORE_MS), end + (AFTER_MS if number == last else LUNCH_MS))
            for number, (start, end) in enumerate(spans)
        ]

    def wall_s(self, since: int, until: int) -> float:
        """Wall seconds that pass between two instants of the log."""
        passed = 0.0
        while since < until:
            stretch = self.stretch(since)
            end = min(stretch.end, until)
            passed += (end - since) / 1000 / stretch.rate
            since = end
        return passed

    def after(self, at: int, wall_s: float) -> int:
        """Where the log is so many wall seconds later; never beyond the end of a stretch."""
        stretch = self.stretch(at)
        return min(stretch.end, at + max(1, round(wall_s * stretch.rate * 1000)))


class Wall:
    """The wall clock and waiting, so that tests need neither."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def first_day(calendar: WorkCalendar, start: int) -> int:
    """The day on which the backlog begins."""
    return calendar.back(calendar.day_of(start), BACKLOG_WD)


def items(days: Days, pace: Pace, state: StateFile, start: int, wall: Wall | None = None) -> Iterator[Told | ClockAdvanced]:
    """The city's events and clock, for ever. What arrives by `start` comes at once; the rest when its time has come.

    `state.reached` is where it was left, and moves on with what is given out.
    """
    calendar = days.calendar
    whole_from = calendar.back(calendar.day_of(start), WHOLE_WD)
    left = state.reached
    now = left if left is not None else calendar.day_start(days.first)
    arrivals = days.arrivals(None, after=left, only_promised_until=whole_from)
    waiting = _Waiting(pace, max(now, start), wall or Wall())
    for at, wire in arrivals:
        for tick in _ticks(pace, now, at, start):
            waiting.until(tick)
            yield ClockAdvanced(clock=days.city.clock, to=tick)
            now = tick
        waiting.until(at)
        state.reached = at - 1
        metrics.SIMULATED.inc()
        metrics.SIMULATED_CLOCK.set(at / 1000)
        yield at, wire


def _ticks(pace: Pace, now: int, until: int, start: int) -> Iterator[int]:
    """Steps of the clock before the instant `until`: hours of the backlog, then as many as wall seconds pass."""
    while True:
        now = min(now - now % HOUR_MS + HOUR_MS, start) if now < start else pace.after(now, TICK_S)
        if now >= until:
            return
        yield now


class _Waiting:
    """Waits until it is time for an instant of the log; counts from where the city was put to its pace."""

    def __init__(self, pace: Pace, since: int, wall: Wall) -> None:
        self._pace = pace
        self._wall = wall
        self._log, self._due = since, wall.now()

    def until(self, at: int) -> None:
        if at <= self._log:
            return
        self._due += self._pace.wall_s(self._log, at)
        self._log = at
        ahead = self._due - self._wall.now()
        if ahead > 0:
            self._wall.sleep(ahead)
        elif ahead < -LOST_S:
            self._due = self._wall.now()
