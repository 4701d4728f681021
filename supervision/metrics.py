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


class Since(StrEnum):
    """Where the time of an alert begins: when its cause happened, when we got to know of it, when it was said."""

    OCCURRED = "occurred"  # `occurred_at` of the event that caused it, on the wall clock
    RECEIVED = "received"  # the gateway's `received_at`, else the broker's stamp
    PUBLISHED = "published"  # the broker's stamp of the alert


class Until(StrEnum):
    """Where it ends."""

    PUBLISHED = "published"
    STORED = "stored"


ALARM_KINDS = ("calendar_missing",)
SINK_TABLES = ("events_raw", "event_positions", "alerts_raw", "clues_raw", "dead_letters_raw")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATE = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0, 3600.0)

RECORDS = Counter("supervision_records_total", "Records read from an input topic.", ["topic"])
REFUSED = Counter("supervision_refused_total", "Records that went to the dead letters.", ["topic", "reason"])
ALERTS = Counter("supervision_alerts_total", "Alert revisions published.", ["rule", "disposition", "level", "state"])
SIGNALS = Counter("supervision_signals_total", "Signals sent from case agents to subject agents.")
SIGNALS_DROPPED = Counter("supervision_signals_dropped_total", "Signals given up because one subject had too many.")
ALARMS = Counter("supervision_alarms_total", "Things a person must mend before judgement can go on.", ["kind"])
TRANSACTIONS = Counter("supervision_transactions_total", "Transactions of agents.", ["outcome"])
STAGE_SECONDS = Histogram("supervision_batch_seconds", "Time of one batch of one partition.", ["stage"], buckets=_SECONDS)
RECOVERY_SECONDS = Histogram("supervision_recovery_seconds", "Time to take up one partition's state.", buckets=_SECONDS)
RECOVERED = Counter("supervision_recovered_entries_total", "State entries taken up.")
PARTITIONS = Gauge("supervision_partitions_assigned", "Partitions this worker has.", ["topic"])
NEXT_OFFSET = Gauge("supervision_next_offset", "Next record to be judged.", ["topic", "partition"])
CLOCK_LAG = Gauge("supervision_wall_clock_lag_seconds", "How far a partition's wall clock is behind.", ["topic", "partition"])
READY = Gauge("supervision_ready_state", "1 when this process does its work, as /readyz says.")
BOARD_ALERTS = Counter("supervision_board_alerts_total", "Alert revisions the board has heard of.")
BOARD_WATCHERS = Gauge("supervision_board_watchers", "Browsers that watch the board's stream.")
BOARD_DROPPED = Counter(
    "supervision_board_dropped_total", "Watchers sent away: too slow, stuck, logged out, server stopping.", ["why"]
)
BOARD_LOGINS = Counter("supervision_board_logins_total", "Logins at the board.", ["outcome"])
BOARD_SECONDS = Histogram(
    "supervision_board_figures_seconds", "Time of one question of the board to the store.", ["figure"], buckets=_SECONDS
)
LOST = Counter("supervision_lost_records_total", "Records given up by an explicit --accept-loss.", ["topic"])

EVENTS = Counter("supervision_events_total", "Events judged, by who sent them.", ["topic", "source"])
HEARD = Gauge("supervision_source_heard_timestamp_seconds", "Unix time of the newest event judged of a source.", ["source"])
LAG = Gauge("supervision_lag_records", "Records of a partition not yet judged.", ["topic", "partition"])
JUDGED_LATENCY = Histogram(
    "supervision_judged_latency_seconds",
    "From the broker's stamp of a batch's oldest record to its verdicts.",
    ["topic"],
    buckets=_LATE,
)
ALERT_LATENCY = Histogram(
    "supervision_alert_latency_seconds", "Age of alerts that events caused.", ["since", "until"], buckets=_LATE
)
FIRED = Counter("supervision_timers_fired_total", "Subjects that a clock woke.", ["topic"])
LATENESS = Histogram("supervision_timer_lateness_seconds", "How late the oldest timer of each firing was.", buckets=_LATE)
ARMED = Gauge("supervision_armed_timers", "Timer entries, those out of date among them.", ["topic", "partition"])
SUBJECTS = Gauge("supervision_state_subjects", "Cases or subjects in memory.", ["topic", "partition"])
STATE_BYTES = Gauge("supervision_state_bytes", "Packed state in memory.", ["topic", "partition"])
FEED_IDLE_SHARE = Gauge("supervision_feed_idle_ratio", "Share of a source's open cases in which nothing happens.", ["source"])
FEED_ALARM = Gauge("supervision_feed_alarm_state", "1 while something is wrong with a source's feed.", ["source", "fault"])
MONITOR_LOOKS = Counter("supervision_monitor_looks_total", "Looks of the monitor at all sources.")
RETRIES = Counter("supervision_transaction_retries_total", "Commits that the broker left unanswered and that were asked for again.")
SIMULATED = Counter("supervision_simulated_events_total", "Events of the made-up city that were sent.")
SIMULATED_CLOCK = Gauge("supervision_simulated_clock_timestamp_seconds", "How far the made-up city is, Unix time of its own clock.")
GATEWAY_REQUESTS = Counter("supervision_gateway_requests_total", "Requests to the gateway by status of the answer.", ["status"])
GATEWAY_EVENTS = Counter(
    "supervision_gateway_events_total", "Events posted: accepted, quarantined or refused.", ["source", "outcome"]
)
GATEWAY_REFUSED = Counter("supervision_gateway_refused_total", "Events posted and not accepted, by reason.", ["source", "reason"])
GATEWAY_SECONDS = Histogram("supervision_gateway_request_seconds", "From a request's head to its answer.", buckets=_SECONDS)
GATEWAY_HELD = Gauge("supervision_gateway_held_bytes", "Bytes of bodies that the gateway holds now.")
GATEWAY_STATUSES = ("202", "400", "401", "403", "404", "405", "408", "413", "415", "429", "431", "499", "503")


