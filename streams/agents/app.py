"""The faust app of the agents, built by hand: two topics, two agents, nothing found by magic."""

from __future__ import annotations

from typing import Any

from faust.app.base import BootStrategy
from yarl import URL

from streams import admin
from streams.agents import transport
from streams.agents.assignment import Assignment
from supervision.settings import Settings
from supervision.topics import ACTIVITY_EVENTS, CASE_EVENTS, MIB, Topic

QUEUE_BATCHES = 4  # faust counts messages, ours are batches
COMMIT_S = 1.0


class _Boot(BootStrategy):
    enable_kafka_producer = False  # what goes out goes through the partitions' own transactions


class _App(transport.App):
    BootStrategy = _Boot

    def _create_directories(self) -> None:
        """faust keeps tables on disk; there are none."""


def build(settings: Settings, assignment: Assignment) -> transport.App:
    """The app, not started. Its batches go to `assignment`, which its transport also tells of rebalances."""
    transport.register()
    session_s = settings.session_timeout_s
    app = _App(
        settings.app_id,
        broker=[URL(f"{transport.SCHEME}://{address.strip()}") for address in settings.kafka_address.split(",")],
        autodiscover=False,
        web_enabled=False,
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        reply_create_topic=False,
        stream_buffer_maxsize=QUEUE_BATCHES,
        stream_wait_empty=False,
        broker_max_poll_records=settings.batch_events,
        broker_session_timeout=session_s,
        broker_heartbeat_interval=min(3.0, session_s / 3),
        broker_request_timeout=max(40.0, session_s * 2),
        broker_rebalance_timeout=60.0,
        broker_commit_interval=COMMIT_S,
        consumer_max_fetch_size=4 * MIB,
    )
    app.partitions = assignment
    app.fetch_max_wait_ms = settings.fetch_max_wait_ms
    for declared in (CASE_EVENTS, ACTIVITY_EVENTS):
        _agent(app, declared, settings, assignment)
    return app


def _agent(app: transport.App, declared: Topic, settings: Settings, assignment: Assignment) -> None:
    async def agent(stream: Any) -> None:  # faust's own type of a stream lacks `noack`
        async for event in stream.noack().events():
            await assignment.offer(event.value)

    topic = app.topic(admin.name_of(declared, settings), schema=transport.Passing(), acks=False)
    app.agent(topic, name=f"{settings.app_id}.{declared.name}")(agent)
