"""What the processes of a stack have used of this machine, by its parts. Read from `/proc`."""

from __future__ import annotations

import os
from pathlib import Path

from streams.embedded.stack import Stack

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_by_part(stack: Stack) -> dict[str, float]:
    """CPU seconds so far of each part, its children among them."""
    assert stack.kafka_server
    used = _used()
    roots = {"kafka": stack.kafka_server.children[1].pid, **{name: child.pid for name, child in stack.children.items()}}
    return {part: _with_children(root, used) for part, root in roots.items()}


def resident_mb(root: int) -> float:
    """Of a process and its children: a stack's part may run behind a parent that guards it."""
    total, used = 0.0, _used()
    family = {root}
    for pid in sorted(used):
        if used[pid][0] in family:
            family.add(pid)
    for pid in family:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * 4096 / 2**20
    return total


def _used() -> dict[int, tuple[int, float]]:
    """(parent, CPU seconds) of every process of this machine."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        found[int(stat.parent.name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
    return found


def _with_children(root: int, used: dict[int, tuple[int, float]]) -> float:
    own = used[root][1] if root in used else 0.0
    return own + sum(_with_children(pid, used) for pid, (parent, _) in used.items() if parent == root)
