"""Where reading begins: behind what ClickHouse holds, unless Kafka no longer has it, which a person must decide about."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from supervision.language import UserError, say

Place = tuple[str, int]  # topic and partition


class Loss(Struct, frozen=True):
    """Offsets `first` to `last` that were removed from the log before they were written."""

    topic: str
    partition: int
    first: int
    last: int

    @property
    def records(self) -> int:
        """At most so many: offsets may have holes."""
        return self.last - self.first + 1


class Start(Struct, frozen=True):
    """The offset to begin at, and what was lost before it."""

    offsets: dict[Place, int]
    losses: list[Loss]


def begin(stored: Mapping[Place, int], marks: Mapping[Place, tuple[int, int]]) -> Start:
    """`stored`: the next offset by ClickHouse; `marks`: each partition's first offset and the one behind its last.

    A partition of which nothing is stored begins at its log's start. Raises UserError for a log that is shorter than what
    is stored: the topic was made anew, and its offsets mean other records now.
    """
    offsets: dict[Place, int] = {}
    losses = []
    shorter = []
    for place, (low, high) in marks.items():
        wanted = stored.get(place, low)
        if wanted > high:
            shorter.append(_made_anew(place, wanted, high))
        if wanted < low:
            losses.append(Loss(*place, wanted, low - 1))
        offsets[place] = max(wanted, low)
    if shorter:
        raise UserError(*shorter)
    return Start(offsets, losses)


def _made_anew(place: Place, wanted: int, high: int) -> str:
    topic, partition = place
    return say(
        f"{topic}[{partition}] 只到位移 {high},而 ClickHouse 中已存到 {wanted - 1}:该主题被删除重建过。"
        "请恢复原主题,或改用新数据库(SUPERVISION_CLICKHOUSE_DATABASE)。",
        f"{topic}[{partition}] ends at offset {high}, but ClickHouse holds up to {wanted - 1}: the topic was made anew. "
        "Restore it, or use a new database (SUPERVISION_CLICKHOUSE_DATABASE)",
    )


def refuse(losses: list[Loss]) -> UserError:
    """What to say when records are gone and nobody has accepted it."""
    lines = [
        say(
            f"{loss.topic}[{loss.partition}]:位移 {loss.first} 至 {loss.last} 在入库前已被 Kafka 删除。",
            f"{loss.topic}[{loss.partition}]: offsets {loss.first} to {loss.last} were removed by Kafka before they were stored",
        )
        for loss in losses
    ]
    advice = say(
        "请先检查主题的 retention.ms;确认放弃后运行 supervision sink --accept-loss(会记入 offset_losses)。",
        "Look at the topic's retention.ms first; to give them up, run `supervision sink --accept-loss` (recorded in offset_losses)",
    )
    return UserError(*lines, advice)
