"""The commands as a user types them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from typer.testing import CliRunner

from streams.embedded.kafka import Kafka
from supervision.cli import app
from supervision.language import UserError

RUN = CliRunner()


@pytest.fixture
def environment(kafka: Kafka) -> dict[str, str]:
    return {
        "SUPERVISION_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SUPERVISION_TOPIC_PREFIX": f"{uuid4().hex[:8]}.",
        "SUPERVISION_PARTITIONS": "2",
    }


def test_the_help_of_agents_says_what_they_do() -> None:
    told = RUN.invoke(app, ["agents", "--help"], env={"COLUMNS": "200"})
    assert told.exit_code == 0
    assert "--workers" in told.output
    assert "--accept-loss" in told.output
    assert "nothing is said twice" in told.output


@pytest.mark.service
def test_topics_are_created_and_listed(environment: dict[str, str]) -> None:
    listed = RUN.invoke(app, ["topics", "list"], env=environment)
    assert "missing" in listed.output
    assert f"{environment['SUPERVISION_TOPIC_PREFIX']}case-events" in RUN.invoke(app, ["topics", "create"], env=environment).output
    assert "all topics exist" in RUN.invoke(app, ["topics", "create"], env=environment).output
    assert "missing" not in RUN.invoke(app, ["topics", "list"], env=environment).output


@pytest.mark.service
def test_agents_without_their_topics_say_what_to_run(environment: dict[str, str]) -> None:
    refused = RUN.invoke(app, ["agents"], env=environment)
    assert isinstance(refused.exception, UserError)
    assert "supervision topics create" in str(refused.exception)


def test_an_unknown_rule_is_named_before_a_worker_starts() -> None:
    refused = RUN.invoke(app, ["agents", "--rules", "T03,X99"])
    assert isinstance(refused.exception, UserError)
    assert "X99" in str(refused.exception)
