"""Why a command failed, as stored with the run's end.

`bot.core.logs.hints.causes` finds causes, and `bot.core.views.hint` shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """Whether running the same commands again can help."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause that `count` failures share: the sentences of the matching hint, all empty if no hint matches.

    `runbook` is an https URL if a team's own hint has one.
    """

    count: int = 1
    id: str = ""
    text: str = ""
    next: str = ""
    retry: Retry = Retry.MAYBE
    runbook: str = ""


def retry_helps(causes: Iterable[Cause]) -> Retry:
    """Whether running the same commands again can help: `YES` or `NO` if all causes agree, else `MAYBE`."""
    said = {cause.retry for cause in causes}
    return said.pop() if len(said) == 1 else Retry.MAYBE
