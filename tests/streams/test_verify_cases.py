"""Which cases a verification judges: whole, those tied to one another together, and none whose alerts cannot lie in the span."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import pytest

from rules.book import Rulebook
from streams.embedded.clickhouse import ClickHouseProcess
from streams.store.client import Address, Store
from streams.store.evidence import alerts_where
from streams.store.migration import migrate
from streams.verify import cases, verification
from streams.verify.cases import Span, orphans, slices
from streams.verify.verification import Asked, Verification
from supervision.durations import DAY_MS
from supervision.reference import Reference

pytestmark = pytest.mark.service

START = 1_772_413_200_000  # Monday 2026-03-02 09:00 in China
SPAN = Span(START + 400 * DAY_MS, START + 401 * DAY_MS)


@pytest.fixture
def store(clickhouse: ClickHouseProcess) -> Iterator[Store]:
    address = Address("127.0.0.1", clickhouse.port, clickhouse.user, clickhouse.password, "verified")
    migrate(address)
    opened = Store(address)
    for table in ("events_raw", "alerts_last", "clues_last"):
        opened.execute(f"TRUNCATE TABLE {table}")
    yield opened
    opened.close()


def told(store: Store, case: str, *events: tuple[str, float], source: str = "hall", **tied: str) -> None:
    """Events of a case: type, and days after the start."""
    names = ", ".join(tied)
    values = "".join(f", '{value}'" for value in tied.values())
    for kind, days in events:
        at = START + int(days * DAY_MS)
        store.execute(
            f"INSERT INTO events_raw (event_id, event_type, occurred_at, source_system, case_id{names and ', ' + names}) SELECT "
            f"'{uuid4()}', '{kind}', fromUnixTimestamp64Milli({at}), '{source}', '{case}'{values}"
        )


def alerted(store: Store, case: str, days: float) -> None:
    at = START + int(days * DAY_MS)
    store.execute(
        "INSERT INTO alerts_last (alert_id, rule_id, level, disposition, state, source_system, case_id, detected_at, visibility,"
        " clock, subject_key, segment,"
        f" anomaly_class, facts) SELECT 'T03Y{case}', 'T03', 'yellow', 'card', 'issued', 'hall', '{case}',"
        f" fromUnixTimestamp64Milli({at}), 'department', 'wall', 'case:hall/{case}', '0', 'time', '{{}}'"
    )


def judged(store: Store, span: Span, source: str = "") -> set[str]:
    return {case for keys in slices(store, span, source) for _, case in keys}


def test_a_case_is_judged_if_anything_of_it_can_lie_in_the_span(store: Store) -> None:
    told(store, "open-for-long", ("case_accepted", 0))
    told(store, "ended-long-ago", ("case_accepted", 0), ("case_completed", 5))
    told(store, "ended-lately", ("case_accepted", 0), ("case_completed", 350))
    told(store, "ended-and-alerted", ("case_accepted", 0), ("case_completed", 5))
    told(store, "reopened", ("case_accepted", 0), ("case_completed", 5), ("case_reopened", 9))
    told(store, "reopened-and-ended", ("case_accepted", 0), ("case_reopened", 9), ("case_completed", 12))
    told(store, "begun-afterwards", ("case_accepted", 401))
    told(store, "begun-just-before-the-end", ("case_accepted", 400.9))
    alerted(store, "ended-and-alerted", 400.5)
    wanted = {"open-for-long", "ended-lately", "ended-and-alerted", "reopened", "begun-just-before-the-end"}
    assert judged(store, SPAN) == wanted
    assert judged(store, Span()) == wanted | {"ended-long-ago", "reopened-and-ended", "begun-afterwards"}


def test_cases_of_one_root_are_judged_together_and_once(store: Store) -> None:
    told(store, "root", ("case_accepted", 1))
    told(store, "member-1", ("case_accepted", 2), root_case_id="root")
    told(store, "member-2", ("case_accepted", 2), parent_case_id="root", parent_source_system="hall", source="bureau")
    told(store, "alone", ("case_accepted", 2), source="bureau")
    found = list(slices(store, Span()))
    assert found[0] == [("bureau", "alone")]
    assert set(found[1]) == {("hall", "root"), ("hall", "member-1"), ("bureau", "member-2")}
    assert len(found) == 2
    assert len(found[1]) == 3
    assert judged(store, Span(), "hall") == {"root", "member-1", "member-2"}
    assert judged(store, Span(), "bureau") == {"root", "member-1", "member-2", "alone"}


def test_slices_are_bounded_and_pages_miss_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "EVENTS_AT_ONCE", 6)
    monkeypatch.setattr(cases, "CASES_AT_ONCE", 4)
    for number in range(11):
        told(store, f"C-{number:02}", *[("step_completed", day) for day in range(10 if number == 5 else 2)])
    found = [[case for _, case in keys] for keys in slices(store, Span())]
    assert [case for some in found for case in some] == [f"C-{number:02}" for number in range(11)]
    assert ["C-05"] in found, "a case is never cut, and one that is too large is judged alone"
    assert all(len(before) + len(after) > 3 or "C-05" in before + after for before, after in pairwise(found)), (
        "no slice is smaller than need be"
    )


def test_alerts_about_whole_sources_are_left_out_and_counted(store: Store) -> None:
    alerted(store, "gone", 400.5)
    store.execute(
        "INSERT INTO alerts_last (alert_id, rule_id, level, disposition, state, clock, subject_key, segment, detected_at,"
        " visibility, anomaly_class, facts) SELECT 'F01YAAAAAAAAAAAAAAAA', 'F01', 'yellow', 'card', 'issued', 'wall',"
        f" 'source:hall', '2026-03-03', fromUnixTimestamp64Milli({START}), 'bureau', 'other', '{{}}'"
    )
    found = Verification(store, Rulebook.load(), Reference(), Asked(), {"wall": START + 500 * DAY_MS}).run()
    assert (found.of_feeds, found.alerts, found.events) == (1, 1, 0)
    assert [one.alert.alert_id for one in found.unlike] == ["T03Ygone"]
    assert found.unlike[0].reasons[0].en == "no event of its case is in the store"


def test_differences_beyond_what_is_kept_are_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MOST_KEPT", 2)
    for number in range(5):
        alerted(store, f"gone-{number}", 400 + number)
    found = Verification(store, Rulebook.load(), Reference(), Asked(), {}).run(limit=1)
    assert (found.differences, found.alerts) == (5, 5)
    assert [bool(one.reasons) for one in found.unlike] == [True, False]


def test_alerts_of_cases_without_any_event_are_found(store: Store) -> None:
    told(store, "there", ("case_accepted", 1))
    alerted(store, "there", 400.5)
    alerted(store, "gone", 400.5)
    alerted(store, "gone-of-another-day", 390)
    where, asked = orphans(SPAN)
    assert [alert.case_id for alert in alerts_where(store, where, asked)] == ["gone"]
    assert alerts_where(store, *orphans(SPAN, "bureau")) == []
