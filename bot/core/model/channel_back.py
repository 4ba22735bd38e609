"""The bot can post in a channel again, which gets one message about what happened meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelBack:
    """What the message is about: what happened since `since` to the incidents of these schedules.

    `always`: it's posted even if nothing has happened.
    """

    since: datetime
    always: bool = True
    schedules: tuple[str, ...] = ()
