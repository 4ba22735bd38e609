"""Records for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model.admission import Limits
from bot.core.model.command import RunCommand
from bot.core.model.request import StartPlan
from bot.core.model.run import CardRef, RunKey
from bot.core.model.start import NewRequest
from bot.flows.claimed_post import ClaimedPost
from bot.store.due_sets import DueSet
from bot.store.lanes import PostLane, SlackBudget
from bot.store.scripts import Scripts
from bot.store.start_requests import StartRequests

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


def asked(
    name: str = "a", *, text: str = "nightly", user: str = "U1", channel: str = "A", force: bool = False
) -> NewRequest:
    """A request to start a schedule."""
    return NewRequest(name, "T", channel, user, "ada", RunCommand(schedule_text=text), "https://hooks.test/r", force)


async def follow_run(scripts: Scripts, run_id: int, *, channel: str = "A", ts: str = "", user: str = "U1") -> None:
    """Take a start all the way to its run: accepted, looked up, shown on a card (message `ts`), sending, settled."""
    requests, due = StartRequests(scripts, Limits()), DueSet(scripts, "requests", lease_s=10)
    name = f"request-{run_id}"
    await requests.accept(asked(name, text=f"s{run_id}", channel=channel, user=user))
    claimed = await due.claim(1)
    request = await requests.load_request(name)
    assert claimed.lease is not None
    assert request is not None
    assert await requests.looked(claimed.lease, request, StartPlan(f"s{run_id}", f"S {run_id}", 0))
    lane = PostLane(scripts, SlackBudget(post_gap_s=0, channel_gap_s=0), lease_s=10, upload_lease_s=10)
    taken = await lane.claim()
    assert taken.lease is not None
    assert taken.item == f"start/{name}"
    post = ClaimedPost(taken.lease, taken.urgency, taken.channel, f"req:{name}", "post")
    assert await lane.carded(post, name, "T", CardRef(channel, ts or f"{run_id}.5"))
    await due.claim(1)
    request = await requests.load_request(name)
    assert request is not None
    await requests.settle(request, RunKey("w", run_id), told=True)
