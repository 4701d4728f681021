"""What makes one city unlike another: places, calendar and hours, offices and people, what they offer, how often what happens."""

from __future__ import annotations

from msgspec import Struct

from streams.simulator import catalogue, chihe, names
from streams.simulator.catalogue import Offer
from supervision.durations import MINUTE_MS
from supervision.event import Channel
from supervision.language import UserError, say
from supervision.reference import Hours

Place = tuple[str, str]  # code, name


class Rates(Struct, frozen=True, kw_only=True):
    """How often what happens of itself: shares of all cases, of cases with a promise, or of completions (domain.md 5.3).

    `promised`, `promised_in_towns`: of all cases; `near`, `over_promised`, `over_legal`: of their limit; `early`: before 60 %
    of it.
    """

    promised: float = 0.20
    promised_in_towns: float = 0.08
    agents: float = 0.12
    paused: float = 0.05
    supplemented: float = 0.06
    denied: float = 0.039
    terminated: float = 0.006
    withdrawn: float = 0.01
    near: float = 0.10
    over_promised: float = 0.003
    over_legal: float = 0.0003
    early: float = 0.60
    channels: tuple[tuple[Channel, float], ...] = (
        (Channel.WINDOW, 0.62),
        (Channel.WEB, 0.24),
        (Channel.MOBILE, 0.12),
        (Channel.COURIER, 0.02),
    )


class Profile(Struct, frozen=True, kw_only=True):
    """One city. `prefix`: of the ids of its people; `feasts`: days off of its own, MM-DD; `late_hours`: of every third centre."""

    name: str
    prefix: str
    province: Place
    city: Place
    counties: tuple[Place, ...]
    towns: tuple[str, ...]
    departments: dict[str, str]
    agents: tuple[str, ...]
    offers: tuple[Offer, ...]
    instant: tuple[Offer, ...]
    hours: Hours
    late_hours: Hours
    feasts: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    handlers: int = 3
    reviewers: int = 2
    rates: Rates = Rates()

    @property
    def most_centres(self) -> int:
        return 1 + len(self.counties) * (1 + len(self.towns))

    @property
    def work_ms(self) -> int:
        """Office time of a day."""
        return sum(end - start for start, end in self.hours.spans) * MINUTE_MS

    @property
    def opens(self) -> int:
        """ms after midnight, as the next two."""
        return self.hours.spans[0][0] * MINUTE_MS

    @property
    def breaks(self) -> int:
        return self.hours.spans[0][1] * MINUTE_MS

    @property
    def closes(self) -> int:
        return self.hours.spans[-1][1] * MINUTE_MS


YUNZHOU = Profile(
    name="yunzhou",
    prefix="YZ",
    province=names.PROVINCE,
    city=names.CITY,
    counties=names.COUNTIES,
    towns=names.TOWNS,
    departments=names.DEPARTMENTS,
    agents=names.AGENTS,
    offers=catalogue.OFFERS,
    instant=catalogue.INSTANT,
    hours=Hours(spans=((540, 720), (810, 1050))),  # 09:00-12:00, 13:30-17:30
    late_hours=Hours(spans=((1050, 1200),), weekdays=(2, 4)),
)

CHIHE = Profile(
    name="chihe",
    prefix="CH",
    province=chihe.PROVINCE,
    city=chihe.CITY,
    counties=chihe.COUNTIES,
    towns=chihe.TOWNS,
    departments=chihe.DEPARTMENTS,
    agents=chihe.AGENTS,
    offers=chihe.OFFERS,
    instant=chihe.INSTANT,
    hours=Hours(spans=((600, 840), (930, 1170))),  # 10:00-14:00, 15:30-19:30: far in the west of the zone
    late_hours=Hours(spans=((1170, 1260),), weekdays=(1, 3)),
    feasts=chihe.FEASTS,
    handlers=4,
    rates=Rates(
        promised=0.26,
        promised_in_towns=0.05,
        agents=0.22,
        paused=0.08,
        supplemented=0.09,
        denied=0.025,
        withdrawn=0.015,
        near=0.14,
        over_promised=0.005,
        early=0.52,
        channels=((Channel.WINDOW, 0.48), (Channel.WEB, 0.30), (Channel.MOBILE, 0.21), (Channel.COURIER, 0.01)),
    ),
)

PROFILES = {profile.name: profile for profile in (YUNZHOU, CHIHE)}


def profile_of(name: str) -> Profile:
    """UserError if there is no such city."""
    if name not in PROFILES:
        wanted = ", ".join(PROFILES)
        raise UserError(say(f"--city {name}: 应为 {wanted} 之一", f"--city {name}: wanted one of {wanted}"))
    return PROFILES[name]
