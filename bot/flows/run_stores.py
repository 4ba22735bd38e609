"""The stores that a run passes through, from the request to start or follow it to its end."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.ports.store import Requests, RunFollowers, Runs, StartQueue


@dataclass(frozen=True, slots=True)
class RunStores:
    """Starts, the queue in which some of them wait, runs, and the requests to follow a run."""

    requests: Requests
    start_queue: StartQueue
    runs: Runs
    followers: RunFollowers
