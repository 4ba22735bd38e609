"""Messages of ours as Slack has them, and what a search for one came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageFound:
    """A message that was looked for is there."""

    ts: str


@dataclass(frozen=True, slots=True)
class MessageAbsent:
    """The channel was read back to the attempt, and the message is not there."""


@dataclass(frozen=True, slots=True)
class SearchInconclusive:
    """The channel could not be read back far enough (a missing scope, say)."""


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message as Slack has it. `ours`: the bot wrote it, so that its buttons and its key are the bot's own."""

    ours: bool
    buttons: tuple[MessageButton, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class MessageButton:
    """A button as it stands on a message: its action, its value and its address, each "" where it has none."""

    action: str
    value: str = ""
    url: str = ""
