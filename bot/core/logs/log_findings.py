"""Failures as a log reports them, before they're merged with the results in dbt's files.

`read_dbt_one`, `read_dbt_two` and `read_other_tool` find them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

MESSAGE_KEPT = 300
Dialect = Literal["dbt", "traceback", "tail"]

# dbt's names for resource types, in headings and in ids.
KINDS = (
    "model", "test", "unit_test", "seed", "snapshot", "source", "operation", "analysis", "saved_query", "semantic_model",
    "metric", "exposure", "function", "macro", "sql_operation", "sql operation", "unit test", "hook",
)  # fmt: skip
_KIND = "|".join(KINDS)
# `Database Error in model orders (models/orders.sql)`, the heading that dbt prints above a message.
ERROR_HEAD = re.compile(
    rf"^\W{{0,6}}(?P<what>(?:[A-Z]\w{{0,40}} ){{1,4}}Error|Failure|Warning) in (?P<kind>{_KIND}) "
    r"(?P<name>[^\s()]{1,300})(?: \((?P<path>[^()\n]{0,600})\))?:?$"
)
_BORDER = re.compile(r"^\s*-{5,}\s*$")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
_CLASS_ALONE = re.compile(r"(?:[A-Z]\w{0,40} ){1,3}Error:?")
_NO_MESSAGE = re.compile(
    r"^\s*(?:compiled code at |> (?:in|called by) |LINE \d+:|See test failures:|select \* from \S+$|\^+\s*$"
    r"|[\w.-]{1,300} failed, error:$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed node. `status` is dbt's own word; `lines` are the log's lines about it."""

    kind: str
    name: str
    status: str
    message: str = ""
    lines: tuple[str, ...] = ()
    seconds: float | None = None
    rows: int | None = None
    note: str = ""

    @property
    def is_hook(self) -> bool:
        """Whether it's one of the project's on-run-start or on-run-end hooks."""
        return self.kind == "operation" and "on-run-" in self.name


@dataclass(frozen=True, slots=True)
class LogFindings:
    """Findings from a log alone.

    `problem` is the error that stopped the whole command, and `lines` are its lines; `skipped` is None if unknown.
    `tests` is the number of tests that ran, if nothing else did. `ended`: dbt ran to its own end. `last` is the last
    line of stderr if no line mentions an error: that's usually the error, whatever its wording.
    """

    dialect: Dialect = "tail"
    failures: tuple[Failure, ...] = ()
    problem: str = ""
    lines: tuple[str, ...] = ()
    skipped: int | None = None
    tests: int | None = None
    ended: bool = True
    shown: str = ""
    last: str = ""


def kind_of(word: str) -> str:
    """dbt's own name for a resource type, as in its ids."""
    word = word.replace(" ", "_")
    return "operation" if word in {"hook", "macro", "sql_operation"} else word


def own_message(lines: Iterable[str]) -> str:
    """The lines of a message that say what happened: no headings, positions in SQL, compiled code or stack frames."""
    kept: list[str] = []
    frames = False
    for line in lines:
        text = line.strip()
        if not text or ERROR_HEAD.match(line) or _NO_MESSAGE.match(line) or _BORDER.match(line):
            continue
        if _TRACEBACK.match(text):
            frames = True
            indent = len(line) - len(line.lstrip())
        elif frames and len(line) - len(line.lstrip()) > indent:
            continue
        else:
            frames = False
            kept.append(text)
    if len(kept) > 1 and _CLASS_ALONE.fullmatch(kept[0]):
        kept.pop(0)
    return "\n".join(kept)


def status_of(kind: str, message: str) -> str:
    """dbt's word for how a test or another node failed, derived from its message."""
    if kind == "test" and message.startswith("Got "):
        return "fail"
    if kind == "unit_test" and "differs from" in message[:200]:
        return "fail"
    return "fail" if message == "Status: fail" else "error"


def without_repeats(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    """Remove duplicates: --fail-fast prints a block twice, and a block and a progress line may report the same node.

    Failures with different messages or files are kept: unit tests of different models may share a name, and the
    versions of a model always do.
    """
    kept: dict[tuple[str, str, str, str], Failure] = {}
    for failure in failures:
        kept.setdefault((failure.kind, failure.name, failure.message, _path(failure)), failure)
    told = {(failure.kind, failure.name) for failure in kept.values() if failure.message}
    return tuple(one for one in kept.values() if one.message or (one.kind, one.name) not in told)


def _path(failure: Failure) -> str:
    """The file that a failure's heading names, if it has one."""
    head = ERROR_HEAD.match(failure.lines[0]) if failure.message and failure.lines else None
    return (head["path"] or "") if head else ""
