"""Rate limits on intake, and whether a person's request was admitted.

The script `admit_request.lua` counts requests, and `bot.slack.admission` answers those that are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Slack accepts one post per 1.1 s in a channel, and not every post is the card of a start.
CHANNEL_CARD_S = 1.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Rate limits on intake: requests per person (`user`) and per channel in `window_s` seconds.

    At most `waiting` starts, and `waiting_in_channel` in one channel, may be without a card: as many as can get one
    within `deadline_s`. A start isn't sent after its deadline. A person who repeats a command within `ask_again_s`
    doesn't start a second run.
    """

    user: int = 30
    channel: int = 100
    window_s: int = 10
    ask_again_s: float = 60
    deadline_s: float = 60
    waiting: int = 240
    waiting_in_channel: int = 50

    @classmethod
    def for_budget(cls, user: int, channel: int, *, posts_a_minute: int, deadline_s: float) -> Limits:
        """Compute the limits that fit the posting budget and the deadline of a start."""
        in_time = posts_a_minute * deadline_s / 60
        return cls(
            user,
            channel,
            deadline_s=deadline_s,
            waiting=max(1, int(in_time)),
            waiting_in_channel=max(1, int(min(in_time, deadline_s / CHANNEL_CARD_S))),
        )


class Admitted(StrEnum):
    """Whether a person's request was admitted.

    `FLOOD`: over the limit, and the person should be warned; `FLOODED`: over the limit, and already warned. `REPLAY`:
    the same request was handled before.
    """

    OK = "ok"
    FLOOD = "flood"
    FLOODED = "flooded"
    REPLAY = "replay"
