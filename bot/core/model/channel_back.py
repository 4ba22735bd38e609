"""The message that a channel gets when the bot can post in it again: what happened in the meantime.

`bot.flows.check_channel` decides when it's sent, and `bot.core.views.watch_pause` has its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelBack:
    """The subject of the message: what happened since `since`, by our clock, to the incidents of these schedules.

    `since` is when the bot noticed that it couldn't post. `always`: the message is posted even if nothing has happened.
    `withheld`: the schedules with a withheld post; their news counts even if it's older than `since`.
    """

    since: datetime
    always: bool = True
    schedules: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
