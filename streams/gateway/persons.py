"""Persons' numbers become keyed hashes, before anything is written anywhere; a number in an unexpected place is masked.

A field `<who>_id_no` or `<who>_phone`, in the envelope or the payload, becomes `<who>_hash` (of the agent and the actor
`<who>_person_hash`): HMAC-SHA-256 under the key of the file `person_key_file`, so equal persons stay equal and nobody without the
key can try numbers. Everywhere else the shape of a citizen's number (date and check digit hold) or of a mobile phone is replaced by
a mask of the same length from the same hash, so that what belonged together still does.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from supervision.language import UserError, say
from supervision.refusal import Reason, Refusal

KEY_BYTES = 32
RAW_ENDINGS = ("_id_no", "_phone")
_HASH_OF = {"agent": "agent_person_hash", "actor": "actor_person_hash"}
_HASH_HEX = 32
_LONGEST = 128
# Numbers that a source counts by itself: eleven digits there are no phone, and a date of this event's time is no birthday.
COUNTED = frozenset({"case_id", "parent_case_id", "root_case_id", "source_seq", "batch_id", "queue_ticket_no"})
_NEAR_YEARS = 3

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_ZEROED = bytes(48 if 48 <= code <= 57 else 32 if code == 45 else code for code in range(256))  # digits to 0, "-" to a blank
_RUN = re.compile(rb"000000000000*[Xx]?")
_APART = re.compile(rb"000(?: 0000 0000|000 00000000 000)")
_BORN = re.compile(rb"(?=([1-8][0-9]{5}(?:18|19|20|21)[0-9]{9}[0-9Xx]))")
_WIDE = re.compile(rb"\xef\xbc[\x90-\x99]")  # full-width digits in UTF-8
# A number of today may stand in the middle of others, since its date and check digit tell it; the rest stand alone.
_NUMBER = re.compile(
    r"(?P<id>(?=[1-8])(?:[0-9]{17}[0-9Xx]|[0-9]{6} [0-9]{8} [0-9]{3}[0-9Xx]))"
    r"|(?<![0-9A-Za-z])(?:(?P<old>[1-8][0-9]{14})"
    r"|(?P<phone>(?:86)?1[3-9][0-9]{9}|1[3-9][0-9][ -][0-9]{4}[ -][0-9]{4}))(?![0-9A-Za-z])"
)


def read_key(path: Path) -> bytes:
    """The key of the file, made at the first start with mode 0600. Raises UserError if it is unreadable or no key."""
    if not path.exists():
        _make(path)
    try:
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except (OSError, ValueError) as error:
        raise UserError(say(f"{path}: 无法读取人员密钥({error})", f"{path}: the key of persons cannot be read ({error})")) from None
    if len(key) != KEY_BYTES:
        wanted = KEY_BYTES * 2
        raise UserError(
            say(f"{path}: 应为 {wanted} 位十六进制数", f"{path}: {wanted} hexadecimal digits wanted, {len(text)} found")
        )
    return key


def _make(path: Path) -> None:
    """Two processes that start together agree on one key: the link fails for the second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def mentions_raw(raw: bytes) -> bool:
    """Whether the bytes of an event may have a field that holds a person's number."""
    return b'_id_no"' in raw or b'_phone"' in raw


def may_hold_number(wire: bytes) -> bool:
    """Whether JSON may hold something of the shape of a number, found without looking at each string; never misses one."""
    zeroed = wire.translate(_ZEROED)
    for found in _RUN.finditer(zeroed):
        if _may_be(wire, *found.span()):
            return True
    for found in _APART.finditer(zeroed):
        if _may_be_apart(wire, found.start()):
            return True
    return not wire.isascii() and _WIDE.search(wire) is not None


def _may_be_apart(wire: bytes, begin: int) -> bool:
    """Whether digits in groups may be a number: none stands in the middle of others (the groups of a UUID do)."""
    if wire[begin + 6 : begin + 7] == b" ":
        return True
    return wire[begin : begin + 1] == b"1" and not wire[begin - 1 : begin].isalnum()


def _may_be(wire: bytes, begin: int, end: int) -> bool:
    """Whether a run of digits (and an X) may be or hold a number."""
    length = end - begin
    if length >= 18:
        return any(_is_id(found[1].decode("ascii").upper()) for found in _BORN.finditer(wire, begin, end))
    if length == 13:
        return wire[begin : begin + 3] == b"861"  # else an instant in milliseconds
    return (length == 11 and wire[begin : begin + 1] == b"1") or length == 15


