"""Asking a process whether it does its work, and telling it to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from streams.embedded.stack_lock import free_ports
from streams.probe import Probe, run_until_told
from streams.readiness import ask

PATIENCE_S = 5.0


@pytest.fixture
def signals() -> Iterator[None]:
    """What the process does on signals, put back behind the test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Working:
    """Asks itself over HTTP whether it is ready, then gets the signal and goes on until it is told to stop."""

    def __init__(self, port: int, number: signal.Signals) -> None:
        self.port, self.number = port, number
        self.is_ready = False
        self._done = threading.Event()
        self.heard: list[tuple[bool, str]] = []

    def run(self) -> None:
        for self.is_ready in (False, True):
            self.heard.append(ask("127.0.0.1", self.port, PATIENCE_S))
        os.kill(os.getpid(), self.number)
        assert self._done.wait(PATIENCE_S)

    def stop(self) -> None:
        self._done.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("signals")
def test_it_says_whether_it_works_until_a_signal_ends_it(number: signal.Signals) -> None:
    port = free_ports(1)
    working = Working(port, number)
    run_until_told(working, port)
    assert working.heard == [(False, "503 not ready"), (True, "ready")]
    good, said = ask("127.0.0.1", port, PATIENCE_S)
    assert (good, "refused" in said) == (False, True), "nobody listens any more"


@pytest.mark.usefixtures("signals")
def test_without_a_port_it_shows_nothing() -> None:
    port = free_ports(1)
    working = Working(port, signal.SIGTERM)
    run_until_told(working, None)
    assert [good for good, _ in working.heard] == [False, False]


def test_what_answers_otherwise_does_not_do_its_work() -> None:
    probe = Probe(0, lambda: True, host="127.0.0.1")
    try:
        assert ask("127.0.0.1", probe.port, PATIENCE_S) == (True, "ready")
    finally:
        probe.close()
