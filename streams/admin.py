"""The topics on the broker: create what is missing, refuse what does not fit. Used by `supervision topics` and by agents."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError
from msgspec import Struct

from streams import clients
from supervision import topics
from supervision.language import UserError, say
from supervision.settings import Settings
from supervision.topics import Topic

SEEN_S = 30.0


class Found(Struct, frozen=True):
    """A topic of ours as the broker has it; `partitions` 0: it does not exist."""

    topic: Topic
    name: str
    partitions: int
    wanted: int


def name_of(topic: Topic, settings: Settings) -> str:
    """The topic's name on the broker: after the deployment's prefix."""
    return settings.topic_prefix + topic.name


@contextmanager
def connected(settings: Settings) -> Iterator[KafkaAdminClient]:
    """An admin client. Raises UserError if no broker answers."""
    clients.require(settings)
    addresses = settings.kafka_address.split(",")
    client = KafkaAdminClient(bootstrap_servers=addresses, client_id=f"{settings.app_id}-admin-{os.getpid()}")
    try:
        yield client
    finally:
        client.close()


def look(client: KafkaAdminClient, settings: Settings) -> list[Found]:
    """Every topic of ours, as declared and as found."""
    existing = set(client.list_topics())
    names = {name_of(topic, settings): topic for topic in topics.ALL}
    described = client.describe_topics(sorted(existing & names.keys())) if existing & names.keys() else []
    counts = {entry["name"]: len(entry["partitions"]) for entry in described}
    return [Found(topic, name, counts.get(name, 0), topic.count(settings.partitions)) for name, topic in names.items()]


def create(settings: Settings) -> list[str]:
    """Create the topics that do not exist and return their names; a second call creates none.

    Raises UserError naming every topic that exists with another number of partitions than wanted.
    """
    with connected(settings) as client:
        found = look(client, settings)
        missing = [entry for entry in found if entry.partitions == 0]
        if missing:
            _create(client, missing, settings)
            found = _seen(client, settings)
        _refuse_misfits(found)
        return [entry.name for entry in missing]


def _seen(client: KafkaAdminClient, settings: Settings) -> list[Found]:
    """The topics once all are known to the broker that answers: a new topic takes a moment to be."""
    deadline = time.monotonic() + SEEN_S
    while True:
        found = look(client, settings)
        if all(entry.partitions for entry in found) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _create(client: KafkaAdminClient, missing: Iterable[Found], settings: Settings) -> None:
    new = [
        NewTopic(
            name=entry.name,
            num_partitions=entry.wanted,
            replication_factor=settings.replication_factor,
            topic_configs=entry.topic.config(settings.replication_factor),
        )
        for entry in missing
    ]
    try:
        client.create_topics(new)
    except TopicAlreadyExistsError:
        pass  # another process creates the same topics right now
    except KafkaError as error:
        raise UserError(say(f"Kafka 拒绝创建主题: {error}", f"Kafka refuses to create topics: {error}")) from None


def check(settings: Settings) -> dict[str, int]:
    """Partitions by declared topic name. Raises UserError if a topic is missing or its state does not fit it."""
    with connected(settings) as client:
        found = look(client, settings)
    missing = [entry.name for entry in found if entry.partitions == 0]
    if missing:
        raise UserError(
            *(
                say(
                    f"主题 {name} 不存在: 运行 supervision topics create",
                    f"topic {name} does not exist: run `supervision topics create`",
                )
                for name in missing
            )
        )
    counts = {entry.topic.name: entry.partitions for entry in found}
    for name, state in topics.STATE_OF.items():
        if counts[name] != counts[state.name]:
            raise UserError(_misfit(settings.topic_prefix + state.name, counts[state.name], counts[name]))
    return counts


def _refuse_misfits(found: Iterable[Found]) -> None:
    lines = [_misfit(entry.name, entry.partitions, entry.wanted) for entry in found if entry.partitions not in (0, entry.wanted)]
    if lines:
        raise UserError(*lines)


def _misfit(name: str, partitions: int, wanted: int) -> str:
    return say(
        f"主题 {name} 有 {partitions} 个分区, 应为 {wanted}: 分区数不能改, 否则同一办件会落到两处;"
        " 把 SUPERVISION_PARTITIONS 设为原数, 或换一个主题前缀",
        f"topic {name} has {partitions} partitions, {wanted} wanted: a changed number would tear cases apart;"
        " set SUPERVISION_PARTITIONS to what it has, or choose another SUPERVISION_TOPIC_PREFIX",
    )
