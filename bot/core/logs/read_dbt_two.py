"""Reading the output of dbt 2 (Fusion): progress on stdout, its report `Errors and Warnings` mostly on stderr."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.logs.clean import Folded
from bot.core.logs.log_findings import KINDS, Failure, LogFindings, kind_of, own_message

_MADE_BY = re.compile(r"\s*dbt-(?:fusion|core) 2\.|=+ (?:Errors and Warnings|Execution Summary) =+\s*$")
_WORDS = ("dbt-fusion 2.", "dbt-core 2.", "errors and warnings =", "execution summary =", "(dbt", "error: dbt")
_HEAD = re.compile(
    r"(?:\[(?P<level>error|warning|warn|suggestion)\] ?(?:\[(?P<code>[^\]\n]{1,120})\])?:? ?"
    r"|(?P<level2>error|warning): ?(?P<code2>dbt\d{3,5}): ?)(?P<message>.*)"
)
_MARKS = re.compile(r"=+ .{1,60} =+\s*$|\s*Finished '|suggestion: ")
_FRAME = re.compile(r"\s*\d{1,3}: (?:<unknown>|[\w:<>$.{}\[\] ]+)$|\s+at (?:\./|/|<)\S+$|\s*\d{1,3}:\s+0x[0-9a-f]+")
_KIND = "|".join(KINDS)
_PROGRESS = re.compile(
    rf"\s*(?:\d\d:\d\d:\d\d )?(?:Failed|Errored) +(?:\[[^\]\n]{{0,20}}\] +)?(?P<kind>{_KIND}|data test|data_test)\s+"
    r"(?P<name>[^\s()]{1,300})"
)
_NODE = re.compile(rf"\b(?:in|for) (?P<kind>{_KIND})[ .](?P<name>[^\s(),]{{1,300}})", re.IGNORECASE)
_PLACE = re.compile(r"\s*--> (?P<path>[^\s:(]{1,400})")
# dbt 2 itself records such a model as failed.
_MODEL_FILE = re.compile(r"\s*--> models/(?:[^\s:(]{1,400}/)?(?P<name>[^\s:(/]{1,200})\.(?:sql|py)(?:[:\s]|$)")
_SKIPPED = re.compile(r"Summary: .{0,200}?(\d+) skipped")
_ERROR_IN = re.compile(r"\W*(?:\w+ )?error in ", re.IGNORECASE)
_PLACES_MOST = 200
_TOO_GENERAL = frozenset({"", "compilation error", "database error", "runtime error", "error"})


def is_dbt_two(folded: Folded) -> bool:
    """Whether dbt 2 wrote these lines."""
    for at in folded.with_any(_WORDS):
        line = folded.lines[at]
        if _MADE_BY.match(line):
            return True
        head = _HEAD.match(line) if line.startswith(("[error] [", "error: dbt")) else None
        if head is not None and "dbt" in (head["code"] or head["code2"] or ""):
            return True
    return False


def read_dbt_two(lines: Sequence[str]) -> LogFindings:
    """Read the failures from the progress of each node and from the report."""
    reports = _reports(lines)
    failed = {one.name: one for line in lines if (hit := _PROGRESS.match(line)) for one in [_progressed(hit)]}
    problems: list[tuple[str, ...]] = []
    for report in reports:
        node = _of_node(report, failed)
        if node is None:
            problems.append(report)
        elif node.name not in failed or not failed[node.name].message:
            failed[node.name] = node
    nodes, problems = _paired(list(failed.values()), problems)
    skipped = next((int(hit[1]) for line in reversed(lines) if (hit := _SKIPPED.match(line))), None)
    words = "\n".join(_message(problem) for problem in problems)
    shown = tuple(line for problem in problems for line in problem)
    ended = bool(reports) or any(_MARKS.match(line) for line in lines)
    return LogFindings("dbt", tuple(nodes), words, shown, skipped, ended=ended)


def _paired(failed: list[Failure], problems: list[tuple[str, ...]]) -> tuple[list[Failure], list[tuple[str, ...]]]:
    """Assign reports that name no node to the failures without a message, if there are as many reports as failures."""
    silent = [one for one in failed if not one.message]
    if not silent or len(silent) != len(problems):
        return failed, problems
    reports = iter(problems)
    found: list[Failure] = []
    for one in failed:
        report = () if one.message else next(reports)
        found.append(replace(one, message=_message(report), lines=(*one.lines, *report)) if report else one)
    return found, []


def _reports(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """Split the report into its errors, each with the lines below it, without dbt's own stack frames."""
    found: list[list[str]] = []
    inside = False
    for line in lines:
        head = _HEAD.match(line)
        if head is not None:
            inside = (head["level"] or head["level2"]) == "error"
            if inside:
                found.append([line.rstrip()])
        elif _MARKS.match(line):
            inside = False
        elif inside and line.strip() and not _FRAME.match(line):
            found[-1].append(line.rstrip())
    return [tuple(one) for one in found]


def _progressed(hit: re.Match[str]) -> Failure:
    kind = kind_of(hit["kind"].replace("data test", "test").replace("data_test", "test"))
    name = hit["name"]
    name = name if kind == "source" else name.rpartition(".")[2]
    return Failure(kind, name, "fail" if kind in {"test", "unit_test"} else "error", "", (hit[0].strip(),))


def _of_node(report: tuple[str, ...], failed: Mapping[str, Failure]) -> Failure | None:
    """The failure of a node that a report is about: the node it names, or a failed node whose file it points to."""
    message = _message(report)
    named = _NODE.search("\n".join(report[:20])[:600])
    if named is not None:
        name = named["name"].rstrip(":.;'\"").rpartition(".")[2]
        known = failed.get(name)
        if known is not None:
            return Failure(known.kind, name, known.status, message, report)
        if _ERROR_IN.match(message):
            return Failure(kind_of(named["kind"].lower()), name, "error", message, report)
    for stem in _stems(report):
        known = failed.get(stem)
        if known is not None and not known.message:
            return Failure(known.kind, known.name, known.status, message, report)
    model = next((hit["name"] for line in report[:_PLACES_MOST] if (hit := _MODEL_FILE.match(line))), None)
    return Failure("model", model, "error", message, report) if model else None


def _stems(lines: Sequence[str]) -> list[str]:
    """The names of the files that lines point to, without extensions."""
    places = [hit["path"] for line in lines[:_PLACES_MOST] if (hit := _PLACE.match(line))]
    return [place.rpartition("/")[2].rpartition(".")[0] for place in places]


def _message(report: Sequence[str]) -> str:
    """The message without its level and code, and without positions in files."""
    head = _HEAD.match(report[0])
    first = head["message"] if head else report[0]
    body = own_message([first, *(line for line in report[1:] if not _PLACE.match(line))])
    code = (head["code"] or head["code2"] or "") if head else ""
    return body if body.strip().lower() not in _TOO_GENERAL else f"{code} {body}".strip()


def points_to(name: str, lines: Sequence[str]) -> bool:
    """Whether the lines of a problem point to a node's file."""
    return name in _stems(lines)
