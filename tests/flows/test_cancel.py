"""Cancelling: the claim on a request is kept for as long as Bolt takes to answer.

A whole cancellation is tested in tests/e2e/test_main_job.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from redis.asyncio import Redis

from bot.core.model.asker import Asker
from bot.core.model.bolt import RunStatus
from bot.core.model.run import LOST, Observation, RunFacts, RunKey
from bot.flows.cancel import RunCanceller, already
from bot.flows.ports.bolt import Bolt
from bot.flows.private_replies import PrivateReplies
from bot.store.due_sets import DueSet
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.workers.claims import keep_lease
from tests.store.record import follow_run
from tests.waiting import PATIENCE_S

KEY = RunKey("w", 1)
ADA = Asker("T", "U0ADA", "A")
LEASE_S = 0.3


@dataclass
class Api:
    """A run that goes on, and a cancellation that is answered once its claim has been renewed."""

    scripts: Scripts
    renewed: bool = False
    asked: int = field(default=0)

    async def status(self, run: int) -> RunStatus:
        """The run is running."""
        assert run == KEY.id
        return RunStatus("RUNNING")

    async def cancel(self, run: int) -> None:
        """Wait until the claim's score changes."""
        self.asked += 1
        assert run == KEY.id
        before = await self.score()
        async with asyncio.timeout(PATIENCE_S):
            while await self.score() == before:  # noqa: ASYNC110 - Redis doesn't announce a changed score
                await asyncio.sleep(0.01)
        self.renewed = True

    async def score(self) -> float | None:
        """The claim's token."""
        return await self.scripts.redis.zscore(self.scripts.key("due", "cancels"), KEY.name)


class Told:
    """Private replies that always succeed."""

    async def reply_privately(self, *_: object) -> bool:
        """Report success."""
        return True


async def test_a_claim_is_renewed_while_bolt_is_asked(redis_client: Redis) -> None:
    """Otherwise another process would take the wish over and ask Bolt a second time."""
    scripts = Scripts(redis_client, "test", retention_s=1000)
    await follow_run(scripts, KEY.id)
    runs, due, api = Runs(scripts), DueSet(scripts, "cancels", lease_s=LEASE_S), Api(scripts)
    now = datetime.now(UTC)
    await runs.record_wish(KEY, ADA, now, RunFacts(), Observation("RUNNING"), None)
    cancel = RunCanceller(
        cast("Bolt", api),
        runs,
        due,
        cast("PrivateReplies", Told()),
        app_url="https://b.test",
        now=lambda: datetime.now(UTC),
    )
    claimed = await due.claim(1)
    assert claimed.lease is not None
    async with keep_lease(due, claimed.lease):
        await cancel.advance_cancel(claimed.lease)
    assert api.renewed
    assert api.asked == 1
    assert await runs.cancel_tries(KEY) == 1
    # The run is looked at again later.
    assert (await due.claim(1)).lease is None


@pytest.mark.parametrize(
    ("state", "said"),
    [("ERROR", "has already failed"), ("CANCELED", "was already cancelled"), (LOST, "is missing from Bolt")],
)
def test_a_run_that_is_over_is_said_to_be_so_already(state: str, said: str) -> None:
    """The word "already" comes after the verb; a run that's missing from Bolt doesn't need it."""
    assert already(state) == said
