"""The board's services without servers behind them: nothing is in Kafka, and ClickHouse does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboards.access.database import Database
from dashboards.access.desk import Desk
from dashboards.access.lockout import Lockout
from dashboards.access.sessions import Sessions
from dashboards.access.users import Users
from dashboards.api.services import Services
from dashboards.board.board import Board
from dashboards.live.hub import Hub
from dashboards.names import Names
from dashboards.page.rule import RulePages
from dashboards.queries.pool import Pool
from rules.book import Rulebook
from streams.store.client import Address
from supervision.reference import Reference
from supervision.settings import load


@contextmanager
def fake_services(directory: Path) -> Iterator[Services]:
    database = Database(directory)
    users = Users(database)
    desk = Desk()
    book = Rulebook.load()
    names = Names(Reference(), {rule.id: rule.card for rule in book.rules})
    pool = Pool(Address(port=1), connections=1)
    hub = Hub(load(data=directory), lambda: names)
    try:
        yield Services(
            users=users,
            sessions=Sessions(database, users),
            lockout=Lockout(database),
            desk=desk,
            hub=hub,
            board=Board(pool, lambda: names, list, dict, lambda: True),
            pool=pool,
            names=lambda: names,
            book=book,
            rules=RulePages(rule.card for rule in book.rules),
            is_ready=lambda: False,
        )
    finally:
        desk.close()
        pool.close()
        database.close()
