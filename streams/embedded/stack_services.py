"""What the embedded stack runs beside the core for people and window systems: the gateway, the board, the monitor of the feeds, and
the simulated city.

`supervision up` starts them behind the agents and the sink; tests and measurements name those they want.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from streams.readiness import ask
from supervision.language import say
from supervision.settings import Settings

ASK_S = 2.0


class Service(Struct, frozen=True):
    """One HTTP service of the stack: the subcommand that runs it, what people call it, and where it listens."""

    command: str
    called: tuple[str, str]
    address: Callable[[Settings], tuple[str, int]]
    setting: str

    @property
    def name(self) -> str:
        """Its name in the language of the moment."""
        return say(*self.called)

    def url(self, settings: Settings) -> str:
        """Where a browser or a window system finds it."""
        host, port = self.address(settings)
        return f"http://{host}:{port}"

    def is_ready(self, settings: Settings) -> bool:
        """Whether it says of itself that it can work."""
        return ask(*self.address(settings), ASK_S)[0]


GATEWAY = Service("gateway", ("网关", "gateway"), lambda its: (its.gateway_host, its.gateway_port), "SUPERVISION_GATEWAY_PORT")
BOARD = Service("dashboard", ("大屏", "board"), lambda its: (its.dashboard_host, its.dashboard_port), "SUPERVISION_DASHBOARD_PORT")
FOR_PEOPLE = (GATEWAY, BOARD)
CITY_COMMAND = "simulate"
MONITOR_COMMAND = "monitor"
