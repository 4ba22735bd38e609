"""Real failures of many versions of dbt and of other tools, with what is expected of each: tests/data/dbt/cases.tar.xz.

A case is a folder with stdout.txt, stderr.txt, rc (exit status) and command, and run_results.json or sources.json if dbt
left one. expected.tsv has a line for each unit that failed or warned, with the first line of its own message.
"""

from __future__ import annotations

import tarfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.core.logs.read_log import Reading, one_line, read_log, reading
from bot.core.logs.run_results import Results, read_results

PACKED = Path(__file__).parents[2] / "data" / "dbt" / "cases.tar.xz"
LIMIT = 2_900
# Only the exit status reports these, or they are warnings.
_NOT_TOLD = frozenset({"warn", "exit", ""})


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that failed, and the first line of its message."""

    name: str
    first: str


@dataclass(frozen=True, slots=True)
class Case:
    """A command's output, and the files that it left behind."""

    name: str
    stdout: str
    stderr: str
    exit_code: int
    command: str
    results: Results | None
    units: tuple[Unit, ...] = ()

    def read(self, *, with_results: bool = True) -> Reading:
        """Read this case."""
        said = read_log(self.stdout, self.stderr, LIMIT)
        results = self.results if with_results else None
        return reading(said, results, limit=LIMIT, exit_code=self.exit_code, command=self.command)

    @property
    def counted(self) -> Mapping[str, int] | None:
        """How many of each kind failed according to dbt's own results, or None without results or failures."""
        failed = self.results.failed if self.results else ()
        return Counter("operation" if one.kind == "macro" else one.kind for one in failed) if failed else None


@dataclass(slots=True)
class Score:
    """How many cases were right, and which were wrong."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, name: str, *, right: bool) -> None:
        """Count one."""
        if right:
            self.right += 1
        else:
            self.wrong.append(name)

    @property
    def share(self) -> float:
        """The percentage that is right."""
        return 100 * self.right / max(1, self.right + len(self.wrong))


@cache
def cases() -> tuple[Case, ...]:
    """All cases, sorted by name."""
    files: dict[str, dict[str, bytes]] = defaultdict(dict)
    with tarfile.open(PACKED) as packed:
        for member in packed:
            content = packed.extractfile(member) if member.isfile() else None
            if content is not None:
                folder, _, name = member.name.removeprefix("./").rpartition("/")
                files[folder][name] = content.read()
    units = _units(files.pop("")["expected.tsv"].decode())
    return tuple(_case(name, files[name], units[name]) for name in sorted(files))


@cache
def _expected() -> str:
    with tarfile.open(PACKED) as packed:
        found = next(member for member in packed if member.name.endswith("expected.tsv"))
        content = packed.extractfile(found)
        assert content is not None
        return content.read().decode()


@cache
def _hints() -> Mapping[str, tuple[tuple[str, str | None], ...]]:
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for line in _expected().splitlines()[1:]:
        case, _exit, _where, unit, status, hint, _first = (line.split("\t") + [""] * 7)[:7]
        if status not in {"warn", ""}:
            found[case].append((unit, None if hint == "-" else hint))
    return {case: tuple(units) for case, units in found.items()}


def expected_hints(case: str) -> tuple[tuple[str, str | None], ...]:
    """Each failed unit of a case, with the id of the hint that fits it, or None."""
    return _hints().get(case, ())


def _units(table: str) -> Mapping[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    for line in table.splitlines()[1:]:
        case, _exit, _where, unit, status, _hint, first = (line.split("\t") + [""] * 7)[:7]
        if status not in _NOT_TOLD and first:
            found[case].append(Unit(unit, first))
    return defaultdict(tuple, {case: tuple(units) for case, units in found.items()})


def _case(name: str, files: Mapping[str, bytes], units: tuple[Unit, ...]) -> Case:
    def text(file: str) -> str:
        return files.get(file, b"").decode(errors="replace")

    account = files.get("run_results.json") or files.get("sources.json")
    return Case(
        name,
        text("stdout.txt"),
        text("stderr.txt"),
        int(text("rc")),
        text("command").strip(),
        read_results(account) if account else None,
        units,
    )


def measure(*, with_results: bool) -> dict[str, Score]:
    """Score first lines, counts and summaries. Without results, logs of fewer than five characters are left out."""
    scores = {"first lines": Score(), "counts": Score(), "summaries": Score()}
    for case in cases():
        if not with_results and len(case.stdout) + len(case.stderr) < 5:
            continue
        found = case.read(with_results=with_results)
        shown = " ".join(" ".join([found.excerpt, *(one_line(one.message) for one in found.failures)]).split())
        for unit in case.units:
            scores["first lines"].note(f"{case.name} {unit.name}", right=" ".join(unit.first.split()) in shown)
        if case.exit_code:
            scores["summaries"].note(case.name, right="no error in its" not in (found.summary or "no error in its"))
        if case.counted is not None:
            scores["counts"].note(case.name, right=case.counted == found.failed)
    return scores
