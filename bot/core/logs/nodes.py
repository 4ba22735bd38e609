"""dbt's nodes at a run's end: the failed ones, the counts per status, and the slowest, for storing and showing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.logs.hints.hint import Table
from bot.core.logs.log_findings import ERROR_HEAD, Failure, LogFindings
from bot.core.logs.read_log import Reading, one_line, reading
from bot.core.logs.run_results import NodeResult, Results
from bot.core.model.run import End, FailedNode, Run, SlowNode
from bot.core.text.message import Message, Paragraph, Preformatted
from bot.core.text.text import Sentence, cut, duration, plural

NODES_KEPT = 20
WARNED_KEPT = 10
COUNTS_KEPT = 12
MESSAGE_KEPT = 300
NAME_KEPT = 150
NAME_SHOWN = 60
MESSAGE_SHOWN = 100
# For the list in a thread, where lines may wrap.
MESSAGE_LISTED = 160
TABLE_SHOWN = 2_800
_NO_NEWS = re.compile(r"compiled code at |[\w.-]{1,150} failed, error:$", re.IGNORECASE)
# The call chain of a macro: a dozen lines that name dbt's own macros.
_CALLED = re.compile(r"\s*> called by ")
OPERATION = "Encountered an error while running operation:"
# Room for the line that counts the nodes left out.
MORE_SHOWN = 30

# Order of statuses, the worst first. Unknown statuses come before harmless ones, in case they're bad.
_WORST_FIRST = ("error", "runtime error", "fail", "partial success", "warn", "skipped")
_WELL = ("no-op", "pass", "success")
_WORDS = {"fail": "FAIL", "partial success": "PART"}


def with_results(
    end: End,
    results: Results,
    mask: Callable[[str], str],
    said: LogFindings | None = None,
    hints: Table | None = None,
) -> End:
    """Merge dbt's own results and the log's findings into a run's end. Names and messages are masked.

    `hints` are those that apply to the run's schedule, the built-in ones by default.
    """
    counts = sorted(results.counts.items(), key=lambda count: _severity(count[0]))
    code, command = (end.failed.return_code, end.failed.text) if end.failed else (None, "")
    found = reading(
        said or LogFindings(), results, limit=EXCERPT_LIMIT, exit_code=code, command=command, mask=mask, hints=hints
    )
    return replace(
        end,
        summary=found.summary or end.summary,
        excerpt=found.excerpt or end.excerpt,
        nodes=failed_nodes(found) or end.nodes,
        failed_nodes=len(found.failures) or end.failed_nodes,
        causes=found.causes or end.causes,
        counts=tuple((cut(mask(word), 40), count) for word, count in counts[:COUNTS_KEPT]),
        warned=tuple(cut(mask(node.name), NAME_KEPT) for node in results.warned[:WARNED_KEPT]),
        warned_nodes=len(results.warned),
        slowest=tuple(_slow(node, mask) for node in results.slowest),
    )


def with_warnings(end: End, warned: Sequence[NodeResult], mask: Callable[[str], str]) -> End:
    """Add the nodes with warnings to the end of a successful run. Names are masked."""
    names = tuple(cut(mask(node.name), NAME_KEPT) for node in warned[:WARNED_KEPT])
    return replace(end, warned=names, warned_nodes=len(warned)) if warned else end


def failed_nodes(found: Reading) -> tuple[FailedNode, ...]:
    """The first failed nodes, as stored with a run."""
    return tuple(_failed(failure) for failure in found.failures[:NODES_KEPT])


def _failed(failure: Failure) -> FailedNode:
    word = _WORDS.get(failure.status, "ERROR")
    message = one_line(failure.message, MESSAGE_KEPT)
    kind = cut(failure.kind, 20)
    return FailedNode(word, cut(failure.name, NAME_KEPT), kind, message, failure.seconds, failure.rows)


def _slow(node: NodeResult, mask: Callable[[str], str]) -> SlowNode:
    return SlowNode(cut(mask(node.name), NAME_KEPT), cut(node.kind, 20), round(node.seconds or 0, 2))


def _severity(word: str) -> int:
    if word in _WORST_FIRST:
        return _WORST_FIRST.index(word)
    return len(_WORST_FIRST) + (1 + _WELL.index(word) if word in _WELL else 0)


def node_table(nodes: Sequence[FailedNode], count: int = 0) -> str:
    """A table of failed nodes, one per line: status, name, kind, time, failing rows and message.

    `count` is the total if more failed than are named.
    """
    rows = [_row(node) for node in nodes]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines: list[str] = []
    room = TABLE_SHOWN - MORE_SHOWN
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        line = "  ".join([*cells, row[5]]).rstrip()
        if room < len(line) + 1:
            break
        lines.append(line)
        room -= len(line) + 1
    more = max(count, len(nodes)) - len(lines)
    return "\n".join([*lines, *([f"… and {more} more"] if more else [])])


def said_once(excerpt: str, nodes: Sequence[FailedNode]) -> tuple[str, tuple[FailedNode, ...]]:
    """Remove the repetition between a log excerpt and the list of nodes next to it.

    Lines that a node's entry repeats are removed from its block of the excerpt, and a block without other lines is
    removed as a whole. If a node's message is too long for the list, the list has only its name. Blocks are separated
    by an empty line and name their node in the first line.
    """
    kept: list[str] = []
    longer: set[str] = set()
    for whole in excerpt.split("\n\n") if excerpt else []:
        block = "\n".join(line for line in whole.split("\n") if not _CALLED.match(line))
        head, _, body = block.partition("\n")
        named = {word.rpartition(".")[2] for word in head.split()} | set(head.split())
        node = next((one for one in nodes if one.name in named), None)
        message = " ".join(node.message.split()) if node else ""
        if node is None and head.startswith(OPERATION) and any(_all_said(body, one) for one in nodes):
            continue
        if node is None or not message:
            kept.append(block)
        elif len(message) > MESSAGE_LISTED:
            longer.add(node.name)
            kept.append(block)
        else:
            rest = [line for line in body.split("\n") if not _is_said(line, message)]
            kept += ["\n".join([head, *rest])] if any(_tells(line) for line in rest) else []
    return "\n\n".join(kept), tuple(replace(one, message="") if one.name in longer else one for one in nodes)


def _tells(line: str) -> bool:
    """Whether a line makes its block worth keeping, unlike a line that only names the failed macro."""
    return bool(line.strip()) and not line.strip().startswith("> in ")


def _all_said(body: str, node: FailedNode) -> bool:
    message = " ".join(node.message.split())
    return bool(message) and all(_is_said(line, message) for line in body.split("\n"))


def _is_said(line: str, message: str) -> bool:
    """Whether a line of a failure's block adds nothing to the failure's message."""
    text = " ".join(line.split())
    return not text or text in message or bool(_NO_NEWS.match(text)) or bool(ERROR_HEAD.match(text))


def _row(node: FailedNode) -> tuple[str, str, str, str, str, str]:
    return (
        node.status,
        cut(" ".join(node.name.split()), NAME_SHOWN),
        node.kind,
        "" if node.seconds is None else seconds(node.seconds),
        "" if not node.failures else plural(node.failures, "row"),
        cut(" ".join(node.message.split()), MESSAGE_SHOWN),
    )


def counts(end: End) -> Sentence:
    """Sentence with dbt's counts, as in `dbt reports 1 fail, 1 warn, 5 success. Warned: not_null_orders_id.`.

    Empty if dbt left no results.
    """
    if not end.counts:
        return ()
    text = f"dbt reports {', '.join(f'{count} {word}' for word, count in end.counts)}."
    if end.warned:
        text += f" Warned: {_named(end, len(end.warned))}."
    return (text,)


def warnings(end: End, most: int = 3) -> Sentence:
    """List the nodes that warned, as in `2 warnings: not_null_orders_id, unique_orders_id`. Empty if nothing warned."""
    return (f"{plural(end.warned_nodes, 'warning')}: {_named(end, most)}",) if end.warned else ()


def _named(end: End, most: int) -> str:
    names = ", ".join(cut(name, NAME_SHOWN) for name in end.warned[:most])
    left = end.warned_nodes - min(most, len(end.warned))
    return f"{names} and {left} more" if left > 0 else names


def failed(run: Run) -> Message:
    """List all known failed nodes of a run, for the person who asked."""
    if run.end is None or not run.end.nodes:
        return Message((f"I don't know which nodes of run {run.id} failed. Open it in Bolt.",))
    first = f"The failed nodes of run {run.id}:"
    table = node_table(run.end.nodes, run.end.failed_nodes)
    names = ", ".join(cut(node.name, NAME_SHOWN) for node in run.end.nodes)
    return Message((f"{first} {names}.",), (Paragraph((first,)), Preformatted(table)))


def slowest(run: Run) -> Message:
    """List the slowest nodes of the failed command, for the person who asked."""
    if run.end is None or not run.end.slowest:
        return Message((f"I don't know how long the nodes of run {run.id} took. Open it in Bolt.",))
    nodes = run.end.slowest
    width = max(len(cut(node.name, NAME_SHOWN)) for node in nodes)
    wide = max(len(seconds(node.seconds)) for node in nodes)
    lines = [f"{seconds(node.seconds):>{wide}}  {cut(node.name, NAME_SHOWN):<{width}}  {node.kind}" for node in nodes]
    told = ", ".join(f"{cut(node.name, NAME_SHOWN)} ({seconds(node.seconds)})" for node in nodes)
    first = f"The slowest nodes of run {run.id}: {told}."
    return Message((first,), (Paragraph((f"The slowest nodes of run {run.id}:",)), Preformatted("\n".join(lines))))


def seconds(value: float) -> str:
    """Format a duration: `0.04 s`, `3.2 s`, `4 min 12 s`."""
    if value < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 10 else duration(value)
