"""Posts in a card's thread about the end of a run.

The lines of the log are chosen in `bot.core.logs`, and read by `bot.flows.conclude`; `bot.flows.post_thread` sends the
posts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.logs.excerpt import EXCERPT_LIMIT
from bot.core.logs.nodes import MESSAGE_LISTED, NAME_SHOWN, counts, said_once, warnings
from bot.core.model.run import LOST, End, FailedNode, Retried, Run, is_failed, run_url
from bot.core.runs.progress import position
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph, Preformatted
from bot.core.text.text import Bold, Code, Link, Mention, Sentence, Span, When, cut, duration, ordinal
from bot.core.views import buttons
from bot.core.views.card import headline, retried_by
from bot.core.views.hint import hint_lines

COMMAND_SHOWN = 200
NODES_SHOWN = 3
OVERRIDES_SHOWN = 2_500


def end_post(run: Run, app_url: str) -> Message:
    """The single announcement of a run's end: one line, and for a failure the relevant lines of the log."""
    if run.seen.state == LOST:
        where = Link(run_url(app_url, run.id), "Check in Bolt")
        return Message((*headline(run), ". I've stopped following it. ", where, *_mention(run)))
    if not is_failed(run.seen.state):
        warned = warnings(run.end) if run.end and run.seen.state == "SUCCESS" else ()
        return Message((*headline(run), ".", *((" ", *warned, ".") if warned else ())))
    first = (*failure(run), *_mention(run))
    blocks: list[Block] = [Paragraph(first), *log_blocks(run, app_url)]
    overrides = _long_overrides(run)
    if overrides:
        blocks.append(Facts(overrides))
    return Message(first, tuple(blocks))


def retried_post(retried: Retried, app_url: str) -> Message:
    """The line in the thread of a run that was retried."""
    return Message((*retried_by(retried, app_url), "."))


def failure(run: Run) -> Sentence:
    """Name the failed command: `dbt test` failed (command 4 of 5, exit code 1, 38 s)."""
    end = run.end
    if end is None or end.failed is None:
        return (*headline(run), "; Bolt doesn't say which command failed.")
    command = end.failed
    facts: list[str] = []
    where = position(run, command)
    if where:
        facts.append(f"command {where[0]} of {where[1]}")
    facts.append(f"exit code {command.return_code}")
    if command.started_at and command.ended_at:
        facts.append(duration((command.ended_at - command.started_at).total_seconds()))
    return (Code(cut(command.text, COMMAND_SHOWN)), f" failed ({', '.join(facts)}).")


def log_blocks(run: Run, app_url: str) -> list[Block]:
    """Explain a failure: the hint, what has changed, the failed nodes, and the log's relevant lines without repetition.

    If there's no log, say why.
    """
    end = run.end
    if end is None or end.log == "none":
        return []
    changed: list[Block] = [Facts(line)] if (line := _changed(end)) else []
    if end.log == "late":
        return [*changed, Facts(("Its log isn't available yet. I'll post it here once it is.",))]
    hint: list[Block] = [Paragraph(lines)] if (lines := hint_lines(end.causes)) else []
    # If only the log names a node, the excerpt already shows it.
    listed = end.nodes[:NODES_SHOWN] if end.counts or len(end.nodes) > 1 else ()
    excerpt, nodes = said_once(end.excerpt, listed)
    blocks: list[Block] = [*hint, *changed, *([Paragraph(_node_list(nodes, end))] if nodes else [])]
    if end.log == "lost":
        blocks.append(Facts(("Its log couldn't be read. ", Link(run_url(app_url, run.id), "Open it in Bolt"))))
    elif excerpt:
        blocks.append(Preformatted(cut(excerpt, EXCERPT_LIMIT)))
    if end.counts:
        blocks.append(Facts(counts(end)))
    row = _node_buttons(run, end)
    return [*blocks, Buttons(row)] if row else blocks


