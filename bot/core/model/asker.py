"""The person who asked for something, and how to answer that person privately.

`bot.flows.private_replies` decides which way is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asker:
    """The person who asked, and how to answer that person privately.

    `response_url` is a capability: never log it. `thread` is the timestamp of the thread's first message if the request
    came from a thread.
    """

    team: str
    user: str
    channel: str
    response_url: str = field(default="", repr=False)
    thread: str = ""
