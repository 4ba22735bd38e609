"""The answer to `failing`: the open incidents of a channel, or of all channels.

`bot.flows.list_failing` decides which incidents a person sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bot.core.model.command import FailingCommand
from bot.core.model.incident import Incident
from bot.core.model.run import run_url
from bot.core.text.message import Block, Message, Paragraph
from bot.core.text.text import Channel, Code, Link, Mention, Sentence, Span, When, plural
from bot.core.views.incident import incident_headline
from bot.core.views.paging import ListPage, page_buttons


class Watched(StrEnum):
    """Whether a channel watches nothing, only schedules that haven't been looked at yet, or some that have."""

    NOTHING = "nothing"
    NEW = "new"
    SEEN = "seen"


def failing_list(
    shown: ListPage[Incident],
    command: FailingCommand,
    *,
    app_url: str,
    prefix: str,
    links: Mapping[str, str],
    hidden: int = 0,
    watched: Watched = Watched.SEEN,
) -> Message:
    """List open incidents. `links` has the addresses of their messages by `Incident.key`.

    `hidden`: how many are in private channels that the person isn't in.
    """
    if not shown.total and not hidden:
        return _nothing(command, prefix, watched)
    total = shown.total + hidden
    where = "across all channels" if command.every else "here"
    first: list[Span] = [f"{plural(total, 'schedule')} failing {where}{shown.told}."]
    if hidden:
        first.append(f" {hidden} of them {'is' if hidden == 1 else 'are'} in private channels that you aren't in.")
    blocks: list[Block] = [Paragraph(tuple(first))]
    blocks += [Paragraph(_row(one, command, app_url, links.get(one.key))) for one in shown.items]
    blocks += page_buttons(shown, command)
    spoken: list[Span] = [*first]
    for one in shown.items:
        spoken += [" ", *incident_headline(one, app_url), "."]
    return Message(tuple(spoken), tuple(blocks))


def why_unknown(watched: Watched, prefix: str) -> Message | None:
    """Say why the bot can't tell whether anything is failing in a channel. Returns None if the bot can tell."""
    if watched is Watched.NOTHING:
        example = Code(f"{prefix} watch nightly")
        return Message(
            (
                "This channel doesn't watch any schedules. To hear about failures here, type a command like ",
                example,
                ".",
            )
        )
    if watched is Watched.NEW:
        text = (
            "I haven't seen any schedule fail here, but one of this channel's watches is new. Give me a minute to look at its "
            "schedules, then ask again."
        )
        return Message((text,))
    return None


def _nothing(command: FailingCommand, prefix: str, watched: Watched) -> Message:
    unknown = None if command.every else why_unknown(watched, prefix)
    if unknown is not None:
        return unknown
    where = "watched in any channel" if command.every else "watched in this channel"
    return Message((f"Nothing {where} is failing. To list the watches, type ", Code(_watches(command, prefix)), "."))


def _row(incident: Incident, command: FailingCommand, app_url: str, link: str | None) -> Sentence:
    where: Sentence = (Channel(incident.channel), " · ") if command.every else ()
    facts: list[Sentence] = []
    if incident.failed is not None:
        run = incident.failed.run
        facts.append(("latest failure: ", Link(run_url(app_url, run), f"run {run}")))
    facts += _handled(incident)
    facts += [(Link(link, "message"),)] if link else []
    spans: list[Span] = [*where, *incident_headline(incident, app_url)]
    for at, fact in enumerate(facts):
        spans += [" · " if at else "\n", *fact]
    return tuple(spans)


def _handled(incident: Incident) -> list[Sentence]:
    handled: list[Sentence] = []
    if incident.on_it is not None:
        handled.append((Mention(incident.on_it.user), " is on it"))
    if incident.snooze is not None:
        until = incident.snooze.until
        handled.append(("snoozed until ", When(until)) if until else ("snoozed until it recovers",))
    return handled


def _watches(command: FailingCommand, prefix: str) -> str:
    return f"{prefix} watches{' --all' if command.every else ''}"
