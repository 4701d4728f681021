"""Microseconds of CPU an event through the HTTP gateway, by events in a request; and what a producer alone takes, by library.

`python bench/gateway.py`; `--events 100000` is a longer one. Starts Kafka in a temporary directory, the gateway as a process of
its own; the clients are in this process. CPU time of the gateway, not time: a busy machine changes it little.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from confluent_kafka import Producer
from kafka import KafkaProducer

from bench import workload
from streams import admin
from streams.embedded.kafka import Kafka
from streams.embedded.stack_lock import free_ports
from streams.gateway import keys
from streams.gateway.broker import config
from supervision.settings import Settings, environment, load
from supervision.topics import CASE_EVENTS

CONNECTIONS = 8
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 60.0


def main() -> None:
    arguments = _arguments()
    work = workload.make(arguments.events // workload.EVENTS + 1)
    print(f"gateway: {workload.machine()}; Kafka and the clients on it too")
    print(work.described())
    with tempfile.TemporaryDirectory(prefix="supervision-bench.") as directory:
        ports = free_ports(3)
        settings = load(data=Path(directory), kafka_port=ports, gateway_port=ports + 2)
        with Kafka(Path(directory) / "kafka", ports, settings.cache):
            admin.create(settings)
            records = [(key, wire) for key, wire, _ in work.messages[: arguments.events]]
            _producers(settings, records)
            _gateway(settings, [wire for _, wire in records])


def _producers(settings: Settings, records: list[tuple[bytes, bytes]]) -> None:
    """What sending takes by itself, each record reported: this is what a gateway cannot do without."""
    headers = [("source", b"bench"), ("traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01")]
    topic = admin.name_of(CASE_EVENTS, settings)

    def confluent() -> None:
        producer, reports = Producer(config(settings)), [0]

        def note(error: object, _message: object) -> None:
            assert error is None
            reports[0] += 1

        for key, wire in records:
            producer.produce(topic, wire, key, headers=headers, on_delivery=note)
            producer.poll(0)
        producer.flush()
        assert reports[0] == len(records)

    def kafka_python() -> None:
        producer, reports = KafkaProducer(**_of_kafka_python(settings)), [0]

        def note(_metadata: object) -> None:
            reports[0] += 1

        for key, wire in records:
            producer.send(topic, wire, key, headers=headers).add_callback(note)
        producer.flush()
        producer.close()
        assert reports[0] == len(records)

    for name, send in (("confluent-kafka", confluent), ("kafka-python", kafka_python)):
        print(f"  producer alone, {name:15} {_cpu_us(send, len(records)):7.1f} us of CPU an event, all of this process")


def _of_kafka_python(settings: Settings) -> dict[str, object]:
    """The same promises: idempotent, all replicas, lz4."""
    return {
        "bootstrap_servers": settings.kafka_address.split(","),
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": "lz4",
        "linger_ms": 2,
        "batch_size": 256 * 1024,
    }


def _cpu_us(work: Callable[[], None], count: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6


def _gateway(settings: Settings, wires: list[bytes]) -> None:
    source = msgspec.json.decode(wires[0])["source_system"]
    token = keys.add(settings.gateway_keys, source)
    command = [sys.executable, "-m", "supervision", "gateway"]
    log = settings.data / "gateway.log"
    with log.open("w") as out:
        gateway = subprocess.Popen(command, env=os.environ | environment(settings), stderr=out)
    try:
        asyncio.run(_ready(settings.gateway_port))
        for size in (1, 10, 100, 1000):
            fresh = [_fresh(wire) for wire in wires[: len(wires) if size > 1 else len(wires) // 4]]
            bodies = [b"\n".join(fresh[start : start + size]) for start in range(0, len(fresh), size)]
            cpu, began = _cpu_s(gateway.pid), time.monotonic()
            asyncio.run(_post(settings.gateway_port, token, bodies))
            took = time.monotonic() - began
            each = (_cpu_s(gateway.pid) - cpu) / len(fresh) * 1e6
            print(f"  {size:5} events a request: {each:7.1f} us of CPU an event; {len(fresh) / took:9,.0f} events/s with this load")
    finally:
        gateway.terminate()
        gateway.wait()


def _fresh(wire: bytes) -> bytes:
    """The event under another id: doubles would be compressed better."""
    return msgspec.json.encode(msgspec.json.decode(wire) | {"event_id": str(uuid4())})


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


async def _ready(port: int) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def _post(port: int, token: str, bodies: list[bytes]) -> None:
    waiting = iter(bodies)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nPrefer: return=minimal\r\n"
            writer.write(f"{head}Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            content = await reader.readexactly(int(answer.partition("content-length: ")[2].partition("\r\n")[0]))
            assert " 202 " in answer, content
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
