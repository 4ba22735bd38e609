"""Reading a command's output: a summary, the relevant lines, and the failed nodes.

dbt's files take precedence over the text. The text supplies what they leave out: hooks in dbt 1.8, sources whose check
failed, run-operations without a message, killed runs. Reading is linear in the length of the text.

`bot.flows.conclude` requests the log from Bolt and keeps what was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.logs.clean import Folded, strip_ansi
from bot.core.logs.excerpt import excerpt
from bot.core.logs.hints.causes import causes
from bot.core.logs.hints.hint import Table
from bot.core.logs.log_findings import MESSAGE_KEPT, Failure, LogFindings, own_message
from bot.core.logs.log_text import FILE_HEAD, READ_LIMIT, keep
from bot.core.logs.read_dbt_one import is_dbt_one, read_dbt_one
from bot.core.logs.read_dbt_two import is_dbt_two, points_to, read_dbt_two
from bot.core.logs.read_other_tool import read_other
from bot.core.logs.run_results import NodeResult, Results
from bot.core.logs.wrapping import plain_lines, unwrapped
from bot.core.model.cause import Cause
from bot.core.text.text import cut, plural

# The most that `keep` leaves of a long log, including its mark.
READ_MOST = READ_LIMIT + FILE_HEAD + 200
SUMMARY_LIMIT = 200
NODES_MOST = 200
_PROBLEM_MOST = 2_000
_ORDER = ("model", "snapshot", "seed", "source", "unit_test", "test", "operation")
_CLASS_ALONE = re.compile(
    r"(?:\w+ ){0,3}(?:Error|Exception)(?: in .{1,400})?:?|Error parsing inline query|Error while parsing node: .{1,300}"
)
_ENDS_WITH_CLASS = re.compile(r"(?::| -)(?: (?:\w+ ){0,3}Error)?$")
_SAYS_NOTHING = re.compile(r"(?:\w+ ){0,3}(?:Error|ERROR)$|Status: \w+$|$")
_INTERRUPTED = frozenset({"KeyboardInterrupt", "ctrl-c"})
_RUN_OPERATION = re.compile(r"\brun-operation +(?:--?[\w-]+=\S+ +)*([\w.]{1,200})")
_SIGNALS = {
    124: "timed out (exit status 124)",
    130: "interrupted (exit status 130)",
    134: "aborted (exit status 134, SIGABRT)",
    137: "killed (exit status 137, SIGKILL)",
    139: "crashed (exit status 139, SIGSEGV)",
    143: "terminated (exit status 143, SIGTERM)",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading an output: all failed nodes, their causes, and the dialect that was recognized.

    `messages` are the texts that were matched against hints, each with the name of the failure.
    """

    summary: str | None
    excerpt: str
    failures: tuple[Failure, ...] = ()
    dialect: str = "tail"
    causes: tuple[Cause, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()

    @property
    def failed(self) -> dict[str, int]:
        """How many nodes of each kind failed, as the summary counts them."""
        counts: dict[str, int] = {}
        for failure in self.failures:
            counts[failure.kind] = counts.get(failure.kind, 0) + 1
        return counts


def read_log(stdout: str, stderr: str, limit: int) -> LogFindings:
    """Read a log without dbt's result files. Of other tools' lines, at most `limit` characters are kept.

    Only the two ends of a long log are read.
    """
    stdout, stderr = (keep(text) if len(text) > READ_MOST else text for text in (stdout, stderr))
    streams = [strip_ansi(text).split("\n") for text in (stdout, stderr)]
    unpacked = [_unpacked(lines) for lines in streams]
    inner, shown = [one for one, _ in unpacked], [one for _, one in unpacked]
    folded = [Folded(lines) for lines in inner]
    ended, with_dbt = True, False
    for lines, one in zip(inner, folded, strict=True):
        if is_dbt_one(one):
            with_dbt = True
            said = read_dbt_one(lines)
            if said.failures or said.problem:
                return said
            ended = ended and said.ended
    if any(map(is_dbt_two, folded)):
        said = read_dbt_two([*inner[0], *inner[1]])
        if said.failures or said.problem:
            return said
        ended = ended and said.ended
    return replace(read_other(inner, shown, limit, with_dbt=with_dbt), ended=ended)


def _unpacked(lines: list[str]) -> tuple[list[str], list[str]]:
    """Unwrap lines from prefixes and JSON, which may be nested; also return them as shown, with their prefixes."""
    bare = inner = unwrapped(lines)
    for _ in range(2):
        if not any(line[:1] == "{" for line in inner):
            break
        inner = unwrapped(plain_lines(inner))
    return inner, inner if bare == lines or len(inner) != len(lines) else plain_lines(lines)


def reading(
    said: LogFindings,
    results: Results | None = None,
    *,
    limit: int,
    exit_code: int | None = None,
    command: str = "",
    mask: Callable[[str], str] = str,
    hints: Table | None = None,
) -> Reading:
    """Combine a log and dbt's own results, if there are any. `mask` is for the results: logs are already masked.

    `hints` are those that apply to the run's schedule, the built-in ones by default.
    """
    failures = _merged(said, results, mask) if results is not None else said.failures
    failures = tuple(one if one.name else replace(one, name=_unnamed(one.kind, command)) for one in failures)
    skipped = results.counts.get("skipped", 0) if results is not None else said.skipped or 0
    if exit_code == 0 and not failures:
        return Reading(None, said.shown or excerpt((), said, limit), (), said.dialect)
    summary = _summary(failures, said, skipped, exit_code)
    messages = tuple(_messages(failures, said))
    why = causes((message for _, message in messages), exit_code, hints)
    return Reading(summary, excerpt(failures, said, limit), failures, said.dialect, why, messages)


def _messages(failures: Sequence[Failure], said: LogFindings) -> Iterator[tuple[str, str]]:
    """Yield each failure's name and message, and the error that stopped the command, unless it's about a node."""
    yield from ((f"{one.kind} {one.name}", one.message) for one in failures)
    if said.problem and not _about(said.problem, failures):
        yield "the command", said.problem
    elif not failures and said.last:
        yield "the command", said.last


def _unnamed(kind: str, command: str) -> str:
    """Name a failure after the macro that `dbt run-operation` was to run, if the log gives no name."""
    found = _RUN_OPERATION.search(command) if kind == "operation" else None
    # The macro's package may precede its name.
    return found[1].rpartition(".")[2] if found else kind


def _merged(said: LogFindings, results: Results, mask: Callable[[str], str]) -> tuple[Failure, ...]:
    """Merge the failed nodes of dbt's results with the log's lines about them, and add those that the results omit."""
    texts = {(one.kind, _table(one.name)): one for one in said.failures}
    texts |= {(one.kind, one.name): one for one in said.failures}
    nodes = [_from_result(node, texts, said, mask) for node in results.failed]
    known = {(one.kind, one.name) for one in nodes}
    # Tables of two sources may share a name, so the table's name identifies only a node that the log doesn't name in
    # full.
    known |= {(one.kind, _table(one.name)) for one in nodes if (one.kind, one.name) not in texts}
    has_operation = any(one.kind == "operation" for one in nodes)
    for one in said.failures:
        left_out = one.kind == "source" or (one.kind == "operation" and not has_operation)
        if left_out and known.isdisjoint({(one.kind, one.name), (one.kind, _table(one.name))}):
            nodes.append(one)
    return tuple(nodes)


def _table(name: str) -> str:
    """The last part of a node's name: a source's table."""
    return name.rpartition(".")[2]


def _from_result(
    node: NodeResult, texts: dict[tuple[str, str], Failure], said: LogFindings, mask: Callable[[str], str]
) -> Failure:
    kind = "operation" if node.kind == "macro" else node.kind
    text = texts.get((kind, node.name)) or texts.get((kind, _table(node.name)))
    if text is None and kind == "operation":
        text = next((one for one in said.failures if one.kind == "operation"), None)
    lines = mask(strip_ansi(node.message)).split("\n")
    name = mask(node.name)
    message = own_message(lines)
    shown = text.lines if text else ()
    if _SAYS_NOTHING.match(message):
        message = (text.message if text else "") or _pointed_to(node.name, said) or message
    elif node.status == "partial success" and text and text.message.startswith(message):
        message = text.message
    if not shown:
        heading = f"{node.status.capitalize()} in {kind.replace('_', ' ')} {name}"
        shown = tuple(line for line in (heading, *(f"  {line.strip()}" for line in lines)) if line.strip())
    # Operations and hooks have no rows: dbt writes 1 there.
    rows = None if kind == "operation" else node.failures
    return Failure(kind, name, node.status, message, shown, node.seconds, rows)


def _pointed_to(name: str, said: LogFindings) -> str:
    """The log's message about a node's file, if the log reports only one problem."""
    return said.problem if points_to(name, said.lines) else ""


def _summary(failures: Sequence[Failure], said: LogFindings, skipped: int, exit_code: int | None) -> str | None:
    """Summarize the failures, as in `2 models failed, 1 test failed, 4 skipped because of them`.

    If no node failed, returns the error that stopped the command, or None if nothing failed.
    """
    parts = _counts(failures, said)
    if parts and skipped:
        parts.append(f"{skipped} skipped because of {'it' if len(failures) == 1 else 'them'}")
    counted = ", ".join(parts)
    signal = _SIGNALS.get(exit_code or 0)
    stopped = cut(_told(said.problem), SUMMARY_LIMIT)
    if counted and said.problem and not _about(said.problem, failures):
        return cut(f"{counted}; {stopped}", SUMMARY_LIMIT)
    if counted:
        return f"{counted}; {signal}" if signal and not said.ended else counted
    if stopped:
        return stopped[0].upper() + stopped[1:] if stopped.startswith("interrupted") else stopped
    if signal:
        return signal[0].upper() + signal[1:]
    if exit_code and said.last:
        return cut(_told(said.last), SUMMARY_LIMIT)
    return f"Ended with exit status {exit_code} and no error in its output" if exit_code else None


def _about(problem: str, failures: Sequence[Failure]) -> bool:
    """Whether the problem is only the failure of a node."""
    problem = problem[:_PROBLEM_MOST]
    return any(problem in one.message or (one.message and one.message in problem) for one in failures)


def _counts(failures: Sequence[Failure], said: LogFindings) -> list[str]:
    kinds: dict[str, list[Failure]] = {}
    for one in failures:
        kinds.setdefault("hook" if one.is_hook else one.kind, []).append(one)
    if list(kinds) == ["test"] and said.tests and said.tests >= len(failures):
        return [f"{len(failures)} of {plural(said.tests, 'test')} failed"]
    order = {kind: at for at, kind in enumerate(_ORDER)}
    told: list[str] = []
    for kind in sorted(kinds, key=lambda kind: order.get(kind, len(_ORDER))):
        ones = kinds[kind]
        partly = sum(1 for one in ones if one.status == "partial success")
        words = plural(len(ones), *_words(kind))
        if partly == len(ones):
            told.append(f"{words} partly failed")
        else:
            told.append(f"{words} failed" + (f" ({partly} of them partly)" if partly else ""))
    return told


def _words(kind: str) -> tuple[str, str]:
    word = kind.replace("_", " ")
    if word.endswith("ysis"):
        return word, f"{word[:-2]}es"
    return word, f"{word[:-1]}ies" if word.endswith("ry") else f"{word}s"


def _told(problem: str) -> str:
    """The class of an error with the first line of its message."""
    lines = [line.strip() for line in problem.split("\n") if line.strip()]
    if not lines:
        return ""
    if lines[-1] in _INTERRUPTED:
        return "interrupted (KeyboardInterrupt)"
    told = last = lines[0]
    for line in lines[1:4]:
        if not _CLASS_ALONE.fullmatch(last) and not _ENDS_WITH_CLASS.search(last):
            break
        told = f"{told.rstrip(':')}: {line}"
        last = line
    return " ".join(told.split()).rstrip(".:")


def one_line(message: str, limit: int = MESSAGE_KEPT) -> str:
    """Put a message on one line."""
    return cut(" ".join(message.split()), limit)
