"""The bot can post in a channel again, which gets one message about what happened meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelBack:
    """What the message is about: what happened since `since`, by our clock, to the incidents of these schedules.

    `always`: it's posted even if nothing has happened. `withheld`: the schedules of which a post was withheld, so that
    there's news of them even if it's older than `since`, which is when somebody noticed that the bot was away.
    """

    since: datetime
    always: bool = True
    schedules: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
