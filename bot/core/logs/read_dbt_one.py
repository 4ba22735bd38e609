"""Reading the output of dbt 1, from 1.5 on.

A message's first line begins with a time of day; its other lines don't. From 1.10 on, a failure has the heading
`Failure in model x (path)`, followed by the message with its own heading (`  Database Error in model x (path)`). Before
1.10, only tests that found rows have the first heading; other failures begin with the message's own heading. In 1.5,
every line of a message has a time. From 1.12 on, `[ERROR]: ` precedes the errors that stopped dbt, and `[ERROR]: in
model x (path)` replaces `Failure in model x (path)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.core.logs.clean import Folded
from bot.core.logs.log_findings import (
    ERROR_HEAD,
    Failure,
    LogFindings,
    kind_of,
    own_message,
    status_of,
    without_repeats,
)

# `21:05:13` and two spaces; with --log-level debug, and in log files, also a level and a thread.
_TIME = re.compile(r"\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: ?\[(?P<level>\w{1,10}) *\] \[[^\]\n]{1,60}\]: | {1,2}|$)")
_TAG = "[ERROR]: "
_RUNNING = re.compile(r"Running with dbt=(?P<version>\d+\.\d+)")
_OWN_LINES = (
    "Running with dbt=1", "Running with dbt=0", "Done. PASS=", "Encountered an error:", "Completed with ",
    "Encountered an error while running operation:",
)  # fmt: skip
_WORDS = ("running with dbt=", "done. pass=", "encountered an error", "completed with ", "error", "fail")
# Texts that informative lines contain, except those of a report.
_TELLING = ("error", "fail", "partial", "cancel query", "exception on worker", "completed with ")
_COMPLETED = re.compile(r"Completed with (?P<errors>\d+) errors?\b|Completed with \d+ (?:partial success|warning)")
_DONE = re.compile(r"Done\.(?: PASS=\d+ .*)?$")
_COUNT = re.compile(r"\b(SKIP|ERROR)=(\d+)")
_FINISHED = re.compile(r"Finished running (.{1,400}?) in (?:\d+ hours|\d)")
_TEST_COUNT = re.compile(r"(\d+) (?:data |unit |generic |singular )?tests?$")
_ENCOUNTERED = re.compile(r"Encountered an error(?P<operation> while running operation)?: ?")
_CHECKS = re.compile(r"\d+ checks? failed:$")
# Messages that say more than the error that follows them.
_REASON = re.compile(r"Error while parsing node: |Database error while running on-run-|Unhandled error while executing")
_CHECK_INTRODUCED = re.compile(r"dbt was unable to connect to the|The database returned the following error")
_WORKER = "Exception on worker thread. "
_HOOK = re.compile(r"\s{0,4}(?P<name>on-run-(?:start|end)) failed, error:")
_SKIPPED_BLOCK = re.compile(r"\s*Skipping due to fail_fast")
_TRACEBACK = re.compile(r"\s*Traceback \(most recent call last\):")
_AFTERWARDS = re.compile(
    r"\[WARNING\]|Resource report: |Command `|Command end result|Flushing usage|Summary of encountered"
)
_FOLLOWS_BLOCK = re.compile(
    r"\s*(?:compiled code at |See test failures:|Got \d|Status: |-{5,}|select \* from )", re.IGNORECASE
)
_PROGRESS = re.compile(
    r"(?P<batch>Batch )?\d+ of \d+ (?P<word>ERROR|FAIL|PARTIALLY)\b ?(?P<what>.*?)[ .]*"
    r"\[(?P<status>[^\[\]]{1,60}?)(?: in [\d.]+s)?\]$"
)
_RELATION = re.compile(
    r"creat(?:ing|ed) (?:(?:sql|python) )?(?:\w+ )?(?P<kind>model|function|seed)? ?(?P<name>\S+)$"
    r"|snapshotting (?:snapshot )?(?P<snapshot>\S+)$|loading seed file (?P<seed>\S+)$"
    r"|(?:STALE )?freshness of (?P<source>\S+)$|hook: (?P<hook>\S+)$"
)
_NO_REASON = frozenset({"", "ERROR", "Status: error"})
# Progress lines are shorter than this.
_PROGRESS_MOST = 1_000
_CANCEL = "CANCEL query "
_BATCH = re.compile(r"(?:creating )?batch (?P<batch>\S+) of (?P<name>\S+)$")
_BATCHES_NAMED = 3


class _Line(NamedTuple):
    """A line without its time; `begins`: a message begins here."""

    text: str
    begins: bool


@dataclass(slots=True)
class _Block:
    kind: str
    name: str
    headed: bool = False
    lines: list[str] = field(default_factory=list)


def is_dbt_one(folded: Folded) -> bool:
    """Whether dbt 1 wrote these lines, judged by lines that no other tool prints."""
    for at in folded.with_any(_WORDS):
        line = folded.lines[at]
        time = _TIME.match(line) if line[2:3] == ":" else None
        rest = _untagged(line[time.end() :] if time else line)
        if rest.startswith(_OWN_LINES):
            return True
        # With --quiet, dbt prints only errors.
        quiet = time is not None and time[0].endswith(("  ", ": "))
        if quiet and (ERROR_HEAD.match(rest) or (_may_be_progress(rest) and _PROGRESS.match(rest))):
            return True
    return False


def read_dbt_one(lines: Sequence[str]) -> LogFindings:
    """Read the failures of the last failed dbt command in these lines."""
    starts = [at for at, line in enumerate(lines) if "Running with dbt=" in line[:80]]
    starts = [0, *starts] if not starts or starts[0] else starts
    last = LogFindings("dbt")
    for start, end in reversed(list(zip(starts, [*starts[1:], len(lines)], strict=True))):
        said = _command(_lines(lines[start:end]))
        if said.failures or said.problem:
            return said
        last = said if end == len(lines) else last
    return last


def _lines(lines: Sequence[str]) -> list[_Line]:
    """Strip the times, and drop messages that are marked as debug level."""
    found: list[_Line] = []
    debug = False
    timed = 0
    for line in lines:
        if line[8:10] == "  " and line[2:3] == line[5:6] == ":" and line[:2].isdecimal():
            timed, debug = timed + 1, False
            found.append(_Line(line[10:], True))  # noqa: FBT003 - the field says what it is
            continue
        at = _TIME.match(line) if line[2:3] == ":" else None
        if at is None:
            if not debug:
                found.append(_Line(line, begins=False))
            continue
        timed += 1
        debug = at["level"] == "debug"
        if not debug:
            found.append(_Line(line[at.end() :], begins=True))
    if timed < 2:
        return [_Line(line.text, begins=True) for line in found]
    return found


def _untagged(text: str) -> str:
    """Rewrite the first line of a message of dbt 1.12 as earlier versions print it."""
    if not text.startswith(_TAG):
        return text
    rest = text.removeprefix(_TAG)
    return f"Failure {rest}" if rest.startswith("in ") else rest


def _command(lines: list[_Line]) -> LogFindings:
    version = next((hit["version"] for line in lines[:200] if (hit := _RUNNING.match(line.text))), "1.10")
    flat = version == "1.5"
    telling = Folded([line.text for line in lines]).with_any(_TELLING)
    for at in telling:
        if lines[at].begins:
            lines[at] = _Line(_untagged(lines[at].text), begins=True)
    completed = [at for at in telling if lines[at].begins and _COMPLETED.match(lines[at].text)]
    done = next(
        (at for at in range(len(lines) - 1, -1, -1) if lines[at].begins and _DONE.match(lines[at].text)), len(lines)
    )
    blocks: list[_Block] = []
    if completed and completed[-1] < done:
        # If every line is a message, a blank line doesn't mark the start of the next failure.
        per_line = flat or all(line.begins for line in lines)
        blocks = _blocks(lines[completed[-1] + 1 : done], per_line=per_line, flat=flat)
    elif not completed:
        # `dbt source freshness` prints no "Completed with" line and, before dbt 1.10, no blocks for stale sources.
        blocks = _blocks([line for line in lines[:done] if line.begins or line.text.strip()], sparse=True)
    failures = [_failure(block) for block in blocks if block.kind]
    progress, reasons = _progress(lines, telling)
    failures = _with_own_names(failures, progress, paragraphs=flat)
    killed = not completed and done == len(lines)
    failures = _named(failures, [one for one in progress if killed or _only_progress_tells(one)], reasons)
    problem = _problem(lines, telling)
    counts = {name: int(count) for name, count in _COUNT.findall(lines[done].text)} if done < len(lines) else {}
    operation = next((one for one in problem if one.startswith("Encountered an error while running operation")), None)
    if operation is not None and not failures:
        message = own_message([operation.partition("operation:")[2], *problem[1:]])
        failures = [Failure("operation", "", "error", message, tuple(problem))]
        problem = []
    if failures and any(line.lstrip().startswith("FailFast Error") for line in problem):
        problem = []
    return LogFindings(
        "dbt",
        without_repeats(failures),
        _in_words(problem),
        tuple(problem),
        counts.get("SKIP"),
        _tests(lines),
        ended=done < len(lines) or bool(completed) or bool(problem),
    )


def _blocks(
    lines: Sequence[_Line], *, per_line: bool = False, flat: bool = False, sparse: bool = False
) -> list[_Block]:
    """Split a report into its failures and warnings. Warnings and skips have an empty kind.

    `per_line`: each line of a message has a time. `flat`: each does, and only the lines below a heading are indented
    (1.5). `sparse`: other messages may appear between the blocks.
    """
    blocks: list[_Block] = []
    blank = False
    for line in lines:
        current = blocks[-1] if blocks else None
        if flat and current is not None and line.text.startswith("  "):
            current.lines.append(line.text.rstrip())
            continue
        own_text = blank and not sparse and (bool(line.text.strip()) if flat else not per_line)
        opened = _opened(line, current, own_text=own_text and (flat or line.text.startswith("  ")))
        if opened is not None:
            blocks.append(opened)
        elif current is not None and not (sparse and line.begins and line.text[:1].strip()):
            current.lines.append(line.text.rstrip())
        elif sparse and line.begins and line.text[:1].strip() and current is not None:
            blocks.append(_Block("", ""))
        blank = line.begins and not line.text.strip()
    return blocks


def _opened(line: _Line, current: _Block | None, *, own_text: bool) -> _Block | None:
    """The block that begins with a line, or None if the line belongs to the current one."""
    if not line.begins:
        return None
    head = ERROR_HEAD.match(line.text)
    if head is not None:
        # The message below `Failure in …` may be about another node: a unit test's may name the model of its input.
        indented = line.text.startswith("  ")
        if (
            current is not None
            and current.headed
            and len(current.lines) == 1
            and (indented or current.name == head["name"])
        ):
            return None
        warns = head["what"] == "Warning"
        kind = "" if warns else kind_of(head["kind"])
        if kind == "model" and (head["path"] or "").endswith((".yml", ".yaml")):
            # Before 1.10, it's the only heading of a unit test whose input is wrong.
            return _Block("node", "", lines=[line.text.strip()])
        return _Block(kind, head["name"], headed=head["what"] == "Failure", lines=[line.text.strip()])
    hook = _HOOK.match(line.text)
    if hook is not None and not (current and current.headed and len(current.lines) == 1):
        return _Block("operation", hook["name"], lines=[line.text.strip()])
    if _SKIPPED_BLOCK.match(line.text):
        return _Block("", "")
    if _AFTERWARDS.match(line.text):
        return _Block("", "")
    has_message = current is None or len(current.lines) > 1 or not current.headed
    if own_text and has_message and not _FOLLOWS_BLOCK.match(line.text):
        # A message without a heading, such as an exception outside dbt. The node's progress line gives its name later.
        return _Block("node", "", lines=[line.text.strip()])
    return None


def _failure(block: _Block) -> Failure:
    lines = tuple(line for line in block.lines if line.strip())
    message = own_message(lines[1:] if block.headed or block.name else lines)
    return Failure(block.kind, block.name, status_of(block.kind, message), message, lines)


@dataclass(slots=True)
class _Batches:
    """The failed batches of a microbatch model, and why the first of them failed."""

    reason: str = ""
    names: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = len(self.names) - _BATCHES_NAMED
        named = ", ".join(self.names[:_BATCHES_NAMED]) + (f", and {more} more" if more > 0 else "")
        return f"{'batch' if len(self.names) == 1 else 'batches'} {named}"


def _progress(lines: Sequence[_Line], telling: Sequence[int]) -> tuple[list[Failure], dict[str, _Batches]]:
    """Read the failures from progress lines, and the failed batches of microbatch models by relation.

    Nodes cancelled by an interrupt didn't fail.
    """
    found: list[Failure] = []
    batches: dict[str, _Batches] = {}
    reason = ""
    for at in telling:
        line = lines[at]
        if _WORKER in line.text:
            after = [other.text for other in _message_at(lines, at)]
            reason = own_message([line.text.partition(_WORKER)[2], *after[1:]])
        if not line.begins:
            continue
        if line.text.startswith(_CANCEL):
            break
        hit = _PROGRESS.match(line.text) if _may_be_progress(line.text) else None
        if hit is None:
            continue
        if hit["batch"]:
            batch = _BATCH.search(hit["what"])
            if batch:
                failed = batches.setdefault(batch["name"], _Batches())
                failed.names.append(batch["batch"])
                failed.reason = failed.reason or reason
        else:
            found.append(_progressed(hit, line.text))
    return found, batches


def _may_be_progress(text: str) -> bool:
    return len(text) <= _PROGRESS_MOST and ("ERROR" in text or "FAIL" in text or "PARTIAL" in text)


def _only_progress_tells(progressed: Failure) -> bool:
    """Whether a failure may have no block of its own even though dbt ran to its end."""
    return progressed.kind in {"source", "operation"} or progressed.status == "partial success"


def _with_own_names(blocks: list[Failure], progress: Sequence[Failure], *, paragraphs: bool) -> list[Failure]:
    """Name the blocks without a heading: each belongs to the next node in `progress` that failed and has no block.

    If no such node is left, the block is attributed to a model, or dropped if it may be just one of a message's
    `paragraphs`.
    """
    named = {one.name for one in blocks if one.name}
    left = iter([one for one in progress if one.name not in named and one.status == "error"])
    found: list[Failure] = []
    for block in blocks:
        if block.name or block.kind != "node":
            found.append(block)
        elif (one := next(left, None)) is not None:
            found.append(replace(block, kind=one.kind, name=one.name))
        elif not paragraphs:
            found.append(replace(block, kind="model"))
    return found


def _progressed(hit: re.Match[str], text: str) -> Failure:
    what, word = hit["what"], hit["word"]
    relation = _RELATION.search(what)
    status = {"FAIL": "fail", "PARTIALLY": "partial success"}.get(word, "error")
    if relation is None:
        name = re.sub(r"^\d+ ", "", what)
        kind = "unit_test" if "::" in name else "test"
        message = (
            f"Got {what.split(' ')[0]} results" if status == "fail" and kind == "test" and what[:1].isdigit() else ""
        )
        return Failure(kind, name.rpartition("::")[2], status, message, (text,))
    if relation["source"]:
        stale = "STALE" in what
        return Failure(
            "source", relation["source"], "error" if stale else "runtime error", "stale" if stale else "", (text,)
        )
    if relation["hook"]:
        return Failure("operation", relation["hook"].replace(".", "-"), status, "", (text,))
    for kind in ("snapshot", "seed"):
        if relation[kind]:
            return Failure(kind, relation[kind].rpartition(".")[2], status, "", (text,), note=relation[kind])
    message = hit["status"] if status == "partial success" else ""
    name = relation["name"]
    return Failure(relation["kind"] or "model", name.rpartition(".")[2], status, message, (text,), note=name)


def _named(blocks: list[Failure], progress: list[Failure], batches: dict[str, _Batches]) -> list[Failure]:
    """Add what only progress lines report: sources' names, partial successes, reasons of batches."""
    why = {name.rpartition(".")[2]: failed.reason for name, failed in reversed(batches.items())}
    sources: dict[tuple[str, bool], list[Failure]] = {}
    for one in reversed(progress):
        if one.kind == "source":
            sources.setdefault((one.name.rpartition(".")[2], one.message == "stale"), []).append(one)
    merged = [_with_reason(_with_source(block, sources), why) for block in blocks]
    known = {(one.kind, one.name) for one in merged}
    hooks = any(one.is_hook for one in merged)
    for one in progress:
        if (one.kind, one.name) in known or (one.kind == "operation" and hooks):
            continue
        failed = batches.get(one.note)
        reason = failed.reason if failed else ""
        message = one.message or reason
        if one.message and failed:
            message = f"{one.message}, {failed}: {reason}".removesuffix(": ")
        merged.append(replace(one, message=message, lines=(*one.lines, *(reason.split("\n") if reason else ()))))
    return merged


