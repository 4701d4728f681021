"""Change the judgement a little, many times, and see whether a test notices: `python -m tests.mutation`, or `make mutation`.

Prints a table by module. Survivors that `survivors*.yaml` do not explain are listed and make the exit code 1. What was found is
kept in `.mutation/`; `--again` tries only what survived there.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path

import msgspec
import yaml

from tests.mutation import trial
from tests.mutation.mutants import Change, Mutant, Mutants
from tests.mutation.reach import Reach, measure

# The tests by which each part is tried: those that need no server and are quick.
PARTS = {
    "supervision/worktime": [str(each) for each in sorted(Path("tests/supervision").glob("test_worktime*.py"))]
    + ["tests/supervision/test_calendars.py"],
    "rules": ["tests/rules", "tests/law", "tests/streams/test_coverage.py", "tests/streams/test_evidence.py"],
}
# Tests that run whole commands count only for lines that no other test runs, and of the ways in which facts arrive the last has
# all the others in it.
WHOLE = ("tests/rules/test_card_commands.py::",)
SKIPPED = ("the_seed_is_all_there_is", "renamed_ids", "how_the_facts_arrive", "docs_are_written")
KEPT_RIDE = "[everything at once]"
# Slow: only for what the others leave alive.
LATER = ("tests/law/test_law.py", "tests/law/test_shortcut.py", "tests/rules/test_card_pages.py::test_the_pages_in_docs")
KEPT = Path(".mutation")
MAKER = str(Path(__file__).with_name("mutants.py"))
SCOPE = ",".join(PARTS)
EXPLAINED = sorted(Path(__file__).parent.glob("survivors*.yaml"))


class Reason(msgspec.Struct, forbid_unknown_fields=True):
    """Why these changes of one module survive."""

    module: str
    why: str
    changes: list[dict[str, str]]


class Tried(msgspec.Struct):
    """What came of one mutant: killed, timeout, survived, or unreached: no test runs it."""

    number: int
    came: str
    cpu_s: float
    scope: str = ""
    was: str = ""
    now: str = ""


class Module(msgspec.Struct):
    path: str
    digest: str
    mutants: int
    tried: list[Tried]


def sources(scope: str) -> list[str]:
    """Paths of the modules in a list of files and directories, by comma."""
    found: set[Path] = set()
    for each in scope.split(","):
        path = Path(each)
        found.update(path.rglob("*.py") if path.is_dir() else [path])
    return sorted(str(path) for path in found)


def digest(paths: Iterable[str]) -> str:
    text = hashlib.sha256()
    for path in sorted(paths):
        text.update(Path(path).read_bytes())
    return text.hexdigest()[:16]


def reach(part: str) -> bytes:
    """Where the tests of a part go; measured anew when one of them, a card or a source has changed."""
    selection = PARTS[part]
    folders = [part, *(each for each in selection if Path(each).is_dir())]
    watched = [str(each) for folder in folders for each in Path(folder).rglob("*") if each.suffix in {".py", ".yaml"}]
    watched += [each for each in selection if Path(each).is_file()]
    name = f"reach-{part.replace('/', '.')}"
    target = KEPT / f"{name}-{digest(watched)}.json"
    if not target.exists():
        for old in KEPT.glob(f"{name}-*.json"):
            old.unlink()
        print(f"running the tests of {part} once, to learn which reach which line", flush=True)
        code, spent = trial.forked(lambda: measure(selection, is_used, sources(part), target))
        if code != 0:
            target.unlink(missing_ok=True)
            raise SystemExit(f"the tests do not pass without a mutant: python -m pytest {' '.join(selection)}")
        print(f"done in {spent:.0f} s of CPU", flush=True)
    return target.read_bytes()


def is_used(name: str) -> bool:
    return KEPT_RIDE in name or not any(each in name for each in SKIPPED)


def near(tests: dict[str, float]) -> dict[str, float]:
    """Of the tests that reach a line those by which it is tried."""
    return {name: cost for name, cost in tests.items() if not name.startswith(WHOLE)} or tests


def attempt(path: str, mutants: Mutants, mutant: Mutant, tests: dict[str, float]) -> Tried:
    change = mutants.change(mutant)
    if not tests:
        return Tried(mutant.number, "unreached", 0.0, change.scope, change.was, change.now)
    text, code, spent = mutants.text(mutant), 0, 0.0
    for part in _in_turn(tests):
        code, used = _trial(path, text, part)
        spent += used
        if code != 0:
            break
    if code == 0:
        return Tried(mutant.number, "survived", spent, change.scope, change.was, change.now)
    if code == 5:
        raise SystemExit(f"{path}: no test was run for {change}")
    return Tried(mutant.number, "killed" if code > 0 else "timeout", spent)


def _in_turn(tests: dict[str, float]) -> list[dict[str, float]]:
    """The file that has most of them first, since to import all costs more than most changes live; the slow ones last."""
    files = Counter(name.partition("::")[0] for name in tests if not name.startswith(LATER))
    first = files.most_common(1)[0][0] if files else ""
    parts: list[dict[str, float]] = [{}, {}, {}]
    for name, cost in tests.items():
        parts[2 if name.startswith(LATER) else 0 if name.startswith(f"{first}::") else 1][name] = cost
    return [part for part in parts if part]


def _trial(path: str, text: str, tests: dict[str, float]) -> tuple[int, float]:
    files = sorted({name.partition("::")[0] for name in tests})
    limit = 5 + int(sum(tests.values()))  # costs are those of a traced run, which takes more than twice as long
    return trial.forked(lambda: trial.run(files, [trial.Chosen(tests)], Path(path), text), limit)


def _control(path: str, reached: Reach) -> None:
    """A module as it is has to survive; else what is killed says nothing."""
    tests = near(reached.tests_of(path, 1, 10_000))
    code, _ = _trial(path, Path(path).read_text("utf-8"), tests)
    if code != 0:
        raise SystemExit(f"{path}: its tests fail in a trial though nothing was changed ({code})")


def explanations() -> dict[tuple[str, Change], str]:
    read = [yaml.safe_load(path.read_text("utf-8")) or [] for path in EXPLAINED]
    reasons = msgspec.convert([each for found in read for each in found], list[Reason])
    return {
        (reason.module, Change(each["in"], each["was"].strip(), each["now"].strip())): reason.why
        for reason in reasons
        for each in reason.changes
    }


def table(modules: list[Module]) -> int:
    """Print what came of each module; the number of survivors that nobody explained."""
    known = explanations()
    print(
        f"{'module':44}{'mutants':>8}{'tried':>7}{'killed':>8}{'timeout':>9}{'equivalent':>12}{'unexplained':>13}{'killed %':>10}"
    )
    sums = [0] * 6
    open_: list[tuple[str, Tried]] = []
    for module in modules:
        survivors = [each for each in module.tried if each.came in {"survived", "unreached"}]
        explained = [each for each in survivors if (module.path, Change(each.scope, each.was, each.now)) in known]
        late = sum(each.came == "timeout" for each in module.tried)
        killed = len(module.tried) - len(survivors) - late
        row = [module.mutants, len(module.tried), killed, late, len(explained), len(survivors) - len(explained)]
        open_ += [(module.path, each) for each in survivors if each not in explained]
        _row(module.path, row)
        sums = [left + right for left, right in zip(sums, row, strict=True)]
    _row("all", sums)
    for path, each in open_:
        print(f"\n{path}  {each.scope}  {each.came}")
        print("\n".join([*(f"- {line}" for line in each.was.splitlines()), *(f"+ {line}" for line in each.now.splitlines())]))
    return len(open_)


def _row(name: str, row: list[int]) -> None:
    mutants, tried, killed, late, explained, left = row
    share = 100 * (killed + late) / tried if tried else 100.0
    print(f"{name:44}{mutants:>8}{tried:>7}{killed:>8}{late:>9}{explained:>12}{left:>13}{share:>10.1f}")


def drawn(path: str, mutants: list[Mutant], sample: int, share: float, seed: int) -> list[Mutant]:
    """At least so many of a module's mutants, and at least this share (in percent) of them; all where neither is given."""
    wanted = max(sample, ceil(len(mutants) * share / 100)) or len(mutants)
    if wanted >= len(mutants):
        return mutants
    return sorted(random.Random(f"{seed} {path}").sample(mutants, wanted), key=lambda each: each.number)


