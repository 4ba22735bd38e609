"""Reading the output of tools other than dbt: selects the most informative lines, in their order.

A traceback ends with its exception, and a chain of Java exceptions with the last `Caused by`. Other lines are ranked
by their words. The highest-ranked lines are kept with the lines around them. The last lines of the output are always
kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.core.logs.clean import Folded
from bot.core.logs.log_findings import Dialect, LogFindings
from bot.core.text.text import cut

TAIL_LINES = 40
LINE_MOST = 1_000
_STRONG_MOST = 40
_AROUND_BEFORE, _AROUND_AFTER = 1, 4
_NEAR_TAIL = 12

_TRACEBACK = re.compile(r"\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):")
_CHAINED = re.compile(r"\s*(?:During handling of the above|The above exception was the direct cause)")
_EXCEPTION = re.compile(
    r"(?:[A-Za-z_][\w.$]{0,200}\.)?[A-Z]\w{0,80}(?:Error|Exception|Interrupt|Exit|Failure|Timeout)\b(?:: |:?$)"
)
_JAVA = re.compile(
    r"Exception in thread |Caused by: |(?:[a-z_]\w{0,60}\.){2,12}[A-Z]\w{0,80}(?:Exception|Error)\b(?::|$)"
)
_CAUSED_BY = re.compile(r"\s*Caused by: (.*)")
_FRAME = re.compile(r"\s+at [\w.$<>/]{1,300}\(|\s*\.\.\. \d+ (?:more|common)|  File \"|\s+\^+\s*$")
_HARMLESS = re.compile(
    r"\b0 (?:errors?|failures|failed)\b|\b(?:errors?|failures|failed)\b ?[=:] ?0\b|\bno errors?\b|warning|deprecat"
    r"|trying again|retry|retries|will raise|\b(?:INFO|DEBUG|TRACE)\b",
    re.IGNORECASE,
)
_NOTICE = re.compile(r"warn|deprecat|notice|\b(?:INFO|DEBUG)\b|^\s+", re.IGNORECASE)
_LEVEL = re.compile(
    r"(?i:[\W\d]{0,40}(?:[\w./-]{1,40}(?:\[\d+\])?: )?(?:error|fatal|panic|fehler|erreur|errore)\b ?[:!\[(|\]-])"
    r"|.{0,80}?\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC)\b|.{0,80}?\bERR!|.{0,300}?\b(?:FAIL|FAILED|FAILURE)\b"
)
_WORDS = re.compile(
    r"error|fail|fatal|exception|denied|refused|not found|no such|cannot|can't|could ?n[o']t|unable to|invalid|rejected"
    r"|timed out|timeout|killed|abort|unknown option|unrecognized|unexpected|not recognized|out of memory|fehl|\berr!|unbound variable",
    re.IGNORECASE,
)
_CLEAR = re.compile(
    r"command not found|No such file or directory|[Pp]ermission denied|Segmentation fault|Out of memory|Killed$|\b(?:CRITICAL|SEVERE|PANIC|panic:)"
)
# Every line with a score contains one of these, in lower case.
_NEEDLES = (
    "err", "fail", "fatal", "exception", "denied", "refused", "not found", "no such", "cannot", "can't", "could not",
    "couldn't", "unable to", "invalid", "reject", "timed out", "timeout", "killed", "abort", "unknown option",
    "unrecognized", "unexpected", "not recognized", "out of memory", "fehl", "interrupt", "exit", "panic", "critical",
    "severe", "segmentation", "caused by", "unbound",
)  # fmt: skip
_GENERIC = re.compile(
    r"abort|exiting|exited with|exit (?:code|status)|process completed|job failed|^make(?:\[\d+\])?: \*\*\*"
    r"|returned non-zero|see (?:above|log)|task failed|lifecycle script",
    re.IGNORECASE,
)
_OF_DBT = re.compile(r"\d\d:\d\d:\d\d(?:  |$)")
_LINT = re.compile(r"== \[(?P<path>[^\]\n]{1,300})\] FAIL")


def read_other(
    streams: Sequence[Sequence[str]],
    shown: Sequence[Sequence[str]],
    limit: int,
    *,
    with_dbt: bool = False,
) -> LogFindings:
    """Select the relevant lines of an output, in at most `limit` characters.

    `streams` are stdout and stderr; `shown` are the same lines with their original prefixes. `with_dbt`: dbt wrote some
    of the lines but reported no failure.
    """
    (out, shown_out), (err, shown_err) = map(_not_blank, streams, shown)
    for lines, as_shown in ((err, shown_err), (out, shown_out)):
        start = _traceback(lines)
        if start is not None:
            return _with_traceback(lines, as_shown, start, limit)
    scored_out, scored_err = (
        # A prefix may contain the level, or hide an exception, so both forms are scored.
        list(map(max, _scores(lines, with_dbt=with_dbt), _scores(as_shown, with_dbt=with_dbt)))
        if lines is not as_shown
        else _scores(lines, with_dbt=with_dbt)
        for lines, as_shown in ((out, shown_out), (err, shown_err))
    )
    best_out, best_err = max(scored_out, default=0), max(scored_err, default=0)
    last = next((line.strip() for line in reversed(err) if not _NOTICE.search(line[:LINE_MOST])), "")
    lines, as_shown, scores = out, shown_out, scored_out
    if err and best_err >= 3 and best_out >= 3:
        lines, as_shown, scores = out + err, shown_out + shown_err, scored_out + scored_err
    elif err and (not out or best_err > max(best_out, 1) or (max(best_out, best_err) <= 1 and last)):
        lines, as_shown, scores = err, shown_err, scored_err
    problem = _summary(lines, scores).lstrip("│ ")
    return LogFindings("tail", problem=problem, shown=_ranked(as_shown, scores, limit), last=last)


def _not_blank(lines: Sequence[str], raw: Sequence[str]) -> tuple[list[str], list[str]]:
    if lines is raw or len(lines) != len(raw):
        kept = [line.rstrip() for line in lines if line and not line.isspace()]
        return kept, kept
    pairs = [(line.rstrip(), shown.rstrip()) for line, shown in zip(lines, raw, strict=True) if line.strip()]
    return [line for line, _ in pairs], [shown for _, shown in pairs]


def _score(line: str) -> int:
    """Score a line: 0 irrelevant, 1 a harmless mention, 3 a mention of an error, 5 an error, 6 an error's cause."""
    head = line[:LINE_MOST]
    if _FRAME.match(head):
        return 0
    if _EXCEPTION.match(head) or _JAVA.match(head.lstrip()):
        return 6
    speaks = _WORDS.search(head) is not None
    if not speaks and not _CLEAR.search(head):
        return 0
    if _HARMLESS.search(head):
        return 1
    if _LEVEL.match(head) or _CLEAR.search(head):
        return 5
    return 3


