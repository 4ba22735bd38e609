"""Why a command failed, as it's kept with the run's end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """Whether running the same again can help."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Cause:
    """What `count` failures have in common: the sentences of the hint that fits them. All are empty if no hint fits.

    `runbook` is an https address, if a team's own hint names one.
    """

    count: int = 1
    id: str = ""
    text: str = ""
    next: str = ""
    retry: Retry = Retry.MAYBE
    runbook: str = ""


def retry_helps(causes: Iterable[Cause]) -> Retry:
    """Whether running the same again can help: `NO` only if every cause says so, `MAYBE` if nobody knows."""
    said = {cause.retry for cause in causes}
    return said.pop() if len(said) == 1 else Retry.MAYBE
