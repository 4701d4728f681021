"""How far each clock had surely come, so that an alert which is not due yet is no difference.

Agents that run say it themselves. Without them it is drawn from what was said: a deadline that has passed, a window judged.
"""

from __future__ import annotations

import time

from streams.status import EVERY_S, live_workers
from streams.store.client import Store
from supervision.settings import Settings

WALL = "wall"
_OF_ALERTS = """
SELECT clock, max(reached) FROM (
    SELECT clock, toUnixTimestamp64Milli(if(clock = 'wall', assumeNotNull(issued_at), detected_at)) AS reached
    FROM {table} WHERE if(clock = 'wall', issued_at IS NOT NULL, case_id = '' OR ifNull(detected_at > due_at, 0)))
GROUP BY clock
"""


def by_agents(settings: Settings) -> dict[str, int] | None:
    """Where the slowest worker has each clock, ms UTC; None: no worker is alive."""
    workers = [worker for worker in live_workers(settings) if worker.partitions]
    if not workers:
        return None
    found: dict[str, int] = {}
    for worker in workers:
        for clock, now in worker.clocks.items():
            found[clock] = min(now, found.get(clock, now))
    return found


def by_agents_from_now(settings: Settings) -> dict[str, int] | None:
    """The same, as the workers say it after this was asked."""
    time.sleep(EVERY_S + 0.5)
    return by_agents(settings)


def by_store(store: Store) -> dict[str, int]:
    """Where stored alerts prove each clock to have been, ms UTC; of the wall the latest time of publication."""
    found: dict[str, int] = {}
    for table in ("alerts", "clues"):
        for clock, reached in store.execute(_OF_ALERTS.format(table=table)):
            found[clock] = max(reached, found.get(clock, reached))
    return found
