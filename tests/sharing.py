"""How `make test` shares the tests among its processes.

All files in which a test touches a service go to one process, so that each server is started once and no two of these tests are at
work at the same time. The other tests fill the other process, and what the servers leave of the first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """Units of work, the largest first: all of services, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return "service" if touches_services(nodeid.partition("::")[0]) else nodeid


@cache
def touches_services(file: str) -> bool:
    """Whether a test of this file (path below the root) is marked as one of a service."""
    return "pytest.mark.service" in (ROOT / file).read_text("utf-8")
