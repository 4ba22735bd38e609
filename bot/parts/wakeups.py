"""Waking workers as soon as something has made work for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from bot.workers.worker import Worker


class WakeEvent(StrEnum):
    """What makes work for workers, besides their own jobs."""

    APPROVAL_DECIDED = auto()
    CANCEL_REQUESTED = auto()
    FILE_REQUESTED = auto()
    FOLLOW_REQUESTED = auto()
    HINT_RECEIVED = auto()
    LIVE_LOG_REQUESTED = auto()
    # A person took a start out of the queue.
    QUEUE_LEFT = auto()
    START_ACCEPTED = auto()
    # A start's card is all that its job has made so far.
    START_PLANNED = auto()
    START_QUEUED = auto()


@dataclass(slots=True)
class Wakeups:
    """Wakes the workers that something has made work for.

    `woken` names them, by event or by the worker whose job is done. The workers are built last, so they are filled in then.
    """

    woken: Mapping[str, tuple[str, ...]]
    workers: dict[str, Worker] = field(default_factory=dict)

    def waker(self, source: str) -> Callable[[], None]:
        """A function that wakes every worker for which an event, or another worker's job, makes work."""
        names = self.woken[source]

        def wake() -> None:
            for name in names:
                self.workers[name].wake()

        return wake