SINK_RECORDS = Counter("supervision_sink_records_total", "Records read and written to the store.", ["topic"])
SINK_ROWS = Counter("supervision_sink_rows_total", "Rows sent to the store.", ["table"])
SINK_RETRIES = Counter("supervision_sink_retries_total", "Passing faults of the store, each followed by another try.")
SINK_LOST = Counter("supervision_sink_lost_records_total", "Records given up by an explicit --accept-loss.", ["topic"])
SINK_WRITE_SECONDS = Histogram("supervision_sink_write_seconds", "Time to write one batch to all its tables.", buckets=_LATE)
SINK_NEXT_OFFSET = Gauge("supervision_sink_next_offset", "Next record to be written.", ["topic", "partition"])
SINK_LAG = Gauge("supervision_sink_lag_records", "Records of a partition not yet stored.", ["topic", "partition"])
STORED_LATENCY = Histogram(
    "supervision_stored_latency_seconds", "From the broker's stamp of a batch's oldest record to its row.", ["topic"], buckets=_LATE
)


def start(topics: Iterable[str], rules: Iterable[tuple[str, Disposition]] = ()) -> None:
    """Make every series of a closed list exist, at zero, without the library's series of creation times.

    `rules`: those in force, with what they issue.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for topic in topics:
        RECORDS.labels(topic)
        PARTITIONS.labels(topic)
        LOST.labels(topic)
        FIRED.labels(topic)
        JUDGED_LATENCY.labels(topic)
        for reason in Reason:
            REFUSED.labels(topic, reason.value)
    for rule, disposition in rules:
        for level in Level:
            for state in State:
                ALERTS.labels(rule, disposition.value, level.value, state.value)
    for since in (Since.OCCURRED, Since.RECEIVED):
        ALERT_LATENCY.labels(since.value, Until.PUBLISHED.value)
    for kind in ALARM_KINDS:
        ALARMS.labels(kind)
    for outcome in Outcome:
        TRANSACTIONS.labels(outcome.value)
    for stage in Stage:
        STAGE_SECONDS.labels(stage.value)


def start_sink(topics: Iterable[str]) -> None:
    """The same for the sink."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for topic in topics:
        SINK_RECORDS.labels(topic)
        SINK_LOST.labels(topic)
        STORED_LATENCY.labels(topic)
    for table in SINK_TABLES:
        SINK_ROWS.labels(table)
    for since in Since:
        ALERT_LATENCY.labels(since.value, Until.STORED.value)


def start_gateway(sources: Iterable[str]) -> None:
    """The gateway's series at zero: by status, and by outcome for every source that has a key."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for status in GATEWAY_STATUSES:
        GATEWAY_REQUESTS.labels(status)
    for source in sources:
        for outcome in ("accepted", "quarantined", "refused"):
            GATEWAY_EVENTS.labels(source, outcome)


def start_board(figures: Iterable[str]) -> None:
    """The same for the board's own series."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for why in ("slow", "stuck", "logout", "shutdown"):
        BOARD_DROPPED.labels(why)
    for outcome in ("succeeded", "failed", "locked"):
        BOARD_LOGINS.labels(outcome)
    for figure in figures:
        BOARD_SECONDS.labels(figure)