def _with_source(block: Failure, sources: dict[tuple[str, bool], list[Failure]]) -> Failure:
    """Complete a source's block with its full name and dbt's status from its progress line.

    `sources` lists the sources that are left for each table name and staleness, because tables of two sources may share
    a name.
    """
    is_stale = block.message == "Status: error"
    alike = sources.get((block.name, is_stale)) or sources.get((block.name, not is_stale))
    if alike is None or block.kind != "source":
        return block
    # A block may be printed twice, so the last source stays in the list for another block.
    source = alike.pop() if len(alike) > 1 else alike[0]
    message = source.message if is_stale else block.message
    return replace(block, name=source.name, status=source.status, message=message or block.message)


def _with_reason(block: Failure, reasons: dict[str, str]) -> Failure:
    """If a block only says `ERROR`, add the reason that the model's batches printed."""
    reason = reasons.get(block.name, "") if block.message.strip() in _NO_REASON else ""
    return replace(block, message=reason, lines=(*block.lines, *reason.split("\n"))) if reason else block


def _message_at(lines: Sequence[_Line], at: int) -> list[_Line]:
    """The rest of the message that begins at a line."""
    end = at + 1
    while end < len(lines) and not lines[end].begins and end < at + 60:
        end += 1
    return list(lines[at:end])


