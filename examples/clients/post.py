"""Post the events of a file (one JSON object a line) to the gateway. Nothing but Python's own library.

python post.py http://127.0.0.1:8081 north-office.key events.ndjson
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

TRIES = 10


def post(url: str, key: str, events: bytes) -> tuple[int, dict[str, Any]]:
    """(status, answer). Comes back when the gateway is busy (429, 503) or away: the same events again are harmless."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    request = urllib.request.Request(f"{url}/v1/events", events, headers)  # noqa: S310 - the user's own address
    for attempt in range(1, TRIES + 1):
        wait_s = float(attempt)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                if refused.code not in {429, 503} or attempt == TRIES:
                    return refused.code, json.load(refused)
                wait_s = float(refused.headers.get("Retry-After", wait_s))
        except OSError:
            if attempt == TRIES:
                raise
        time.sleep(wait_s)
    raise AssertionError("the last try returns or raises")


def main() -> int:
    url, key_file, events_file = sys.argv[1:]
    status, answer = post(url, Path(key_file).read_text().strip(), Path(events_file).read_bytes())
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return 0 if status == 202 and not answer["refused"] and not answer["quarantined"] else 1


if __name__ == "__main__":
    sys.exit(main())