def _scores(lines: Sequence[str], *, with_dbt: bool) -> list[int]:
    """Score all lines. Most lines of a long log contain no relevant word, and one search skips them all."""
    scores = [0] * len(lines)
    for at in Folded(lines).with_any(_NEEDLES):
        if not (with_dbt and _OF_DBT.match(lines[at])):
            scores[at] = _score(lines[at])
    return scores


def _summary(lines: Sequence[str], scores: Sequence[int]) -> str:
    """The line that best describes the failure, or "" if there's none."""
    linted = list(dict.fromkeys(hit["path"] for line in lines if line[:4] == "== [" and (hit := _LINT.match(line))))
    if linted:
        return f"{len(linted)} file{'s' * (len(linted) > 1)} failed the check: {', '.join(linted[:5])}"
    best = max(scores, default=0)
    if best < 3:
        return ""
    causes = [hit[1] for line in lines if (hit := _CAUSED_BY.match(line))] if best == 6 else []
    if causes:
        return causes[-1].strip()
    candidates = [line.strip() for line, score in zip(lines, scores, strict=True) if score == best]
    return next((line for line in reversed(candidates) if not _GENERIC.search(line[:LINE_MOST])), candidates[-1])


def _ranked(lines: Sequence[str], scores: Sequence[int], limit: int) -> str:
    """The most informative lines and the last ones, in order, with a mark for lines left out."""
    if len(lines) <= TAIL_LINES and sum(len(line) + 1 for line in lines) <= limit:
        return "\n".join(lines)
    chosen: set[int] = set()
    room = limit
    for at in _by_weight(lines, scores):
        if at in chosen:
            continue
        cost = min(len(lines[at]), LINE_MOST) + 3
        if cost > room:
            continue
        chosen.add(at)
        room -= cost
        if room < 40:
            break
    shown: list[str] = []
    last = -1
    for at in sorted(chosen):
        if at != last + 1 and shown:
            shown.append("…")
        shown.append(cut(lines[at], LINE_MOST))
        last = at
    return cut("\n".join(shown), limit)


