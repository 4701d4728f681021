"""The shapes of `contract.ts` are those of the server's own document: every field, its kind and whether it may be null."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dashboards.api.app import application
from dashboards.api.openapi import document
from tests.dashboards.fakes import fake_services

TEXT = (Path(__file__).parents[2] / "dashboards" / "web" / "src" / "contract.ts").read_text("utf-8")
BARE = re.sub(r"//[^\n]*", "", TEXT)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with fake_services(tmp_path_factory.mktemp("contract")) as made:
        return document(application(made))


def interfaces() -> dict[str, str]:
    """Name to body of every interface, and of the type that is an object."""
    found: dict[str, str] = {}
    for name, base, body in re.findall(r"export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}", BARE, re.DOTALL):
        found[name] = f"{found[base]}\n{body}" if base else body
    found["Both"] = re.sub(r";\s*", ";\n", re.search(r"type Both = \{ (.*?) \}", BARE)[1] + ";")  # type: ignore[index]  # it is there
    return found


UNIONS: dict[str, str] = dict(re.findall(r"export type (\w+) = ([^;{]+);", BARE))


def fields(body: str) -> dict[str, str]:
    """Name to type; semicolons within braces belong to the type."""
    found: dict[str, str] = {}
    depth, start = 0, 0
    for at, sign in enumerate(body):
        depth += (sign in "{[<(") - (sign in "}]>)")
        if sign == ";" and depth == 0:
            name, _, kind = body[start:at].partition(":")
            found[name.strip()] = " ".join(kind.split())
            start = at + 1
    return found


def shape(kind: str) -> Any:
    """A TypeScript type as: sorted options; each a word, ["list", of], ["object", fields], ["is", literal]."""
    kind = kind.strip()
    if kind.startswith("(") and kind.endswith(")[]"):
        return ["list", shape(kind[1:-3])]
    options = parted(kind, "|")
    if len(options) > 1:
        return flat([shape(option) for option in options])
    if kind.endswith("[]"):
        return ["list", shape(kind[:-2])]
    if kind.startswith("["):
        return ["list", flat([shape(part) for part in parted(kind[1:-1], ",")])]
    if kind.startswith("{"):
        return ["object", {name: shape(each) for name, each in fields(kind[1:-1].strip().rstrip(";") + ";").items()}]
    if kind.startswith('"'):
        return ["is", kind.strip('"')]
    if kind.startswith("Record<"):
        return "object"
    return shape(UNIONS[kind]) if kind in UNIONS else kind


def parted(text: str, sign: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, each in enumerate(text):
        depth += (each in "{[<(") - (each in "}]>)")
        if each == sign and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


def flat(options: list[Any]) -> Any:
    """Options without repetition, in one order; one option alone stands for itself."""
    found: list[Any] = []
    for option in options:
        for each in option[1] if isinstance(option, list) and option[0] == "any" else [option]:
            if each not in found:
                found.append(each)
    return found[0] if len(found) == 1 else ["any", sorted(found, key=repr)]


def served_shape(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """The same of a JSON schema. References stand as their names, unless the other side says them in place."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return flat([served_shape(each, known) for each in schema["anyOf"]])
    if "enum" in schema:
        return flat([["is", value] for value in schema["enum"]])
    kinds = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null", "object": "object"}
    kind = schema["type"]
    if kind == "array":
        inner = schema.get("prefixItems")
        return ["list", flat([served_shape(each, known) for each in inner]) if inner else served_shape(schema["items"], known)]
    return kinds[kind]


def spelled(name: str, known: dict[str, Any]) -> Any:
    schema = known[name]
    return ["object", {field: served_shape(each, known) for field, each in schema["properties"].items()}]


def agree(wanted: Any, found: Any, known: dict[str, Any]) -> bool:
    """Equal, where an object said in place is compared with the shape that the server has given a name."""
    if isinstance(wanted, list) and wanted[0] == "object" and isinstance(found, str) and found in known:
        found = spelled(found, known)
    if isinstance(wanted, list) and isinstance(found, list) and wanted[0] == found[0]:
        if wanted[0] == "object":
            return list(wanted[1]) == list(found[1]) and all(agree(wanted[1][name], found[1][name], known) for name in wanted[1])
        if wanted[0] == "list":
            return agree(wanted[1], found[1], known)
        if wanted[0] == "any":
            return len(wanted[1]) == len(found[1]) and all(any(agree(one, other, known) for other in found[1]) for one in wanted[1])
    return bool(wanted == found)


@pytest.mark.parametrize("name", sorted(interfaces()))
def test_a_shape_is_the_same_on_both_sides(name: str, served: dict[str, Any]) -> None:
    known = served["components"]["schemas"]
    assert name in known
    wanted, found = {field: shape(kind) for field, kind in fields(interfaces()[name]).items()}, known[name]["properties"]
    assert list(wanted) == list(found)
    for field, kind in wanted.items():
        assert agree(kind, served_shape(found[field], known), known), (
            f"{name}.{field}: {kind} != {served_shape(found[field], known)}"
        )
        assert field in known[name].get("required", []) or name == "Problem", f"{name}.{field} may be left out"


def test_every_path_named_is_served(served: dict[str, Any]) -> None:
    named = {(method, path) for method, path in re.findall(r"(GET|POST|DELETE) (/api/[\w./{}]+)", TEXT)}
    assert len(named) > 12
    there = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert named == there


def test_a_difference_is_seen(served: dict[str, Any]) -> None:
    known = served["components"]["schemas"]
    assert not agree(shape("string"), served_shape(known["Card"]["properties"]["case_id"], known), known)
    assert not agree(shape('"card" | "clue" | "x"'), served_shape(known["Card"]["properties"]["disposition"], known), known)
    assert not agree(shape("{ zh: string }"), "Both", known)