def work(scope: list[str], sample: int, share: float, seed: int, again: bool) -> list[Module]:
    KEPT.mkdir(exist_ok=True)
    found = {
        part: msgspec.json.decode(reach(part), type=Reach) for part in PARTS if any(path.startswith(f"{part}/") for path in scope)
    }
    for part, reached in found.items():
        _control(next(path for path in scope if path.startswith(f"{part}/")), reached)
    modules = []
    for path in scope:
        reached = next(found[part] for part in found if path.startswith(f"{part}/"))
        source = Path(path).read_text("utf-8")
        mutants = Mutants(source)
        kept = KEPT / f"{trial.module_name(Path(path))}.json"
        before = msgspec.json.decode(kept.read_bytes(), type=Module) if again and kept.exists() else None
        chosen = drawn(path, mutants.all, sample, share, seed)
        done = {}
        if before is not None and before.digest == digest([path, MAKER]):
            done = {each.number: each for each in before.tried if each.came in {"killed", "timeout"}}
        tried = []
        for mutant in chosen:
            result = done.get(mutant.number)
            if result is None:
                result = attempt(path, mutants, mutant, near(reached.tests_of(path, mutant.first, mutant.last)))
            tried.append(result)
            if mutant.number not in done and result.came in {"survived", "unreached"}:
                print(f"  {result.came} in {result.scope}:  {result.was}  ->  {result.now}", flush=True)
        module = Module(path, digest([path, MAKER]), len(mutants.all), tried)
        kept.write_bytes(msgspec.json.encode(module))
        modules.append(module)
        lost = sum(each.came in {"survived", "unreached"} for each in tried)
        print(
            f"{path}: {len(tried)} of {len(mutants.all)} tried, {lost} survive, {sum(each.cpu_s for each in tried):.0f} s",
            flush=True,
        )
    return modules


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Mutation testing of the judgement.")
    parser.add_argument("--scope", default=SCOPE, help=f"files and directories, by comma (default {SCOPE})")
    parser.add_argument("--sample", type=int, default=0, help="try so many mutants of each module (default: all)")
    parser.add_argument("--share", type=float, default=0, help="try at least so many in a hundred of each module")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default 1)")
    parser.add_argument("--again", action="store_true", help="take over what was killed before where the module is the same")
    options = parser.parse_args(arguments)
    begun = time.perf_counter()
    code, _ = trial.forked(_strangers)
    trial.preload((KEPT / "strangers.txt").read_text("utf-8").split()) if code == 0 else None
    left = table(work(sources(options.scope), options.sample, options.share, options.seed, options.again))
    print(f"\n{time.perf_counter() - begun:.0f} s; {left} survivors are not explained in tests/mutation/survivors*.yaml")
    return 1 if left else 0


def _strangers() -> int:
    """Write down which modules of others the tests import."""
    KEPT.mkdir(exist_ok=True)
    trial.run([*(each for part in PARTS.values() for each in part), "--collect-only"], [])
    (KEPT / "strangers.txt").write_text("\n".join(trial.strangers()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
