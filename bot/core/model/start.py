"""Starts: a person's request, its outcome, and queued starts.

`bot.core.model.request` has the stored start, and `bot.flows.start` takes it through its states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.core.model.command import StartCommand
from bot.core.model.request import Origin, Request

# `known`: this delivery was seen before; `same`: an earlier request asks for the same start; `full`: nothing was
# recorded.
Acceptance = Literal["new", "known", "same", "full"]
# Whether it's a queued start's turn. After `turn`, `late` and `unseen`, the start stays claimed.
Turn = Literal["turn", "late", "unseen", "wait", "gone", "lost"]
# Whether a decision on a pending start counts: `late` if the time for it had passed, `over` if the start is no longer
# pending.
Decided = Literal["ok", "late", "over"]
# Whether a start was removed from the queue: `over` if it's no longer queued, `gone` if there's no record of it.
LeftQueue = Literal["ok", "over", "gone"]
# Whether an incident's message shows a start that is waiting to be shown there: `no` if it never will, so the start
# needs a card.
ShownInIncident = Literal["shown", "waits", "no"]


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A start as a person asks for it. `id` is derived from the delivery; `force` allows a repeat of another start.

    `direct`: it wasn't asked for in its channel, so the answer goes by direct message. `origin` is the retried run as
    its card's button describes it. `slug` is the schedule's slug, or empty until it's known. If a retry is asked for
    from an incident's message, `incident` is the incident's schedule, and that message shows the retry instead of a
    card.
    """

    id: str
    team: str
    channel: str
    user: str
    user_name: str
    start_command: StartCommand
    response_url: str = field(default="", repr=False)
    force: bool = False
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None
    slug: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Outcome of asking for a start.

    For `same`, `id` is the earlier request's.
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
class QueuePage:
    """Queued starts, in order, and the total."""

    total: int = 0
    starts: tuple[Request, ...] = ()
