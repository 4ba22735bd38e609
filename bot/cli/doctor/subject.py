"""The subject of the doctor's checks: the settings, clients and facts that they use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.cli.doctor.finding import Finding
from bot.paradime.client import BoltClient
from bot.settings import Settings
from bot.slack.client import SlackChat
from bot.slack.identity import Identity


@dataclass(slots=True)
class Subject:
    """The settings and a client of each service.

    `identity`, `bolt_answers` and `socket_url`, an address for one connection in Socket Mode, are set by the checks
    that determine them, for the checks that follow.
    """

    settings: Settings
    chat: SlackChat
    bolt: BoltClient
    mask: Callable[[str], str]
    identity: Identity | None = None
    bolt_answers: bool = False
    socket_url: str = ""
    # The bot's public address, if the doctor is asked to check it.
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `name` is shown if it fails to finish; its findings may have more specific names."""

    name: str
    run: Callable[[Subject], Awaitable[Sequence[Finding]]]