class Persons:
    """Hashes and masks under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hash_of(self, ending: str, number: str) -> str:
        """The keyed hash of one person's number; the spellings of one number have one hash."""
        kind, plain = ("id", _plain_id(number)) if ending == "_id_no" else ("phone", _plain_phone(number))
        return self._digest(kind, plain)[:_HASH_HEX]

    def replace(self, message: dict[str, Any]) -> Refusal | None:
        """Put hashes in the place of fields with numbers, at any depth; a hash that came beside its number goes."""
        return self._replace(message, "", top=True)

    def _replace(self, value: Any, within: str, *, top: bool) -> Refusal | None:
        if isinstance(value, list):
            return next((refused for each in value if (refused := self._replace(each, within, top=False))), None)
        if not isinstance(value, dict):
            return None
        for ending in reversed(RAW_ENDINGS):  # an identity number is surer than a phone, so it comes last and stays
            for name in [name for name in value if name.endswith(ending)]:
                number, path = value.pop(name), f"{within}.{name}".lstrip(".")
                if number is None or number == "":
                    continue
                if isinstance(number, bool) or not isinstance(number, str | int) or len(str(number)) > _LONGEST:
                    place = str(self.masked(path))  # names come from outside too
                    return Refusal(reason=Reason.WRONG_TYPE, field=place, wanted=f"text of at most {_LONGEST} characters")
                who = name.removesuffix(ending)
                value[_HASH_OF.get(who, f"{who}_hash") if top else f"{who}_hash"] = self.hash_of(ending, str(number))
        for name, inner in value.items():
            if isinstance(inner, dict | list) and (refused := self._replace(inner, f"{within}.{name}".lstrip("."), top=False)):
                return refused
        return None

    def masked(self, value: Any, at: int | None = None, name: str = "") -> Any:
        """The value with every number in it masked, in keys too; `at` (ms UTC) is when the event occurred, `name` its field."""
        if isinstance(value, str):
            return self._masked_text(value, at, name in COUNTED)
        if isinstance(value, dict):
            return {self._masked_text(key, None, False): self.masked(inner, at, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.masked(each, at, name) for each in value]
        return value

    def masked_whole(self, value: Any) -> Any:
        """For what was refused and is kept for people to read: numbers written without quotes are masked as well."""
        if isinstance(value, dict):
            return {self._masked_text(key, None, False): self.masked_whole(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.masked_whole(each) for each in value]
        if isinstance(value, bool | None):
            return value
        if isinstance(value, int | float):
            text = str(value)
            hidden = self._masked_text(text, None, False)
            return value if hidden == text else hidden
        return self._masked_text(str(value), None, False)

    def _masked_text(self, text: str, at: int | None, counted: bool) -> str:
        if len(text) < 11:
            return text
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        pieces, done, position = [], 0, 0
        while found := _NUMBER.search(plain, position):
            mask = self._mask(found, at, counted)
            position = found.start() + 1 if mask is None else found.end()
            if mask is not None:
                pieces += [plain[done : found.start()], mask]
                done = found.end()
        return "".join([*pieces, plain[done:]]) if pieces else text

    def _mask(self, found: re.Match[str], at: int | None, counted: bool) -> str | None:
        """What stands in its place, None if it is no person's number."""
        number = found.group()
        if found["phone"]:
            return None if counted else "t" + self._digest("phone", _plain_phone(number))[: len(number) - 1]
        plain = _plain_id(number)
        if not _is_id(plain) or (counted and (found["old"] or (at is not None and _is_near(plain, at)))):
            return None
        return "p" + self._digest("id", plain)[: len(number) - 1]

    def _digest(self, kind: str, plain: str) -> str:
        return hmac.digest(self._key, f"{kind}:{plain}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _plain_id(number: str) -> str:
    """Capital letters, no blanks; the 15 digits of before 1999 as the 18 that the person has now."""
    plain = "".join(unicodedata.normalize("NFKC", number).upper().split()).replace("-", "")
    if len(plain) == 15 and plain.isascii() and plain.isdigit():
        longer = f"{plain[:6]}19{plain[6:]}"
        return longer + _check_digit(longer)
    return plain


def _plain_phone(number: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKC", number) if each.isalnum())
    return plain[2:] if len(plain) == 13 and plain.startswith("86") else plain


def _check_digit(digits: str) -> str:
    return _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11]


def _is_id(plain: str) -> bool:
    """Whether 18 characters are a citizen's number: a birthday that was or may be, and the check digit."""
    if not (len(plain) == 18 and "1" <= plain[0] <= "8" and plain.isascii() and plain[:17].isdigit()):
        return False
    try:
        born = date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError:
        return False
    return 1880 <= born.year <= 2199 and plain[17] == _check_digit(plain[:17])


def _is_near(plain: str, at: int) -> bool:
    """Whether the date in it is one of the event's own years: then it is the date of a case, not of a birth."""
    year = 1970 + at // 31_556_952_000
    return year - _NEAR_YEARS < int(plain[6:10]) <= year + 1


def event_masked(persons: Persons, wire: bytes, occurred_at: int) -> bytes:
    """The event's bytes with every number in its strings masked."""
    return msgspec.json.encode(persons.masked(msgspec.json.decode(wire), occurred_at))
