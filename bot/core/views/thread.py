"""What the thread under a card says of a run's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.insight.nodes import counts, node_table, said_once
from bot.core.insight.progress import position
from bot.core.model.run import LOST, End, FailedNode, Retried, Run, is_failed, run_url
from bot.core.text.message import Block, Button, Buttons, Facts, Message, Paragraph, Preformatted
from bot.core.text.text import Code, Link, Mention, Sentence, Span, cut, duration
from bot.core.views import buttons
from bot.core.views.card import headline, retried_by

COMMAND_SHOWN = 200
EXCERPT_SHOWN = 2_900
OVERRIDES_SHOWN = 2_500


def end_post(run: Run, app_url: str) -> Message:
    """The one announcement of a run's end: one line, and at a failure the lines of the log that matter."""
    if run.seen.state == LOST:
        where = Link(run_url(app_url, run.id), "Look in Bolt")
        return Message((*headline(run), ". I follow it no longer. ", where, *_mention(run)))
    if not is_failed(run.seen.state):
        return Message((*headline(run), "."))
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
    """`dbt test` failed (command 4 of 5, exit code 1, 38 s)."""
    end = run.end
    if end is None or end.failed is None:
        return (*headline(run), "; Bolt names no failed command.")
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
    """The lines that matter and dbt's account of its nodes, or why they are not here."""
    end = run.end
    if end is None or end.log == "none":
        return []
    if end.log == "late":
        return [Facts(("Its log is not there yet; it follows here.",))]
    # A node that only the log names is in its lines already.
    listed = end.nodes if end.counts or len(end.nodes) > 1 else ()
    excerpt, nodes = said_once(end.excerpt, listed)
    blocks: list[Block] = []
    if end.log == "lost":
        blocks.append(Facts(("Its log could not be read. ", Link(run_url(app_url, run.id), "Look at it in Bolt"))))
    elif excerpt:
        blocks.append(Preformatted(cut(excerpt, EXCERPT_SHOWN)))
    return [*blocks, *_account(run, end, nodes)]


def _account(run: Run, end: End, nodes: Sequence[FailedNode]) -> list[Block]:
    blocks: list[Block] = []
    if nodes:
        blocks.append(Preformatted(node_table(nodes, end.failed_nodes)))
    if end.counts:
        blocks.append(Facts(counts(end)))
    if end.slowest:
        value, spoken = buttons.part_value(buttons.PartButton(run.key)), f"Slowest nodes of run {run.id}"
        button = Button(buttons.SLOWEST_NODES, "Slowest nodes", value=value, spoken=spoken)
        blocks.append(Buttons((button,)))
    return blocks


def late_log_post(run: Run, app_url: str) -> Message:
    """The log's own post, where it was not there when the end was told."""
    command = run.end.failed if run.end else None
    name: tuple[Span, ...] = ("The log of ", Code(cut(command.text, COMMAND_SHOWN))) if command else ("The log",)
    return Message((*name, ":"), (Paragraph((*name, ":")), *log_blocks(run, app_url)))


def no_file_post(run: Run, why: str, app_url: str, command: str) -> Message:
    """Why the log isn't attached, and the two ways to read it."""
    number = f" {run.end.number}" if run.end and run.end.number else ""
    first: Sentence = (
        f"The log isn't attached because {why}. To read it, use ",
        Code(f"{command} logs {run.id}{number}"),
    )
    return Message((*first, " or ", Link(run_url(app_url, run.id), "open the run in Bolt"), "."))


@dataclass(frozen=True, slots=True)
class LogFile:
    """The name and title of the log file of a command."""

    name: str
    title: str


def log_file_name(run_id: int, command: str) -> LogFile:
    """`run-4711-dbt-test.log`, of plain characters only."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in command.lower()).split()
    short = "-".join(words[:2])[:40] or "log"
    return LogFile(f"run-{run_id}-{short}.log", cut(f"Log of {command or 'a command'}", 150))


def _mention(run: Run) -> Sentence:
    return (" ", Mention(run.mentioned)) if run.mentioned else ()


def _long_overrides(run: Run) -> Sentence:
    """Overriding commands that the card could not show in full."""
    commands = run.facts.commands
    if not run.facts.overridden or run.facts.only_failed or sum(len(command) for command in commands) <= 600:
        return ()
    spans: list[Span] = ["Commands:"]
    room = OVERRIDES_SHOWN
    for command in commands:
        spans += ["\n", Code(cut(command, max(20, room)))]
        room -= len(command)
    return tuple(spans)
