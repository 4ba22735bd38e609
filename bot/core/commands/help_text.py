"""The answer to `help`: all commands, or one with examples."""

from __future__ import annotations

from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Code, Sentence, Span

# For each verb: its syntax and what it does, then examples.
_ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "run": (
        (
            'run [schedule] [--branch B] [--pr N] [--command "…"]… [--reason "…"]',
            "starts a run; without a schedule, opens a form",
        ),
        ("run nightly", "by slug"),
        ('run "Nightly full build" --branch dev --pr 123', "by name, on a branch, for a pull request"),
        ('run nightly --command "dbt run --select staging" --command "dbt test"', "with your own commands"),
        ("run nightly --continue-on-error", "continues with the next command when one fails"),
    ),
    "list": (
        ("list [text] [--inactive] [--suspended] [--failing]", "lists schedules"),
        ("list finance --failing", "those matching finance whose last run failed"),
    ),
    "show": (("show <schedule>", "shows a schedule's details"), ("show nightly", "an example")),
    "status": (
        ("status [run id or schedule]", "shows a run's status, to you only"),
        ("status", "the active runs and waiting starts in this channel"),
        ("status 4711", "this run"),
        ("status nightly", "the schedule's latest run"),
    ),
    "runs": (("runs <schedule>", "lists a schedule's recent runs"), ("runs nightly", "an example")),
    "cancel": (("cancel <run id>", "cancels a run right away, without asking again"), ("cancel 4711", "an example")),
    "retry": (
        ("retry <run id or schedule> [--all]", "runs again what failed, or everything"),
        ("retry 4711", "what failed in this run"),
        ("retry nightly --all", "every command of the schedule's latest failed run"),
    ),
    "logs": (
        ("logs <run id> [command number] [--follow]", "shows a command's log, by default the failed one's"),
        ("logs 4711 3", "the log of command 3, numbered as on its card"),
        ("logs 4711 --follow", "posts new lines in the thread while the run is active"),
    ),
    "artifacts": (
        ("artifacts <run id>", "lists the files that each command produced"),
        ("artifacts 4711", "an example"),
    ),
    "history": (
        ("history <schedule> [--runs N]", "charts how long the last runs took and how they ended"),
        ("history nightly --runs 50", "the last 50"),
    ),
    "pause": (("pause <schedule>", "stops a schedule from starting automatically"), ("pause nightly", "an example")),
    "resume": (
        ("resume <schedule>", "lets a paused schedule start automatically again"),
        ("resume nightly", "an example"),
    ),
    "whoami": (("whoami", "shows what you can do here, and why"),),
    "audit": (
        ("audit [--user @name] [--schedule S] [--since T]", "shows who requested what, if you can read the audit log"),
        ("audit --schedule nightly --since 2d", "about this schedule, from the last two days"),
    ),
    "help": (("help [command]", "lists all commands, or shows one with examples"),),
}


def usage(topic: str | None, command: str, mention: str = "") -> Message:
    """List all commands, or one with its examples. `command` is the slash command, `mention` how to mention the bot."""
    rows = _ROWS.get(topic or "") or tuple(first for first, *_ in _ROWS.values())
    spans: list[Span] = []
    for at, (text, what) in enumerate(rows):
        spans += ["\n" if at else "", Code(f"{command} {text}"), f" {what}"]
    if mention and topic is None:
        spans += ["\nIn a card's thread, ", Code(f"{mention} cancel"), " and other commands don't need a run id."]
    body: Sentence = tuple(spans)
    return Message(body, (Paragraph(body),))
