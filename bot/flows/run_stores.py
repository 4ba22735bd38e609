"""The stores that a run passes through, from the request to start or follow it to its end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.ports.store import Requests, RunFollowers, Runs, StartQueue


@dataclass(frozen=True, slots=True)
class RunStores:
    """Stores of starts, queued starts, runs and follow requests."""

    requests: Requests
    start_queue: StartQueue
    runs: Runs
    followers: RunFollowers
