"""Every metric of the product, declared once. Processes of `streams` and `dashboards` import them and count.

Names are `supervision_<what>_<unit|total>`. Labels that are closed lists start at zero, so that a rate exists before the first
refusal; a process calls `start` once, with the topics it reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from supervision.alert import Disposition, Level, State
from supervision.refusal import Reason


class Outcome(StrEnum):
    """How a transaction of a partition ended."""

    COMMITTED = "committed"
    ABORTED = "aborted"  # a passing fault; done again from the last state
    FENCED = "fenced"  # another worker has the partition


class Stage(StrEnum):
    """Where a batch spends its time."""

    DECODE = "decode"
    JUDGE = "judge"
    COMMIT = "commit"


_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

RECORDS = Counter("supervision_records_total", "Records read from an input topic.", ["topic"])
REFUSED = Counter("supervision_refused_total", "Records that went to the dead letters.", ["topic", "reason"])
ALERTS = Counter("supervision_alerts_total", "Alert revisions published.", ["disposition", "level", "state"])
SIGNALS = Counter("supervision_signals_total", "Signals sent from case agents to subject agents.")
ALARMS = Counter("supervision_alarms_total", "Things a person must mend before judgement can go on.", ["kind"])
TRANSACTIONS = Counter("supervision_transactions_total", "Transactions of agents.", ["outcome"])
STAGE_SECONDS = Histogram("supervision_batch_seconds", "Time of one batch of one partition.", ["stage"], buckets=_SECONDS)
RECOVERY_SECONDS = Histogram("supervision_recovery_seconds", "Time to take up one partition's state.", buckets=_SECONDS)
RECOVERED = Counter("supervision_recovered_entries_total", "State entries taken up.")
PARTITIONS = Gauge("supervision_partitions_assigned", "Partitions this worker has.", ["topic"])
NEXT_OFFSET = Gauge("supervision_next_offset", "Next record to be judged.", ["topic", "partition"])
CLOCK_LAG = Gauge("supervision_wall_clock_lag_seconds", "How far a partition's wall clock is behind.", ["topic", "partition"])
READY = Gauge("supervision_ready_state", "1 when every assigned partition is being judged.")
LOST = Counter("supervision_lost_records_total", "Records given up by an explicit --accept-loss.", ["topic"])


def start(topics: Iterable[str]) -> None:
    """Make every series of a closed list exist, at zero, without the library's series of creation times."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for topic in topics:
        RECORDS.labels(topic)
        PARTITIONS.labels(topic)
        LOST.labels(topic)
        for reason in Reason:
            REFUSED.labels(topic, reason.value)
    for disposition in Disposition:
        for level in Level:
            for state in State:
                ALERTS.labels(disposition.value, level.value, state.value)
    for outcome in Outcome:
        TRANSACTIONS.labels(outcome.value)
    for stage in Stage:
        STAGE_SECONDS.labels(stage.value)
