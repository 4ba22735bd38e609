"""A start as a person asks for it, what became of that, and the starts that wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.core.model.command import StartCommand
from bot.core.model.request import Origin, Request

# `known`: this delivery came before; `same`: there is an earlier request for the same start; `full`: nothing is recorded.
Acceptance = Literal["new", "known", "same", "full"]
# Whether it is the turn of a start that waits: `turn`, `late` and `unseen` are still claimed.
Turn = Literal["turn", "late", "unseen", "wait", "gone", "lost"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A start as a person asks for it. `id` is made of the delivery; `force` starts another of the same.

    `direct`: it was not asked for in its channel, so the person is answered by direct message.
    `origin` is what a card's button tells of the run that is to be retried. `slug` is that of the schedule meant, empty
    while that is not known.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    wanted: StartCommand
    response_url: str = field(default="", repr=False)
    force: bool = False
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an asking.

    `id` is that of the earlier request if it is the `same`.
    """

    word: Acceptance
    id: str
    asked_at: datetime


class Sending(StrEnum):
    """Whether a start may be sent now."""

    GO = "go"
    EXPIRED = "expired"
    BUSY = "busy"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class WaitingStarts:
    """Some of the starts that wait, first one first, and how many there are."""

    total: int = 0
    starts: tuple[Request, ...] = ()
