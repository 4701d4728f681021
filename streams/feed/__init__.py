"""The alerts topic as whoever watches it reads it: positions in the log, its newest end as it grows, and what lies behind.

The board (`dashboards`) reads this package and `streams.store`, nothing else of `streams`; so what it needs of the reference topic
and of a process's own port is named here.
"""

from streams.feed.past import GoneError, read_span
from streams.feed.position import Position, position_of, text_of
from streams.feed.record import Record
from streams.feed.tail import Tail
from streams.probe import Probe
from streams.reference import Follower, Snapshot
from streams.status import Status

__all__ = [
    "Follower",
    "GoneError",
    "Position",
    "Probe",
    "Record",
    "Snapshot",
    "Status",
    "Tail",
    "position_of",
    "read_span",
    "text_of",
]
