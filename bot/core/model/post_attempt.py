"""Whether a post may be sent, or may already have been sent by an earlier attempt.

`bot.flows.post_once` decides when an attempt is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# `half`: an earlier attempt's outcome is unknown.
MaySend = Literal["go", "done", "lost", "half"]
# `again`: after an earlier attempt was searched for and found absent; `look`: only read the record.
AttemptMode = Literal["first", "again", "look"]


@dataclass(frozen=True, slots=True)
class PostAttempt:
    """Whether a post may be sent: `go`, `done`, `lost`, or `half` if an earlier attempt's outcome is unknown.

    For `half`, `kind` is `sent` or `absent` (searched for once), and `at` is its time in Unix seconds.
    """

    word: MaySend
    kind: Literal["", "sent", "absent"] = ""
    at: float = 0.0
