"""The message that a channel gets when the bot can post in it again: what happened in the meantime."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelBack:
    """What the message is about: what happened since `since`, by our clock, to the incidents of these schedules.

    `always`: it's posted even if nothing has happened. `withheld`: the schedules with a withheld post, whose news
    counts even if it's older than `since`, the time at which it was noticed that the bot couldn't post.
    """

    since: datetime
    always: bool = True
    schedules: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
