"""SIGTERM, SIGHUP and Ctrl-C as one thing: KeyboardInterrupt in the main thread. Used by commands that run until told to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY_S = 0.25


@contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Inside, each of the three raises KeyboardInterrupt; a shell's `&` or nohup may have had SIGINT ignored, so it is set too.

    Leaves quietly when one of them arrives. Clean up inside, in `finally`, after calling what this yields: then a repeated SIGTERM
    no longer disturbs, and only another Ctrl-C breaks the cleaning off.
    """
    before = {which: signal.signal(which, signal.default_int_handler) for which in ASKED}
    try:
        yield _only_ctrl_c
    except KeyboardInterrupt:
        pass
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _only_ctrl_c() -> None:
    for which in ASKED[1:]:
        signal.signal(which, signal.SIG_IGN)


def run_until_stopped(check: Callable[[], None]) -> None:
    """Call `check` four times a second, until it raises or the process is told to stop."""
    while True:
        check()
        time.sleep(LOOK_EVERY_S)
