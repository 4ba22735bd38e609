"""A log whose new lines are posted as they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.run import CardRef, RunKey

# `full`: too many are; `over`: the run is; `no_card`: the run has no card in that channel.
TailAcceptance = Literal["new", "known", "full", "over", "no_card"]
# `known`: another one has posted the lines; `gone`: it was stopped.
TailPosted = Literal["ok", "known", "gone"]


@dataclass(frozen=True, slots=True)
class LogBatch:
    """What is about to be posted: `count` new `lines` of a command, and how far that goes.

    `last` says why nothing follows: the run has ended, an hour is over, or Bolt no longer knows the run.
    """

    text: str
    count: int
    lines: str
    command: int
    cursor: str
    last: str = ""


@dataclass(frozen=True, slots=True)
class LogTail:
    """A log whose new lines come into the thread of the run's card in a channel.

    `command` and `cursor` say how far it has been posted, in `posts` posts; times are on Redis' clock. `refused`: how
    often in a row Bolt did not know the command. `pending` is what is about to be posted.
    """

    id: str
    key: RunKey
    asker: Asker
    card: CardRef
    begun_at: datetime
    command: int = 0
    cursor: str = ""
    posts: int = 0
    posted_at: datetime | None = None
    refused: int = 0
    pending: LogBatch | None = None
