"""The registers of a made-up city: regions, centres, windows, departments, officers, items, calendar and source.

They are published as an importer publishes its catalogue, and the cases are drawn from them. Only the source and its clock are
called after the seed: so one deployment holds several cities, and several seeds of one.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from streams.simulator import names
from streams.simulator.catalogue import Offer, price_table
from streams.simulator.feeds import ALL_TOLD, TURNS, Feed
from streams.simulator.profile import YUNZHOU, Profile
from supervision.calendars import calendars_of
from supervision.event import Precision
from supervision.language import UserError, say
from supervision.reference import (
    Authorisation,
    CalendarData,
    Centre,
    Department,
    Entry,
    Item,
    Officer,
    Peer,
    Reference,
    Region,
    Window,
)
from supervision.worktime import Unit, WorkCalendar

SHIPPED_UNTIL, MADE_UP_UNTIL = 2026, 2066  # years after the notices of the State Council are made up, so that a city can go on
WINDOWS = 8
DEPUTY_MOST_FEN = 5_000_000  # what a substitute may grant at most
ENDED = date(2025, 1, 1)  # since when former approvers may decide nothing
MOVES = (date(2025, 1, 6), date(2028, 12, 25))  # every Monday of these years somebody is moved to another post


class Desk(Struct, frozen=True):
    """The people of one department in one centre, by duty; `twin` is a second account of the first reviewer. Reviewers and
    approvers may decide, the substitute small amounts only, `former` nothing any more, handlers nothing."""

    department_id: str
    handlers: tuple[str, ...]
    reviewers: tuple[str, ...]
    approvers: tuple[str, ...]
    substitute: str
    twin: str
    head: str
    former: str


class Hall(Struct, frozen=True):
    """A centre at work. `promised` and `instant` are (offer, item) with their weights; desks by department code."""

    profile: Profile
    feed: Feed
    source: str
    clock: str
    centre: Centre
    region_level: int
    calendar: WorkCalendar
    windows: tuple[str, ...]
    acceptors: tuple[str, ...]
    desks: dict[str, Desk]
    promised: tuple[tuple[Offer, Item], ...]
    instant: tuple[tuple[Offer, Item], ...]
    weight: float

    @property
    def is_late(self) -> bool:
        """Whether it serves in the evening on some days."""
        return bool(self.centre.extended_hours)

    @property
    def region(self) -> str:
        assert self.centre.region_code is not None
        return self.centre.region_code

    @property
    def officers(self) -> tuple[str, ...]:
        found = [officer for desk in self.desks.values() for officer in (*desk.handlers, *desk.reviewers, *desk.approvers)]
        return (*self.acceptors, *found)


class Place(Struct, frozen=True):
    """Where a centre stands: its region, the name of the place, its level (3 city, 4 county, 5 township), its share of the work."""

    region: str
    name: str
    level: int
    weight: float


def places(profile: Profile, centres: int) -> list[Place]:
    """The first so many: the city's, then the counties', then the townships'. UserError if there are not so many."""
    if not 1 <= centres <= profile.most_centres:
        wanted = f"1..{profile.most_centres}"
        raise UserError(say(f"--centres {centres}: 应为 {wanted}", f"--centres {centres}: wanted {wanted}"))
    code, name = profile.city
    found = [Place(f"{code}00", name, 3, 3.0)]
    found += [Place(code, name, 4, 2.0) for code, name in profile.counties]
    for number, town in enumerate(profile.towns, 1):
        found += [Place(f"{code}{number:03d}", f"{name}{town}", 5, 0.5) for code, name in profile.counties]
    return found[:centres]


