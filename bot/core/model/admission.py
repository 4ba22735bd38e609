"""Bounds on intake, and whether something that a person asks for is dealt with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# A channel gets a post each 1.1 s, and not every one of them is the card of a start.
CHANNEL_CARD_S = 1.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on intake. A person and a channel may ask for so much in `window_s` seconds.

    At most `waiting` starts are without a card, and `waiting_in_channel` in one channel: as many as can get one within
    `deadline_s`, after which a start is not sent.
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
        """The bounds that fit the budget of posts and a start's deadline."""
        in_time = posts_a_minute * deadline_s / 60
        return cls(
            user,
            channel,
            deadline_s=deadline_s,
            waiting=max(1, int(in_time)),
            waiting_in_channel=max(1, int(min(in_time, deadline_s / CHANNEL_CARD_S))),
        )


class Admitted(StrEnum):
    """Whether something that a person asks for is dealt with.

    `FLOOD`: it is too much, and the person is to be told; `FLOODED`: the same, and told already. `REPLAY`: it was dealt with before.
    """

    OK = "ok"
    FLOOD = "flood"
    FLOODED = "flooded"
    REPLAY = "replay"
