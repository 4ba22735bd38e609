"""Settings for everything that is posted.

Their values are set in `bot.wiring.posts`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Settings for deliveries.

    `call_s`: the total time of a Slack call; `settle_s`: how long a call with a lost response may still take effect.
    """

    app_url: str
    bot_name: str = "@Bolt"
    slash_command: str = "/bolt"
    deadline_s: float = 60
    call_s: float = 3.3
    settle_s: float = 4
