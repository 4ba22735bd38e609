"""The bot's messages as Slack returns them, and results of searching for one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageFound:
    """The message was found."""

    ts: str


@dataclass(frozen=True, slots=True)
class MessageAbsent:
    """The message is absent: the channel was read back to the time of the attempt."""


@dataclass(frozen=True, slots=True)
class SearchInconclusive:
    """The channel couldn't be read back far enough (a missing scope, say)."""


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message as Slack returns it. `ours`: the bot wrote it, so its buttons and its key can be trusted."""

    ours: bool
    buttons: tuple[MessageButton, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class MessageButton:
    """A button of a message: its action, value and URL, each "" if it has none."""

    action: str
    value: str = ""
    url: str = ""
