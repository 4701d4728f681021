"""Asking a process over HTTP whether it does its work, as its `/readyz` says."""

from __future__ import annotations

import http.client

READY = "/readyz"
MOST_BYTES = 100  # of what it says


def ask(host: str, port: int, patience_s: float) -> tuple[bool, str]:
    """Whether it does, and what it said; of one that gives no answer why."""
    connection = http.client.HTTPConnection(host, port, timeout=patience_s)
    try:
        connection.request("GET", READY)
        answer = connection.getresponse()
        said = answer.read(MOST_BYTES).decode("ascii", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
    return answer.status == http.client.OK, said if answer.status == http.client.OK else f"{answer.status} {said}"
