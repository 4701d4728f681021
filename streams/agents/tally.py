"""What the runtime of one partition counts: a few steps a batch, none an event but to tell the sources apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from rules.output import Engine, Item, Output
from streams.agents.progress import Progress
from streams.agents.tracing import Cause
from streams.agents.transport import Batch
from supervision import metrics
from supervision.event import CaseEvent
from supervision.glance import Glance
from supervision.metrics import Outcome, Since, Stage, Until
from supervision.refusal import Refusal

MEASURE_EVERY_S = 30.0
MOST_SOURCES = 1_000  # series; what further sources send is counted together
OTHERS = "others"


class Sources:
    """The labels of sources. Who makes up a name per event fills neither the memory of a worker nor that of Prometheus."""

    def __init__(self, most: int = MOST_SOURCES) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, name: str) -> str:
        """The name, or OTHERS when there are too many already."""
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHERS
            self._known.add(name)
        return name


_SOURCES = Sources()


def senders(items: Sequence[Item]) -> list[str]:
    """The source of each event among these."""
    return [item.source_system for item in items if isinstance(item, CaseEvent | Glance)]


class Tally:
    """Of partition `partition` of the topic declared as `topic`."""

    def __init__(self, topic: str, partition: int) -> None:
        self._topic = topic
        self._place = (topic, str(partition))
        self._measured: float | None = None

    def batch(self, batch: Batch, sent: Counter[str], spent: dict[Stage, float], now: int, is_live: Callable[[str], bool]) -> None:
        """A batch was judged and committed; `sent`: how many of its events each source sent, `spent`: seconds by stage, `now`: ms
        UTC; `is_live`: of a source, whether its clock is the wall's, so that its silence says something."""
        metrics.RECORDS.labels(self._topic).inc(len(batch.offsets))
        metrics.JUDGED_LATENCY.labels(self._topic).observe(max(0, now - batch.timestamps[0]) / 1000)
        for stage, seconds in spent.items():
            metrics.STAGE_SECONDS.labels(stage.value).observe(seconds)
        heard = batch.timestamps[-1] / 1000
        for source, count in sent.items():
            label = _SOURCES.label(source)
            metrics.EVENTS.labels(self._topic, label).inc(count)
            if is_live(source):
                metrics.HEARD.labels(label).set(heard)

    def refused(self, refusals: Sequence[tuple[int, Refusal]]) -> None:
        for _, refusal in refusals:
            metrics.REFUSED.labels(self._topic, refusal.reason.value).inc()

    def committed(self, output: Output, next_offset: int) -> None:
        """A transaction of this output is done."""
        metrics.TRANSACTIONS.labels(Outcome.COMMITTED.value).inc()
        metrics.NEXT_OFFSET.labels(*self._place).set(next_offset)
        metrics.SIGNALS.inc(len(output.signals))
        metrics.SIGNALS_DROPPED.inc(output.dropped)
        for alert in output.alerts:
            metrics.ALERTS.labels(alert.rule_id, alert.disposition.value, alert.level.value, alert.state.value).inc()

    def published(self, causes: Sequence[Cause], now: int) -> None:
        """Alerts are out at `now` (ms UTC); how old what caused them was."""
        for cause in causes:
            for since, at in ((Since.OCCURRED, cause.occurred_at), (Since.RECEIVED, cause.received_at)):
                if at is not None:
                    metrics.ALERT_LATENCY.labels(since.value, Until.PUBLISHED.value).observe(max(0, now - at) / 1000)

    def fired(self, output: Output, now: int) -> None:
        """What clocks woke, and how late the wall clock's oldest was."""
        if output.fired:
            metrics.FIRED.labels(self._topic).inc(output.fired)
        if output.due_since is not None:
            metrics.LATENESS.observe(max(0, now - output.due_since) / 1000)

    def tick(self, progress: Progress | None, next_offset: int, clock_at: int | None, now: int) -> None:
        """Between batches: how far the partition is behind, in records and on its wall clock (`clock_at`, ms UTC)."""
        if clock_at is not None:
            metrics.CLOCK_LAG.labels(*self._place).set(max(0, now - clock_at) / 1000)
        if progress is not None:
            behind = 0 if progress.has_read_all and next_offset >= progress.delivered else max(0, progress.highwater - next_offset)
            metrics.LAG.labels(*self._place).set(behind)

    def measure(self, engine: Engine) -> None:
        """Every half minute: how much the engine keeps."""
        if self._measured is not None and monotonic() - self._measured < MEASURE_EVERY_S:
            return
        size = engine.size()
        metrics.SUBJECTS.labels(*self._place).set(size.subjects)
        metrics.STATE_BYTES.labels(*self._place).set(size.bytes)
        metrics.ARMED.labels(*self._place).set(size.timers)
        self._measured = monotonic()

    def gone(self) -> None:
        """The partition is another's now: what this worker would go on saying of it is not so."""
        self._measured = None
        for gauge in (metrics.NEXT_OFFSET, metrics.CLOCK_LAG, metrics.LAG, metrics.SUBJECTS, metrics.STATE_BYTES, metrics.ARMED):
            with suppress(KeyError):  # it never said anything
                gauge.remove(*self._place)
