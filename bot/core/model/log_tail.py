"""A live log: new lines of a command's output, posted as they arrive.

`bot.flows.tail_log` decides when it ends, and `bot.core.views.live_log` decides how often it's posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.model.asker import Asker
from bot.core.model.run import CardRef, RunKey

# `full`: too many logs are live; `over`: the run has ended; `no_card`: the run has no card in that channel.
TailAcceptance = Literal["new", "known", "full", "over", "no_card"]
# `known`: another process has posted these lines; `gone`: the live log was stopped.
TailPosted = Literal["ok", "known", "gone"]


@dataclass(frozen=True, slots=True)
class LogBatch:
    """The next post of a live log: `count` new `lines` of a command, and the cursor after them.

    `last` says why no more lines will follow: the run has ended, an hour has passed, or Bolt no longer knows the run.
    """

    text: str
    count: int
    lines: str
    command: int
    cursor: str
    last: str = ""


@dataclass(frozen=True, slots=True)
class LogTail:
    """A live log in the thread of the run's card in a channel.

    `command` and `cursor` mark the last posted line; `posts` counts the posts. Times are on Redis' clock. `refused` is
    how many times in a row Bolt didn't know the command. `pending` is the next post.
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