def _changed(end: End) -> Sentence:
    """Whether the code has changed since the last success, and how many times in a row the schedule has failed."""
    changed = end.changed
    if changed is None:
        return ()
    spans: list[Span] = []
    if changed.succeeded_at and changed.commit_then and end.commit:
        then, now = changed.commit_then, end.commit
        if then == now:
            spans += ["Same commit as the last success (", When(changed.succeeded_at, "date_time"), ")"]
            spans.append(": check data, warehouse, packages, or settings.")
        else:
            spans.append(f"Code changed since the last success: {then[:7]} → {now[:7]}.")
    if changed.failures > 1:
        count = f"{'At least the ' if changed.more else ''}{ordinal(changed.failures)} failure in a row"
        spans.append(f"{' ' if spans else ''}{count}")
        spans += [", since ", When(changed.since, "date_time"), "."] if changed.since else ["."]
    elif changed.succeeded_at:
        spans.append(f"{' ' if spans else ''}First failure since then.")
    return tuple(spans)


def _node_list(nodes: Sequence[FailedNode], end: End) -> Sentence:
    """List nodes, one per line: name, kind, and the first line of the message."""
    spans: list[Span] = []
    for at, node in enumerate(nodes):
        spans += [
            "\n• " if at else "• ",
            Bold(cut(" ".join(node.name.split()), NAME_SHOWN)),
            f" ({node.kind.replace('_', ' ')})",
        ]
        if node.message:
            spans.append(f": {cut(' '.join(node.message.split()), MESSAGE_LISTED)}")
    more = max(end.failed_nodes, len(end.nodes)) - len(nodes)
    return (*spans, f"\n… and {more} more") if more > 0 else tuple(spans)


def _node_buttons(run: Run, end: End) -> tuple[Button, ...]:
    value = buttons.part_value(buttons.PartButton(run.key))
    row: list[Button] = []
    if len(end.nodes) > NODES_SHOWN:
        spoken = f"All failed nodes of run {run.id}"
        row.append(Button(buttons.FAILED_NODES, "All failed nodes", value=value, spoken=spoken))
    if end.slowest:
        row.append(Button(buttons.SLOWEST_NODES, "Slowest nodes", value=value, spoken=f"Slowest nodes of run {run.id}"))
    return tuple(row)


def late_log_post(run: Run, app_url: str) -> Message:
    """The log in a post of its own, if it wasn't available yet when the run's end was announced."""
    command = run.end.failed if run.end else None
    name: tuple[Span, ...] = ("The log of ", Code(cut(command.text, COMMAND_SHOWN))) if command else ("The log",)
    end = replace(run.end, changed=None) if run.end else None
    return Message((*name, ":"), (Paragraph((*name, ":")), *log_blocks(replace(run, end=end), app_url)))


def no_file_post(run: Run, why: str, app_url: str, prefix: str) -> Message:
    """Explain why the log isn't attached, and the two ways to read it."""
    number = f" {run.end.number}" if run.end and run.end.number else ""
    first: Sentence = (
        f"The log isn't attached because {why}. To read it, use ",
        Code(f"{prefix} logs {run.id}{number}"),
    )
    return Message((*first, " or ", Link(run_url(app_url, run.id), "open the run in Bolt"), "."))


@dataclass(frozen=True, slots=True)
class LogFileName:
    """Name and title of a command's log file."""

    name: str
    title: str


def log_file_name(run_id: int, command: str) -> LogFileName:
    """Build a file name such as `run-4711-dbt-test.log` from plain characters only."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in command.lower()).split()
    short = "-".join(words[:2])[:40] or "log"
    return LogFileName(f"run-{run_id}-{short}.log", cut(f"Log of {command or 'a command'}", 150))


def _mention(run: Run) -> Sentence:
    return (" ", Mention(run.mentioned)) if run.mentioned else ()


def _long_overrides(run: Run) -> Sentence:
    """Commands given instead of the schedule's own, if the card couldn't show them in full."""
    commands = run.facts.commands
    if not run.facts.overridden or run.facts.only_failed or sum(len(command) for command in commands) <= 600:
        return ()
    spans: list[Span] = ["Commands:"]
    room = OVERRIDES_SHOWN
    for command in commands:
        spans += ["\n", Code(cut(command, max(20, room)))]
        room -= len(command)
    return tuple(spans)