def _by_weight(lines: Sequence[str], scores: Sequence[int]) -> Iterable[int]:
    """The order in which lines are given room: the strongest and their context, then the end, then more of the tail."""
    count = len(lines)
    strong = [at for at, score in enumerate(scores) if score >= 5]
    if len(strong) > _STRONG_MOST:
        strong = [*strong[: _STRONG_MOST // 3], *strong[-(_STRONG_MOST * 2) // 3 :]]
    weak = [at for at, score in enumerate(scores) if score == 3]
    weak = weak[-_STRONG_MOST:]
    top = max((scores[at] for at in strong), default=0)
    first = [at for at in strong if scores[at] == top]
    yield from reversed(first)
    yield from strong
    yield from (at for at in range(count - 1, max(-1, count - 4), -1) if not _FRAME.match(lines[at][:LINE_MOST]))
    for at in strong[-6:]:
        yield from range(at + 1, min(count, at + 1 + _AROUND_AFTER))
        yield from range(max(0, at - _AROUND_BEFORE), at)
    yield from reversed(weak[-10:])
    tail = [
        at for at in range(count - 1, max(-1, count - TAIL_LINES - 1), -1) if not _FRAME.match(lines[at][:LINE_MOST])
    ]
    yield from tail[:_NEAR_TAIL]
    yield from reversed(weak)
    if not strong:
        yield from tail


def _traceback(lines: Sequence[str]) -> int | None:
    """The start of the last chain of tracebacks, or None if there's none."""
    begins = [at for at, line in enumerate(lines) if "Traceback" in line and _TRACEBACK.match(line)]
    if not begins:
        return None
    start = begins.pop()
    while begins and any(_CHAINED.match(line) for line in lines[max(begins[-1], start - 3) : start]):
        start = begins.pop()
    return start


def _with_traceback(lines: list[str], shown: list[str], start: int, limit: int) -> LogFindings:
    """Select the traceback up to its exception, and the highest-ranked lines after it."""
    end = _traceback_end(lines, start)
    block = shown[start:end]
    after, scores = shown[end:], _scores(lines[end:], with_dbt=False)
    text = _without_middle(block, limit if not after else limit * 2 // 3)
    dialect: Dialect = "traceback"
    if after and limit - len(text) > 100:
        text += "\n" + _ranked(after, scores, limit - len(text) - 1)
    problem = lines[end - 1].strip()
    final = next((at for at in range(end - 1, start, -1) if _EXCEPTION.match(lines[at])), None)
    if final is not None:
        problem = lines[final].strip()
    return LogFindings(dialect, problem=problem, shown=cut(text, limit))


def _traceback_end(lines: Sequence[str], start: int) -> int:
    """The line after the exception of a chain's last traceback."""
    last = max(at for at in range(start, len(lines)) if _TRACEBACK.match(lines[at]))
    indent = len(lines[last]) - len(lines[last].lstrip())
    for at in range(last + 1, len(lines)):
        if len(lines[at]) - len(lines[at].lstrip()) <= indent and not _CHAINED.match(lines[at]):
            return at + 1
    return len(lines)


def _without_middle(lines: Sequence[str], limit: int) -> str:
    """Shorten a traceback to its first line and its last ones."""
    lines = [cut(line, LINE_MOST) for line in lines]
    if sum(len(line) + 1 for line in lines) <= limit:
        return "\n".join(lines)
    kept: list[str] = []
    room = limit - len(lines[0]) - 3
    for line in reversed(lines[1:]):
        if len(line) + 1 > room:
            break
        room -= len(line) + 1
        kept.append(line)
    return cut("\n".join([lines[0], "…", *reversed(kept)]), limit)