def _problem(lines: Sequence[_Line], telling: Sequence[int]) -> list[str]:
    """The error that stopped the whole command, as dbt prints it, heading first. Empty if there's none."""
    openings = [
        at
        for at in telling
        if lines[at].begins and (_ENCOUNTERED.match(lines[at].text) or _CHECKS.match(lines[at].text))
    ]
    if not openings:
        return []
    at = openings[-1]
    found = _until_something_else(lines, at)
    if _CHECKS.match(lines[at].text):
        found = [line.replace("  >", "  ", 1) for line in found if not _CHECK_INTRODUCED.match(line)]
    elif len(found) == 1 and _ENCOUNTERED.fullmatch(found[0] + " "):
        found += _last_of_traceback(lines, at)
    before = next((one for one in range(at - 1, max(-1, at - 6), -1) if lines[one].begins), None)
    if before is not None and _REASON.match(lines[before].text):
        found = [*found, *(line.text.rstrip() for line in _message_at(lines, before) if line.text.strip())]
    return found


def _until_something_else(lines: Sequence[_Line], at: int) -> list[str]:
    found = [lines[at].text.rstrip()]
    timed = any(not line.begins for line in lines)
    checks = bool(_CHECKS.match(lines[at].text))
    for line in lines[at + 1 : at + 200]:
        if line.begins and ((timed and not checks) or _AFTERWARDS.match(line.text) or _DONE.match(line.text)):
            break
        if line.begins and _TRACEBACK.match(line.text):
            break
        if line.text.strip():
            found.append(line.text.rstrip())
    return found


def _last_of_traceback(lines: Sequence[_Line], at: int) -> list[str]:
    """The exception at the end of a traceback."""
    begun, last = False, ""
    for line in lines[at:]:
        if _TRACEBACK.match(line.text):
            begun = True
        elif begun and line.begins:
            break
        elif begun and line.text[:1].strip():
            last = line.text.strip()
    return [last] if last else []


def _in_words(problem: Sequence[str]) -> str:
    """The problem without the words `Encountered an error:`."""
    if not problem:
        return ""
    opening = _ENCOUNTERED.match(problem[0])
    first = problem[0][opening.end() :] if opening else problem[0] if not _CHECKS.match(problem[0]) else ""
    return "\n".join(line.strip() for line in (first, *problem[1:]) if line.strip())


def _tests(lines: Sequence[_Line]) -> int | None:
    """How many tests ran, or None if anything else ran as well."""
    for line in reversed(lines):
        if line.begins and (hit := _FINISHED.match(line.text)):
            parts = [_TEST_COUNT.match(part.strip()) for part in hit[1].split(",")]
            return sum(int(part[1]) for part in parts if part) if all(parts) else None
    return None
