from __future__ import annotations

from uuid import uuid4

import pytest

from streams import admin
from streams.embedded.kafka import Kafka
from supervision import topics
from supervision.language import UserError
from supervision.settings import Settings, load

pytestmark = pytest.mark.service


@pytest.fixture
def settings(kafka: Kafka) -> Settings:
    return load(kafka_bootstrap=kafka.bootstrap, topic_prefix=f"{uuid4().hex[:8]}.", partitions=3)


def test_topics_are_created_once_with_their_settings(settings: Settings) -> None:
    assert admin.create(settings) == [settings.topic_prefix + topic.name for topic in topics.ALL]
    assert admin.create(settings) == []
    assert admin.check(settings) == {topic.name: topic.count(3) for topic in topics.ALL}


def test_another_number_of_partitions_is_a_mistake_that_names_every_topic(settings: Settings) -> None:
    admin.create(settings)
    with pytest.raises(UserError) as refused:
        admin.create(settings.model_copy(update={"partitions": 4}))
    assert len(refused.value.lines) == sum(topic.scales for topic in topics.ALL)
    assert "case-events has 3 partitions, 4 wanted" in refused.value.lines[0]


def test_missing_topics_are_named_with_what_to_do(settings: Settings) -> None:
    with pytest.raises(UserError, match="topics create") as refused:
        admin.check(settings)
    assert len(refused.value.lines) == len(topics.ALL)


def test_no_broker_is_one_clear_line() -> None:
    with pytest.raises(UserError, match=r"no answer from Kafka at 127\.0\.0\.1:1"):
        admin.check(load(kafka_bootstrap="127.0.0.1:1"))
