"""How a text of the log becomes a value: null words, codes, instants, dates, money, lists. Called by the mapper."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from msgspec import inspect

from streams.sources.mapping import Column, Kind, Mapping, Scalar
from streams.sources.row import RowReason, Value, shown
from supervision.event import Precision

Getter = Callable[[dict[str, Value]], object]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _AFTER_LAST = -2208988800000, 7258118400000  # the years 1900 to 2199, as supervision.event.Millis
_CLOCK_PATTERNS = ("%H", "%I", "%c", "%X", "%T", "%R", "%s")
_BOOL = {
    **dict.fromkeys(("true", "1", "yes", "y", "t", "是", "有"), True),
    **dict.fromkeys(("false", "0", "no", "n", "f", "否", "无"), False),
}


class BadValueError(Exception):
    """One value of a row that cannot be used; the row is refused for `reason`."""

    def __init__(self, reason: RowReason, field: str, value: object, wanted: str) -> None:
        super().__init__(reason, field, value, wanted)
        self.reason, self.field, self.value, self.wanted = reason, field, shown(value), wanted


def kind_of(wanted: inspect.Type) -> Kind | None:
    """The kind that fills a field of this type; None if no single column can (a nested structure)."""
    if isinstance(wanted, inspect.Metadata):
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        kinds = {kind_of(each) for each in wanted.types if not isinstance(each, inspect.NoneType)}
        return Kind.MOMENT if kinds == {Kind.TIME, Kind.DATE} else kinds.pop() if len(kinds) == 1 else Kind.TEXT
    if isinstance(wanted, inspect.IntType):
        return Kind.TIME if wanted.ge == _FIRST else Kind.INT
    if isinstance(wanted, inspect.StrType):
        return Kind.DATE if wanted.pattern is not None and "02-29" in wanted.pattern else Kind.TEXT
    if isinstance(wanted, inspect.EnumType):
        return Kind.INT if issubclass(wanted.cls, int) else Kind.TEXT
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return Kind.LIST if kind_of(wanted.item_type) is not None else None
    kinds_of_types: dict[type, Kind] = {
        inspect.FloatType: Kind.FLOAT,
        inspect.BoolType: Kind.BOOL,
        inspect.UUIDType: Kind.TEXT,
        inspect.RawType: Kind.TEXT,
        inspect.AnyType: Kind.TEXT,
    }
    return kinds_of_types.get(type(wanted))


class Values:
    """Reads values by the mapping's rules for times and empty values."""

    def __init__(self, mapping: Mapping) -> None:
        self._zone = ZoneInfo(mapping.times.zone)
        self._formats = mapping.times.formats
        self._nulls = {"", *(word.strip() for word in mapping.null_words)}
        self._sentinels = {date.fromisoformat(text) for text in mapping.sentinel_dates}
        self._convert: dict[Kind, Callable[[Column, str, str], object]] = {
            Kind.TEXT: lambda column, name, text: text,
            Kind.INT: lambda column, name, text: _number(int, name, text, "int"),
            Kind.FLOAT: lambda column, name, text: _number(float, name, text, "number"),
            Kind.YUAN: lambda column, name, text: _fen(name, text),
            Kind.BOOL: lambda column, name, text: _bool(name, text),
            Kind.TIME: self._time,
            Kind.DATE: self._date,
            Kind.MOMENT: self._moment_value,
        }

    def getter(self, column: Column, kind: Kind) -> Getter:
        """A function from a row's values to this column's value, None where it is empty. It raises BadValueError."""
        kind = column.kind or kind
        if column.constant is not None:
            constant: object = column.constant
            if kind is Kind.LIST and isinstance(constant, str):
                constant = [part.strip() for part in constant.split(column.delimiter or ",")]
            return lambda values: constant
        if kind is Kind.LIST:
            return lambda values: self._list(column, values)
        convert, codes, default = self._convert[kind], column.codes, column.default
        name = column.separator.join(column.names())

        def get(values: dict[str, Value]) -> object:
            text = self.text(column, values)
            if text is None:
                return default
            if codes is not None:
                coded = _coded(name, text, codes, default)
                if not isinstance(coded, str):
                    return coded
                text = coded
            return convert(column, name, text)

        return get

    def text(self, column: Column, values: dict[str, Value]) -> str | None:
        """The column's text, several joined; None if it, or any of several, is empty or a null word."""
        parts = []
        for name in column.names():
            value = values.get(name, "")
            text = value.strip() if isinstance(value, str) else ",".join(value)
            if text in self._nulls:
                return None
            parts.append(text)
        return column.prefix + column.separator.join(parts)

    def moment(self, column: Column, name: str, text: str) -> tuple[datetime, bool] | None:
        """(aware instant, whether it was written as a bare date); None for a sentinel. Raises BadValueError."""
        formats = column.formats or self._formats
        for pattern in formats:
            found = _parsed(text, pattern)
            if found is None:
                continue
            moment, bare = found
            if moment.date() in self._sentinels:
                return None
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)
            if not _FIRST <= millis(moment) < _AFTER_LAST:
                raise BadValueError(RowReason.BAD_TIME, name, text, "1900..2199")
            return moment, bare
        raise BadValueError(RowReason.BAD_TIME, name, text, ", ".join(formats))

    def instant(self, column: Column, values: dict[str, Value], precision: Precision) -> tuple[int, Precision] | None:
        """When an event occurred, ms UTC cut to its precision; a bare date has day precision whatever the mapping says."""
        text = self.text(column, values)
        found = None if text is None else self.moment(column, column.separator.join(column.names()), text)
        if found is None:
            return None
        moment, bare = found
        precision = Precision.DAY if bare else precision
        local = moment.astimezone(self._zone)
        if precision is Precision.DAY:
            local = datetime.combine(local.date(), time(), self._zone)
        elif precision is Precision.MINUTE:
            local = local.replace(second=0, microsecond=0)
        return millis(local), precision

    def _time(self, column: Column, name: str, text: str) -> int | None:
        found = self.moment(column, name, text)
        return None if found is None else millis(found[0])

    def _date(self, column: Column, name: str, text: str) -> str | None:
        found = self.moment(column, name, text)
        return None if found is None else found[0].astimezone(self._zone).date().isoformat()

    def _moment_value(self, column: Column, name: str, text: str) -> int | str | None:
        found = self.moment(column, name, text)
        if found is None:
            return None
        return found[0].date().isoformat() if found[1] else millis(found[0])

    def _list(self, column: Column, values: dict[str, Value]) -> list[object] | None:
        items: list[object] = []
        for name in column.names():
            value = values.get(name, "")
            parts = value.split(column.delimiter or ",") if isinstance(value, str) else value
            texts = [text for part in parts if (text := part.strip()) not in self._nulls]
            items += texts if column.codes is None else [_coded(name, text, column.codes, column.default) for text in texts]
        return items or None


