"""kill -9 at each step in the life of a request and a run, then a start on the same Redis."""

from __future__ import annotations

import signal

import pytest

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage

# A short lease is soon taken over, and a call times out before it expires.
SHORT = {"BOLT_BOT_LEASE_S": "1.5", "BOLT_BOT_API_TIMEOUT_S": "1"}
LONG_S = 40.0
# The embedded Redis dies with the bot, so what was recorded comes back from its file.
pytestmark = pytest.mark.usefixtures("embedded")


async def restart(stage: Stage) -> None:
    """Kill the bot, clear all faults, and start it on the same data."""
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.bolt.faults.clear()
    stage.sandbox.workspace.faults.clear()
    await stage.start_bot(SHORT)


async def told_once(stage: Stage, words: str = "succeeded") -> None:
    """Expect one run, one card with its outcome, and one announcement."""
    await stage.until(stage.card_says(words), timeout_s=LONG_S)
    await stage.until(stage.replied(words), timeout_s=LONG_S)
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1
    assert sum(words in reply.text for reply in stage.replies()) == 1


async def test_killed_before_the_schedule_is_looked_up(stage: Stage) -> None:
    """accepted → look: the request is taken up again and started once."""
    await stage.start_bot(SHORT)
    stage.sandbox.bolt.add_fault(Fault("timeout", operation="listBoltSchedules", count=None))
    await stage.slash("run nightly")
    await restart(stage)
    await told_once(stage)


async def test_killed_while_the_card_is_posted(stage: Stage) -> None:
    """If Slack's reply is lost with the process, the card is found, not posted again."""
    await stage.start_bot(SHORT)
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    await stage.slash("run nightly")
    await stage.until(lambda: len(stage.cards()) == 1)
    await restart(stage)
    await told_once(stage)


@pytest.mark.parametrize("executes", [True, False])
async def test_killed_while_bolt_is_asked_to_start(stage: Stage, *, executes: bool) -> None:
    """sending → trigger: a run that Bolt started is found; if it started none, the request is never sent again."""
    await stage.start_bot(SHORT)
    fault = Fault("timeout", operation="triggerBoltRun", executes=executes, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.slash("run nightly")
    await stage.until(lambda: fault.is_spent)
    await restart(stage)
    if executes:
        await told_once(stage)
    else:
        await stage.until(stage.card_says("I'm looking for the run"), timeout_s=LONG_S)
        assert stage.started() == []


async def test_killed_while_the_run_is_followed(stage: Stage) -> None:
    """follow: if a run ends while no bot is running, the card and the thread show its outcome after the restart."""
    await stage.start_bot(SHORT)
    await stage.slash("run nightly")
    await stage.until(stage.card_says("is running"))
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    (run,) = stage.started()
    stage.sandbox.bolt.end(run.id, "SUCCESS")
    await stage.start_bot(SHORT)
    await told_once(stage)


async def test_killed_while_the_end_is_announced(stage: Stage) -> None:
    """If Slack's reply is lost with the process, the announcement is found in the thread."""
    await stage.start_bot(SHORT)
    await stage.slash("run hourly")
    await stage.until(stage.card_says("is running"))
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    await stage.until(lambda: len(stage.replies()) == 1, timeout_s=LONG_S)
    await restart(stage)
    await told_once(stage, "failed")
    await stage.until(lambda: any(reply.files for reply in stage.replies()), timeout_s=LONG_S)


async def test_killed_while_a_cancel_is_asked(stage: Stage) -> None:
    """A cancellation outlives the process: Bolt is asked after the restart, and the run is cancelled."""
    await stage.start_bot(SHORT)
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    fault = Fault("timeout", operation="cancelBoltRun", executes=False, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.click("Cancel run")
    await stage.until(lambda: fault.is_spent)
    await restart(stage)
    await told_once(stage, "was cancelled")


async def test_a_polite_end_loses_nothing_either(stage: Stage) -> None:
    """SIGTERM in the middle of a run: exit status 0, and the next process goes on."""
    bot = await stage.start_bot(SHORT)
    await stage.slash("run nightly")
    await stage.until(stage.card_says("is running"))
    bot.kill(signal.SIGTERM)
    assert await bot.ended() == 0
    await stage.start_bot(SHORT)
    await told_once(stage)


@pytest.mark.parametrize("executes", [True, False])
async def test_killed_while_bolt_is_asked_to_retry(stage: Stage, *, executes: bool) -> None:
    """retry → settle: a retry that Bolt made is found and linked to its card; otherwise it's never sent again."""
    await stage.start_bot(SHORT)
    await stage.slash("run hourly")
    await stage.until(stage.card_says("failed after"), timeout_s=LONG_S)
    await stage.until(lambda: len(stage.replies()) == 2, timeout_s=LONG_S)
    fault = Fault("timeout", operation="retryBoltRun", executes=executes, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.click("Retry failed")
    await stage.until(lambda: fault.is_spent)
    await restart(stage)
    if executes:
        await stage.until(stage.card_says("recovered after 1 failure"), timeout_s=LONG_S)
        await stage.until(lambda: "Retried by" in stage.cards()[0].text, timeout_s=LONG_S)
        assert len(stage.cards()) == len(stage.started()) == 2
        assert sum("Retried by" in reply.text for reply in stage.replies(card=0)) <= 1
        await stage.until(lambda: any("Retried by" in reply.text for reply in stage.replies(card=0)), timeout_s=LONG_S)
    else:
        await stage.until(stage.card_says("I'm looking for the run"), timeout_s=LONG_S)
        assert len(stage.started()) == 1
    assert stage.asked("retryBoltRun") == 1
