"""An import sends each event to its partition and the clock behind it everywhere; repeated or cut off, it comes to the same end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from confluent_kafka import KafkaError, Producer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.embedded.stack import Stack
from streams.importer import Importer, Journal, Note, Sent, arranged
from streams.sources.feed import Told, with_clock
from streams.store import queries
from streams.store.client import Store, address_of
from supervision.cli import app
from supervision.decoder import decode, encode
from supervision.event import CaseEvent, ClockAdvanced, EventType
from supervision.language import UserError
from supervision.payload import PAYLOADS
from supervision.settings import load
from supervision.topics import partition_of
from tests.streams.case_log import ROOT, case_log

DEMO = ROOT / "examples" / "demo"
RECEIPT = ROOT / "examples" / "receipt"
COUNTS = {"case-events": 3, "activity-events": 2}
TOPICS = {"case-events": "one", "activity-events": "two"}


def told(number: int, at: int, kind: EventType = EventType.CASE_ACCEPTED) -> Told:
    event = CaseEvent(
        event_id=UUID(int=number), event_type=kind, occurred_at=at, source_system="s", case_id=str(number), payload=PAYLOADS[kind]()
    )
    return at, encode(event)


def log(count: int) -> list[Sent]:
    return list(with_clock([told(number, number * 7) for number in range(count)], ["c"], 10))


class Broker:
    """A producer that keeps what it is given; `breaks_at`: the record whose delivery fails for good."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.records: list[tuple[str, int, bytes, bytes]] = []
        self._breaks_at = breaks_at
        self._failed: Callable[[], None] | None = None

    def produce(self, topic: str, value: bytes, key: bytes, partition: int, on_delivery: Any) -> None:
        if len(self.records) == self._breaks_at:
            self._failed = lambda: on_delivery(KafkaError(KafkaError._MSG_TIMED_OUT), None)
            return
        self.records.append((topic, partition, key, value))

    def poll(self, timeout: float) -> int:
        return 0

    def flush(self, timeout: float) -> int:
        if self._failed is not None:
            self._failed()
        return 0

    def events(self) -> list[bytes]:
        return [value for _, _, _, value in self.records if isinstance(decode(value), CaseEvent)]


def importer(broker: Broker, journal: Journal, topics: dict[str, str] = TOPICS, note_every_s: float = 2.0) -> Importer:
    return Importer(load(), COUNTS, journal, topics, cast("Producer", broker), note_every_s)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    (tmp_path / "log").write_bytes(b"x")
    return Journal(tmp_path / "imports", [tmp_path / "log"])


def test_an_event_goes_to_its_case_s_partition_and_the_clock_to_all(journal: Journal) -> None:
    broker = Broker()
    importer(broker, journal).run(log(3))
    for topic, partition, key, value in broker.records:
        item = decode(value)
        if isinstance(item, CaseEvent):
            assert (topic, partition, key) == ("case-events", partition_of(key, 3), f"s/{item.case_id}".encode())
    last = [(topic, partition) for topic, partition, _, value in broker.records if decode(value) == ClockAdvanced(clock="c", to=14)]
    assert last == [("case-events", 0), ("case-events", 1), ("case-events", 2), ("activity-events", 0), ("activity-events", 1)]


def test_an_activity_event_goes_to_its_subject_s_partition(journal: Journal) -> None:
    at, wire = told(1, 5, EventType.RATING_INVITED)
    broker = Broker()
    importer(broker, journal).run([(at, wire)])
    assert [record[0] for record in broker.records] == ["activity-events"]


def test_the_wall_clock_is_never_moved_by_an_import(journal: Journal) -> None:
    broker = Broker()
    importer(broker, journal).run([told(1, 5), ClockAdvanced(clock="wall", to=9), ClockAdvanced(clock="c", to=9)])
    assert {item.clock for _, _, _, value in broker.records if isinstance(item := decode(value), ClockAdvanced)} == {"c"}


def test_a_complete_import_is_known_as_complete(journal: Journal) -> None:
    importer(Broker(), journal).run(log(5))
    assert journal.read(TOPICS).finished


def test_an_interrupted_import_goes_on_behind_what_was_acknowledged(journal: Journal) -> None:
    items, first, second = log(20), Broker(breaks_at=60), Broker()
    with pytest.raises(UserError, match="run the same command again"):
        importer(first, journal, note_every_s=0).run(items)
    done = journal.read(TOPICS).items
    assert 0 < done < len(items)
    importer(second, journal).run(items)
    assert first.events() + second.events() == [item[1] for item in items if not isinstance(item, ClockAdvanced)]


def test_an_import_whose_note_is_lost_or_of_other_topics_sends_everything_again(journal: Journal) -> None:
    items = log(20)
    importer(Broker(), journal).run(items)
    for topics in ({"case-events": "made anew", "activity-events": "two"}, {}):
        again = Broker()
        importer(again, journal, topics).run(items)
        assert len(again.events()) == 20
    journal.forget()
    assert journal.read(TOPICS) == Note(0, TOPICS)