def millis(moment: datetime) -> int:
    """Milliseconds since the epoch, rounded down."""
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


def _parsed(text: str, pattern: str) -> tuple[datetime, bool] | None:
    """The moment, aware or not, and whether it is a bare date; None if the text is not of this pattern."""
    try:
        if pattern == "iso":
            moment = datetime.fromisoformat(text)
            return moment, len(text) <= 10 and ":" not in text
        if pattern in {"epoch_s", "epoch_ms"}:
            number = Decimal(text) if text.lstrip("-").replace(".", "", 1).isdecimal() else None
            if number is None:
                return None
            micros = int(number * (1_000_000 if pattern == "epoch_s" else 1_000))
            return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000), False
        return datetime.strptime(text, pattern), not any(part in pattern for part in _CLOCK_PATTERNS)
    except (ValueError, OverflowError, OSError):
        return None


def _coded(name: str, text: str, codes: dict[str, Scalar], default: Scalar | None) -> Scalar:
    found = codes.get(text, default)
    if found is None:
        raise BadValueError(RowReason.UNKNOWN_CODE, name, text, ", ".join(codes))
    return found


def _number(make: type[int] | type[float], name: str, text: str, wanted: str) -> int | float:
    try:
        number = make(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadValueError(RowReason.BAD_VALUE, name, text, wanted)
    return number


def _fen(name: str, text: str) -> int:
    try:
        fen = Decimal(text.strip("¥￥元 ").replace(",", "")) * 100
        if fen == fen.to_integral_value():
            return int(fen)
    except (InvalidOperation, OverflowError):
        pass
    raise BadValueError(RowReason.BAD_VALUE, name, text, "yuan, e.g. 12.50")


def _bool(name: str, text: str) -> bool:
    found = _BOOL.get(text.lower())
    if found is None:
        raise BadValueError(RowReason.BAD_VALUE, name, text, "/".join(_BOOL))
    return found
