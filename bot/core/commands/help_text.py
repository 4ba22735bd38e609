"""What `help` says."""

from __future__ import annotations

from bot.core.text.message import Message, Paragraph
from bot.core.text.text import Code, Sentence, Span

# Of each verb: how it is written, what it does, and examples.
_ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "run": (
        ('run [schedule] [--branch B] [--pr N] [--command "…"]… [--reason "…"]', "starts a run; alone, asks in a form"),
        ("run nightly", "by slug"),
        ('run "Nightly full build" --branch dev --pr 123', "by name, on a branch, for a pull request"),
        ('run nightly --command "dbt run --select staging" --command "dbt test"', "with commands of your own"),
        ("run nightly --continue-on-error", "goes on with the next command when one fails"),
    ),
    "list": (
        ("list [text] [--inactive] [--suspended] [--failing]", "tells which schedules there are"),
        ("list finance --failing", "those with finance in them whose last run failed"),
    ),
    "show": (("show <schedule>", "tells all of a schedule"), ("show nightly", "an example")),
    "status": (
        ("status [run id or schedule]", "tells how a run stands, to you alone"),
        ("status", "the runs that are active in this channel, and the starts that wait"),
        ("status 4711", "this run"),
        ("status nightly", "the schedule's latest run"),
    ),
    "runs": (("runs <schedule>", "tells a schedule's recent runs"), ("runs nightly", "an example")),
    "cancel": (("cancel <run id>", "cancels a run, without a further question"), ("cancel 4711", "an example")),
    "retry": (
        ("retry <run id or schedule> [--all]", "runs again what failed, or all of it"),
        ("retry 4711", "what failed of this run"),
        ("retry nightly --all", "every command of the schedule's latest failed run"),
    ),
    "logs": (
        ("logs <run id> [command number] [--follow]", "tells a command's log: of the failed one by default"),
        ("logs 4711 3", "the log of command 3, numbered as on its card"),
        ("logs 4711 --follow", "new lines come into the thread while it runs"),
    ),
    "artifacts": (("artifacts <run id>", "tells what each command left behind"), ("artifacts 4711", "an example")),
    "history": (
        ("history <schedule> [--runs N]", "draws how long the last runs took and how they ended"),
        ("history nightly --runs 50", "the last 50"),
    ),
    "pause": (("pause <schedule>", "keeps a schedule from starting by itself"), ("pause nightly", "an example")),
    "resume": (("resume <schedule>", "lets a paused schedule start by itself again"), ("resume nightly", "an example")),
    "whoami": (("whoami", "tells what you may do here, and why"),),
    "audit": (
        ("audit [--user @name] [--schedule S] [--since T]", "tells who asked for what, to those who may read it"),
        ("audit --schedule nightly --since 2d", "about this schedule, of the last two days"),
    ),
    "help": (("help [command]", "tells what there is, or one command with examples"),),
}


def usage(topic: str | None, command: str, mention: str = "") -> Message:
    """All commands, or one with its examples. `command` is how commands begin, `mention` how the bot is mentioned."""
    rows = _ROWS.get(topic or "") or tuple(first for first, *_ in _ROWS.values())
    spans: list[Span] = []
    for at, (text, what) in enumerate(rows):
        spans += ["\n" if at else "", Code(f"{command} {text}"), f" {what}"]
    if mention and topic is None:
        spans += ["\nIn the thread of a card, ", Code(f"{mention} cancel"), " needs no run id, nor do others."]
    body: Sentence = tuple(spans)
    return Message(body, (Paragraph(body),))