def test_a_note_belongs_to_one_file_and_one_way_of_sending(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    Journal(tmp_path, [one], "until").write(Note(5, TOPICS, finished=True))
    assert Journal(tmp_path, [one], "until").read(TOPICS).items == 5
    for files, option in (([other], "until"), ([one], "later"), ([one, other], "until")):
        assert Journal(tmp_path, files, option).read(TOPICS).items == 0


@given(st.integers(0, 60), st.integers(0, 99), st.booleans())
def test_shuffling_keeps_every_event_and_no_clock_passes_one(count: int, seed: int, twice: bool) -> None:
    items = log(count)
    sent = list(arranged(items, seed, twice=twice))
    wanted = Counter(item for item in items if not isinstance(item, ClockAdvanced))
    assert Counter(item for item in sent if not isinstance(item, ClockAdvanced)) == Counter(
        {item: number * (2 if twice else 1) for item, number in wanted.items()}
    )
    for position, item in enumerate(sent):
        if isinstance(item, ClockAdvanced):
            assert all(isinstance(later, ClockAdvanced) or later[0] > item.to for later in sent[position:])
    if items:
        assert sent[-1] == items[-1]


def test_without_a_seed_the_order_stays_and_twice_repeats_each_event() -> None:
    items = log(4)
    assert list(arranged(items)) == items
    assert [item[0] for item in arranged(items, twice=True) if not isinstance(item, ClockAdvanced)] == [0, 0, 7, 7, 14, 14, 21, 21]


# -- against the real stack ---------------------------------------------------------------------------------------


def offline(folder: Path, log_file: Path, example: Path, mapping: Path) -> set[str]:
    """The alerts that stand by an offline replay."""
    out = folder / "alerts.jsonl"
    arguments = ["replay", str(log_file), "-m", str(mapping), "-c", str(example / "catalogue.yaml"), "-o", str(out)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    lines = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    return {line["alert_id"] for line in lines if line["state"] != "revoked"}


def renamed(folder: Path, example: Path, source: str) -> Path:
    """The example's mapping under a source and a clock of its own, so that tests sharing a stack do not meet."""
    text = (example / "mapping.yaml").read_text("utf-8")
    lines = [f"source: {source}" if line.startswith("source:") else line for line in text.splitlines()]
    lines = [f'clock: {{name: "log:{source}"}}' if line.startswith("clock:") else line for line in lines]
    path = folder / "mapping.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def store(stack: Stack) -> Iterator[Store]:
    opened = Store(address_of(stack.settings))
    yield opened
    opened.close()


def stands(store: Store, source: str) -> list[str]:
    """Ids of the alerts and clues that ClickHouse shows as standing, of one source or of its clock."""
    alerts = [alert.alert_id for alert in queries.standing_alerts(store, source)]
    clues = [clue.alert_id for clue in queries.standing_clues(store) if clue.subject_key.endswith(f"@log:{source}")]
    return sorted(alerts + clues)


@pytest.mark.service
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("plain", []),
        ("shuffled", ["--shuffle", "3"]),
        ("twice", ["--twice"]),
        ("both", ["--shuffle", "4", "--twice"]),
    ],
)
def test_an_import_ends_as_the_offline_replay_does(
    stack: Stack, store: Store, tmp_path: Path, name: str, options: list[str]
) -> None:
    source = f"import-{name}"
    mapping = renamed(tmp_path, DEMO, source)
    stack.run("import", str(DEMO / "log.csv"), "-m", str(mapping), "-c", str(DEMO / "catalogue.yaml"), *options)
    assert stands(store, source) == sorted(offline(tmp_path, DEMO / "log.csv", DEMO, mapping))
    assert queries.event_count(store, source) == 472
    assert queries.doubled_events(store) == []


@pytest.mark.service
def test_a_second_import_and_one_that_dies_half_way_change_nothing(stack: Stack, store: Store, tmp_path: Path) -> None:
    from streams import admin
    from streams.sources.feed import feed, read, reference_of
    from streams.sources.loading import load_mapping
    from streams.sources.log import Refusals

    source = "import-half"
    mapping = renamed(tmp_path, DEMO, source)
    loaded = load_mapping(mapping)
    log = read(DEMO / "log.csv", loaded, Refusals())
    items = list(feed(log, loaded, reference_of([], loaded, "0"), None))
    command = ("import", str(DEMO / "log.csv"), "-m", str(mapping), "-c", str(DEMO / "catalogue.yaml"))
    stack.run(*command, "--no-wait", "--until", "2026-03-01")  # publishes the catalogue, sends nothing
    journal = Journal(tmp_path / "other", [mapping])
    dying = Importer(stack.settings, admin.check(stack.settings), journal, {}, note_every_s=0)
    with pytest.raises(RuntimeError):
        dying.run(_dies_after(items, len(items) // 2))
    stack.run(*command)
    stack.run(*command, "--again")
    assert stands(store, source) == sorted(offline(tmp_path, DEMO / "log.csv", DEMO, mapping))
    assert queries.event_count(store, source) == 472


def _dies_after(items: list[Sent], count: int) -> Iterator[Sent]:
    yield from islice(items, count)
    raise RuntimeError("killed")


@pytest.mark.service
@pytest.mark.log
def test_the_real_log_ends_in_clickhouse_as_offline(stack: Stack, store: Store, tmp_path: Path) -> None:
    mapping = renamed(tmp_path, RECEIPT, "import-receipt")
    stack.run("import", str(case_log()), "-m", str(mapping), "-c", str(RECEIPT / "catalogue.yaml"), "--shuffle", "1")
    assert stands(store, "import-receipt") == sorted(offline(tmp_path, case_log(), RECEIPT, mapping))
    assert queries.event_count(store, "import-receipt") == 11340
