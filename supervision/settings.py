"""One frozen Settings, read once where a command begins: from SUPERVISION_* variables and an optional TOML file.

Order of weight: what the command line says, the environment, the file (`SUPERVISION_CONFIG`, else `<data>/supervision.toml`), the
ports of the stack that runs on the data directory (`<data>/addresses.json`), the defaults. `None` for Kafka or ClickHouse means the
embedded server. Everything wrong is reported together.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from supervision.language import UserError, say

PREFIX = "SUPERVISION_"
FILE_NAME = "supervision.toml"
ADDRESSES = "addresses.json"
PASSWORD_FILE = "clickhouse.password"  # noqa: S105 - the name of a file, not a password
GATEWAY_KEYS = "gateway-keys.json"
PERSON_KEY = "person.key"
LOOPBACK = "127.0.0.1"
REMEMBERED = ("kafka_port", "clickhouse_port", "gateway_port", "dashboard_port", "cards")

Level = Literal["debug", "info", "warning", "error"]
Process = Literal["sink", "gateway", "dashboard", "simulator", "scheduler", "monitor", "agents"]

METRICS_OFFSETS: dict[Process, int] = {
    "sink": 0,
    "gateway": 1,
    "dashboard": 2,
    "simulator": 3,
    "scheduler": 4,
    "monitor": 5,
    "agents": 10,
}


def port(default: int, description: str, low: int = 1) -> Any:
    """A port field; `low` 0 allows 0 for "off". One below the top, because the embedded Kafka also takes the port after its own."""
    return Field(default, ge=low, le=65534, description=description)


class Settings(BaseSettings):
    """Every setting of every process. In TOML by the field's name; in the environment `SUPERVISION_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, populate_by_name=True)

    data: Path = Field(Path("data"), description="directory of everything the embedded servers keep, and of logs")
    cache: Path = Field(
        default_factory=lambda: Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "e-supervision",
        description="directory of Kafka's fetched jars, shared by all data directories",
    )
    log_level: Level = Field("info", description="least level that is logged")
    metrics_port: int = port(
        0,
        "first port of metrics and readiness: the sink's; gateway +1, board +2, simulator +3, scheduler +4, monitor +5, "
        "agents +10 on; 0 = off",
        low=0,
    )

    kafka_bootstrap: str | None = Field(None, description="host:port[,...] of a Kafka cluster; unset = the embedded broker")
    kafka_port: int = port(19092, "port of the embedded broker; its controller takes the next one")
    kafka_heap_mb: int = Field(512, ge=192, description="Java heap of the embedded broker, MiB")
    kafka_home: Path | None = Field(
        None,
        validation_alias=AliasChoices("SUPERVISION_KAFKA_HOME", "KAFKA_HOME"),
        description="unpacked Kafka distribution that the embedded broker runs in place of fetched jars (or KAFKA_HOME)",
    )
    message_max_bytes: int = Field(8 << 20, ge=1 << 20, le=1 << 30, description="largest record batch the broker takes, bytes")

    clickhouse_host: str | None = Field(None, description="host of a ClickHouse server; unset = the embedded one")
    clickhouse_port: int = port(19000, "native protocol port; 9000 unless said when clickhouse_host is set")
    clickhouse_user: str = Field("default", min_length=1, description="ClickHouse user")
    clickhouse_password: SecretStr | None = Field(None, description="ClickHouse password; better in a file")
    clickhouse_password_file: Path | None = Field(None, description="file that holds the ClickHouse password")
    clickhouse_database: str = Field("supervision", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="ClickHouse database")

    app_id: str = Field("supervision", pattern=r"^[A-Za-z0-9._-]+$", description="names consumer groups and transactional ids")
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]*$", description="stands before every topic's name")
    partitions: int = Field(12, ge=1, le=10_000, description="partitions of the event, state, alert and clue topics when created")
    replication_factor: int = Field(1, ge=1, le=9, description="copies of each topic when created")
    cards: Path | None = Field(None, description="directory of rule cards in place of the built-in ones")
    workers: int = Field(1, ge=1, le=256, description="agent processes that `up` and `agents` start")
    batch_events: int = Field(5_000, ge=1, le=1_000_000, description="most events an agent takes from a partition at once")
    fetch_max_wait_ms: int = Field(50, ge=1, le=10_000, description="longest a fetch waits at the broker for data")
    session_timeout_s: float = Field(10, ge=1, le=300, description="silence after which a worker's partitions go to others")
    monitor_every_s: int = Field(300, ge=1, le=86_400, description="how often the monitor looks at all feeds, seconds")
    sink_batch_rows: int = Field(50_000, ge=1, le=1_000_000, description="most rows the sink writes at once")
    sink_batch_wait_ms: int = Field(200, ge=1, le=60_000, description="longest the sink gathers a batch")

    gateway_host: str = Field(LOOPBACK, min_length=1, description="address the HTTP gateway listens on")
    gateway_port: int = port(8081, "port the HTTP gateway listens on")
    gateway_keys_file: Path | None = Field(
        None, description="file with the keys of sources; unset = gateway-keys.json in the data directory"
    )
    gateway_body_bytes: int = Field(
        8 << 20, ge=1 << 16, le=1 << 28, description="largest body of a request to the gateway, unpacked, bytes"
    )
    gateway_request_events: int = Field(10_000, ge=1, le=1_000_000, description="most events in one request to the gateway")
    gateway_memory_bytes: int = Field(
        32 << 20, ge=1 << 16, le=1 << 34, description="most bytes of bodies the gateway holds at once"
    )
    gateway_connections: int = Field(512, ge=2, le=65_536, description="most connections to the gateway at once")
    gateway_body_s: float = Field(30, ge=0.1, le=3600, description="longest that a body may take to arrive")
    person_key_file: Path | None = Field(
        None, description="file with the key that persons' numbers are hashed by; unset = person.key in the data directory"
    )

    dashboard_host: str = Field(LOOPBACK, min_length=1, description="address the board listens on; loopback unless said")
    dashboard_port: int = port(8080, "port of the board")

    @field_validator("kafka_bootstrap")
    @classmethod
    def _pairs(cls, value: str | None) -> str | None:
        for part in value.split(",") if value is not None else ():
            host, colon, number = part.strip().rpartition(":")
            if not (host and colon and number.isdigit() and 0 < int(number) < 65536):
                raise ValueError(f"host:port wanted, {part.strip()!r} found")
        return value

    @model_validator(mode="before")
    @classmethod
    def _port_of_a_server(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {"clickhouse_port": 9000} | values if values.get("clickhouse_host") else values

    @property
    def kafka_address(self) -> str:
        """What a Kafka client takes as bootstrap servers."""
        return self.kafka_bootstrap or f"{LOOPBACK}:{self.kafka_port}"

    @property
    def rule_cards(self) -> list[Path] | Literal["builtin"]:
        """Where the cards of the rules are, as `rules.card.load_cards` takes it."""
        return "builtin" if self.cards is None else [self.cards]

    @property
    def gateway_keys(self) -> Path:
        """Where the keys of sources are."""
        return self.gateway_keys_file or self.data / GATEWAY_KEYS

    @property
    def person_key(self) -> Path:
        """Where the key of persons is."""
        return self.person_key_file or self.data / PERSON_KEY

    @property
    def clickhouse_address(self) -> tuple[str, int]:
        """Host and native port of ClickHouse, embedded or not."""
        return self.clickhouse_host or LOOPBACK, self.clickhouse_port


def metrics_port_of(settings: Settings, process: Process, index: int = 0) -> int:
    """Where a process serves `/metrics` and `/readyz`; 0: nowhere. `index` numbers processes of one kind on one machine.

    Raises UserError if there is no such port, because the first one was chosen too high.
    """
    if not settings.metrics_port:
        return 0
    found = settings.metrics_port + METRICS_OFFSETS[process] + index
    if found > 65535:
        wanted = f"{PREFIX}METRICS_PORT = {settings.metrics_port}"
        raise UserError(
            say(
                f"{wanted}: 太大, {process} {index} 的端口会是 {found}",
                f"{wanted} is too high: {process} {index} would have port {found}",
            )
        )
    return found


def load(**given: Any) -> Settings:
    """Settings for one command. `given`: what the command line says (`None` = not said).

    Raises UserError with one line for every bad value, unknown key or unreadable file.
    """
    told = {name: value for name, value in given.items() if value is not None}
    named = os.environ.get(f"{PREFIX}CONFIG")
    path = Path(named) if named else Path(told.get("data") or os.environ.get(f"{PREFIX}DATA") or "data") / FILE_NAME
    from_file = {name: value for name, value in _from_file(path, required=bool(named)).items() if not _in_environment(name)}
    said = from_file | told
    running = _running(Path(said.get("data") or os.environ.get(f"{PREFIX}DATA") or "data"))
    if said.get("clickhouse_host") or _in_environment("clickhouse_host"):
        running.pop("clickhouse_port", None)
    try:
        return Settings(**{name: value for name, value in running.items() if not _in_environment(name)} | said)
    except ValidationError as error:
        raise UserError(*(_line(found, told, from_file, path) for found in error.errors())) from None


def _variables(name: str) -> tuple[str, ...]:
    return (PREFIX + name.upper(), "KAFKA_HOME") if name == "kafka_home" else (PREFIX + name.upper(),)


def _in_environment(name: str) -> bool:
    return any(os.environ.get(variable) for variable in _variables(name))


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise UserError(
                say(f"{PREFIX}CONFIG = {path}: 没有这个文件", f"{PREFIX}CONFIG = {path}: there is no such file")
            ) from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(say(f"{path}: 读不了: {error}", f"{path}: cannot be read as TOML: {error}")) from None


def _running(data: Path) -> dict[str, Any]:
    """Ports and cards of the stack that runs on `data`, so that other commands find it; nothing if there is none."""
    try:
        found = json.loads((data / ADDRESSES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: found[name] for name in REMEMBERED if isinstance(found, dict) and name in found}


def _line(found: Any, told: dict[str, Any], from_file: dict[str, Any], path: Path) -> str:
    """One line for one fault pydantic found: where it was said, the value, what was wanted."""
    name = str(found["loc"][0])
    name = "kafka_home" if name in _variables("kafka_home") else name
    if name in told:
        where = f"--{name.replace('_', '-')}"
    elif name in from_file:
        where = f"{path}: {name}"
    else:
        where = next((variable for variable in _variables(name) if os.environ.get(variable)), PREFIX + name.upper())
    if found["type"] == "extra_forbidden":
        return say(f"{where}: 没有这个设置", f"{where}: there is no such setting (`supervision doctor --settings` lists them)")
    value = "***" if "password" in name else repr(found["input"])
    return f"{where} = {value}: {found['msg'].removeprefix('Value error, ')}"


def env_names() -> Iterator[tuple[str, str, str]]:
    """(variable, default, what it is) of every setting, in order: for the documentation and `doctor --settings`."""
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None or field.default_factory else str(field.default)
        yield PREFIX + name.upper(), default, field.description or ""


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make another process read the same settings; holds the password if a setting does."""
    said = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            said[PREFIX + name.upper()] = str(value.absolute() if isinstance(value, Path) else value)
    return said


def clickhouse_password(settings: Settings) -> str:
    """The password for ClickHouse: of the file, else of the setting; for the embedded server one made at its first start.

    Raises UserError if the file cannot be read.
    """
    if settings.clickhouse_password_file:
        try:
            return settings.clickhouse_password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UserError(f"{PREFIX}CLICKHOUSE_PASSWORD_FILE = {settings.clickhouse_password_file}: {error.strerror}") from None
    if settings.clickhouse_password is not None:
        return settings.clickhouse_password.get_secret_value()
    return "" if settings.clickhouse_host else _embedded_password(settings.data / PASSWORD_FILE)


def _embedded_password(path: Path) -> str:
    """Read or made once, mode 0600; two processes that start together agree on one (the link fails for the second)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
