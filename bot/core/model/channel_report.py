"""The report that a channel gets once the bot can post there again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """What a report is about: what happened since `since` to the incidents of these schedules.

    `always`: it's posted even if nothing has happened.
    """

    since: datetime
    always: bool = True
    schedules: tuple[str, ...] = ()