class City:
    """The registers and the halls of a city with so many centres. `keep_days`: how long agents remember closed cases.

    `seed`: of its cases. `source` and `clock` are of the same name. `feeds`: some centres' systems report less, as sources of their
    own on the same clock.
    """

    def __init__(
        self, centres: int, seed: int = 1, profile: Profile = YUNZHOU, keep_days: int | None = None, *, feeds: bool = False
    ) -> None:
        self.centres = centres
        self.seed = seed
        self.profile = profile
        self.source = self.clock = f"{profile.name}-{seed}"
        self._places = places(profile, centres)
        self.feeds = feeds
        self._feeds = [TURNS[number % len(TURNS)] if feeds else ALL_TOLD for number in range(centres)]
        self._chance = random.Random("registers")  # noqa: S311 - names, not secrets
        self.entries: list[Entry] = [
            *(feed.source(self.source, self.clock, profile.city[0], keep_days) for feed in dict.fromkeys(self._feeds)),
            calendar(profile),
            Region(code=profile.province[0], name=profile.province[1], calendar=profile.name),
            Region(code=profile.city[0], name=profile.city[1]),
            *(Region(code=code, name=name) for code, name in profile.counties),
            *(Region(code=place.region, name=place.name) for place in self._places if place.level == 5),
        ]  # fmt: skip
        self.entries += price_table(profile.prefix)
        centres_of = [_centre(profile, number, place) for number, place in enumerate(self._places)]
        self.entries += centres_of
        calendars = calendars_of(Reference(self.entries))
        self.halls: list[Hall] = []
        for number, (place, centre) in enumerate(zip(self._places, centres_of, strict=True)):
            found = calendars.of_centre(centre.centre_id, 0)
            assert found is not None
            self.halls.append(self._hall(number, place, centre, found))
        self.entries += _peers(self.halls)
        self.entries += _mover(profile, centres_of[0].centre_id, self.halls[0].calendar)

    @cached_property
    def reference(self) -> Reference:
        return Reference(self.entries)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of its centres, its own first."""
        return tuple(feed.name_of(self.source) for feed in dict.fromkeys(self._feeds))

    @cached_property
    def people(self) -> int:
        """How many officers are registered."""
        return len({entry.officer_id for entry in self.entries if isinstance(entry, Officer)})

    @cached_property
    def officers(self) -> list[tuple[Hall, Desk, str]]:
        """Every handler with his hall and desk: whom patterns of conduct are made of, one after the other."""
        width = max(len(hall.desks) for hall in self.halls)
        ordered = [list(hall.desks.values()) for hall in self.halls]
        return [
            (hall, desks[place], desks[place].handlers[turn])
            for turn in range(self.profile.handlers)
            for place in range(width)
            for hall, desks in zip(self.halls, ordered, strict=True)
            if place < len(desks)
        ]

    def _hall(self, number: int, place: Place, centre: Centre, calendar: WorkCalendar) -> Hall:
        feed = self._feeds[number]
        offers = [offer for offer in self.profile.offers if place.level < 5 or offer.towns]
        if feed.precision is Precision.DAY:  # what is promised in hours cannot be told in dates
            offers = [offer for offer in offers if offer.promised is None or offer.promised.unit is Unit.WORKING_DAY]
        at_once = [offer for offer in self.profile.instant if place.level < 5 or offer.towns]
        centre_id = centre.centre_id
        desks = {code: self._desk(number, centre_id, place, code) for code in sorted({o.department for o in (*offers, *at_once)})}
        windows = tuple(f"{centre_id}-W{window:02d}" for window in range(1, WINDOWS + 1))
        for position, window in enumerate(windows, 1):
            self.entries.append(Window(window_id=window, name=f"综合窗口{position:02d}号", centre_id=centre_id))
        acceptors = tuple(self._officer(number, "W", turn, centre_id, None, ("window",)) for turn in range(1, WINDOWS + 1))
        promised, instant = tuple(self._offered(offers, place, desks)), tuple(self._offered(at_once, place, desks))
        for officer in acceptors:
            self._authorise(officer, place, [item.code for _, item in instant])
        for code, desk in desks.items():
            codes = [item.code for offer, item in promised if offer.department == code]
            if not codes:
                continue
            for officer in (*desk.reviewers, *desk.approvers, desk.twin, desk.head):
                self._authorise(officer, place, codes)
            self._authorise(desk.substitute, place, codes, most_fen=DEPUTY_MOST_FEN)
            self._authorise(desk.former, place, codes, until=calendar.day_start(ENDED.toordinal()))
        return Hall(
            profile=self.profile,
            feed=feed,
            source=feed.name_of(self.source),
            clock=self.clock,
            centre=centre,
            region_level=place.level,
            calendar=calendar,
            windows=windows,
            acceptors=acceptors,
            desks=desks,
            promised=promised,
            instant=instant,
            weight=place.weight,
        )

    def _authorise(
        self, officer: str, place: Place, codes: list[str], most_fen: int | None = None, until: int | None = None
    ) -> None:
        """In writing, to decide on these items here."""
        self.entries.append(
            Authorisation(
                authorisation_id=f"{officer}-decide",
                officer_id=officer,
                item_codes=tuple(codes),
                region_code=place.region,
                powers=("decide",),
                amount_max_fen=most_fen,
                valid_to=until,
            )
        )

    def _offered(self, offers: list[Offer], place: Place, desks: dict[str, Desk]) -> Iterator[tuple[Offer, Item]]:
        for offer in offers:
            item = offer.item(place.region, desks[offer.department].department_id)
            self.entries.append(item)
            yield offer, item

    def _desk(self, number: int, centre_id: str, place: Place, code: str) -> Desk:
        position = list(self.profile.departments).index(code) + 1
        department_id = f"11{place.region[:6]}{place.region[6:] or 'MB0'}{number:03d}{position:03d}X"
        office = self.profile.departments[code]
        name = f"{place.name}{office}" if place.level < 5 else f"{place.name}{office}派出窗口"
        self.entries.append(Department(department_id=department_id, name=name, region_code=place.region))

        def officer(duty: str, turn: int, *posts: str, person: str | None = None) -> str:
            return self._officer(number, f"{position:02d}{duty}", turn, centre_id, department_id, posts, person)

        reviewers = tuple(officer("R", turn, "reviewer") for turn in range(1, self.profile.reviewers + 1))
        return Desk(
            department_id=department_id,
            handlers=tuple(officer("H", turn, "handler") for turn in range(1, self.profile.handlers + 1)),
            reviewers=reviewers,
            approvers=(officer("A", 1, "approver"),),
            substitute=officer("B", 1, "reviewer", "substitute"),
            twin=officer("A", 9, "approver", person=person_hash(self.profile, reviewers[0])),
            head=officer("L", 1, "organ_head"),
            former=officer("A", 2, "approver"),
        )

    def _officer(
        self,
        number: int,
        duty: str,
        turn: int,
        centre_id: str,
        department: str | None,
        posts: tuple[str, ...],
        person: str | None = None,
    ) -> str:
        officer_id = f"{self.profile.prefix}{number:03d}-{duty}{turn:02d}"
        name = self._chance.choice(names.SURNAMES) + "".join(self._chance.sample(names.GIVEN, self._chance.choice((1, 2))))
        self.entries.append(
            Officer(
                officer_id=officer_id,
                person_hash=person or person_hash(self.profile, officer_id),
                name=name,
                centre_id=centre_id,
                home_department_id=department,
                posts=posts,
            )
        )
        return officer_id


def _centre(profile: Profile, number: int, place: Place) -> Centre:
    return Centre(
        centre_id=f"C{place.region}-01",
        name=f"{place.name}{'便民服务中心' if place.level == 5 else '政务服务中心'}",
        region_code=place.region,
        hours=(profile.hours,),
        extended_hours=(profile.late_hours,) if number % 3 == 2 else (),
    )


def mover_of(profile: Profile) -> str:
    """Whose posts change every week, and whom nobody authorised."""
    return f"{profile.prefix}000-M001"


def _mover(profile: Profile, centre_id: str, calendar: WorkCalendar) -> Iterator[Officer]:
    """Two posts by turns, a week each; before and after those years always the same."""
    first, last = MOVES
    mondays = [first + timedelta(weeks=week) for week in range((last - first).days // 7 + 1)]
    edges = [None, *(calendar.day_start(monday.toordinal()) for monday in mondays), None]
    for turn, (since, until) in enumerate(pairwise(edges)):
        yield Officer(
            officer_id=mover_of(profile),
            person_hash=person_hash(profile, mover_of(profile)),
            name="轮岗人员",
            centre_id=centre_id,
            posts=(("reception", "patrol")[turn % 2],),
            valid_from=since,
            valid_to=until,
        )


def person_hash(profile: Profile, name: str) -> str:
    """64 hexadecimal digits that stand for a person who does not exist."""
    return hashlib.sha256(f"{profile.name}/{name}".encode()).hexdigest()


def calendar(profile: Profile) -> CalendarData:
    """China's calendar with the place's own feasts, and for the years that no notice has come for one that is made up."""
    years = range(SHIPPED_UNTIL + 1, MADE_UP_UNTIL + 1)
    feasts = ("01-01", "05-01", "05-02", "05-03", "10-01", "10-02", "10-03", *profile.feasts)
    return CalendarData(
        name=profile.name,
        version="1",
        inherits="CN",
        time_zone=profile.zone,
        years=tuple(years),
        holidays=tuple(f"{year}-{day}" for year in years for day in feasts),
    )


def _peers(halls: list[Hall]) -> list[Peer]:
    """What is usual in the city, as if counted in the months before it was made: by what its items promise."""
    items = {(item.catalog_code or item.code): offer for hall in halls for offer, item in (*hall.promised, *hall.instant)}
    return [
        Peer(item_code=code, cases=400, grants=400, median_minutes=_usual_minutes(offer), p99_grants_10min=2.0,
             median_grants_day=8.0 if offer.steps else None, granted_share=0.97,
             snapshot="2025Q4", since="2025-10-01", until="2025-12-31")
        for code, offer in sorted(items.items())
    ]  # fmt: skip


def _usual_minutes(offer: Offer) -> float:
    """Half of what is promised; at the window eleven minutes."""
    if not offer.steps:
        return 11.0
    limit = offer.promised
    if limit is None:
        return 4 * 1440.0
    return limit.value * (30.0 if limit.unit is Unit.HOUR else 720.0)
