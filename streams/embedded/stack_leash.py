"""Run a command that dies with its parent, even if the parent is killed with -9: `python stack_leash.py PARENT_PID COMMAND...`.

It asks the kernel to end this process when the parent ends (Linux only; elsewhere it just runs the command) and then becomes the
command; the wish survives exec. Run as a script and not in `preexec_fn`, which is unsafe in a parent that has threads. Only the
standard library and no package of ours, so that it costs 15 ms.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def leash(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends; leave at once if it already has."""
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    leash(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command is the caller's own
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")
