"""Pausing and resuming: confirmed first, done once, and reported truthfully."""

from __future__ import annotations

from bolt_sandbox.bolt import Fault
from tests.e2e.stage import Stage

SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


async def test_a_schedule_is_paused_and_resumed_after_a_question(stage: Stage) -> None:
    """Pausing and resuming are confirmed first; the answer replaces the question, and lists show the change at once."""
    await stage.start_bot()
    await stage.slash("list nightly")
    await stage.until(stage.told_privately("1 schedule matching nightly"))
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly full build*?"))
    assert not stage.sandbox.bolt.schedule("nightly").suspended
    messages = len(stage.private())
    await stage.click("Pause", times=2)
    # The answer to the second delivery may replace the answer to the first one, with the same words.
    await stage.until(lambda: "is paused: it" in stage.private()[-1].text)
    await stage.until(lambda: stage.sandbox.bolt.schedule("nightly").suspended)
    assert len(stage.private()) == messages
    await stage.slash("list --suspended nightly")
    await stage.until(
        stage.told_privately("1 paused schedule matching nightly. Nightly full build: succeeded, paused.")
    )
    await stage.slash("resume Nightly full build")
    await stage.until(stage.told_privately("Resume *Nightly full build*?"))
    await stage.click("Resume")
    await stage.until(stage.told_privately("has been resumed"))
    assert not stage.sandbox.bolt.schedule("nightly").suspended


async def test_no_changes_nothing(stage: Stage) -> None:
    """Declining changes nothing, and removes the question."""
    await stage.start_bot()
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly"))
    await stage.click("Keep it running")
    await stage.until(stage.told_privately("stays as it is"))
    assert not stage.told_privately("Pause *Nightly")()
    assert stage.asked("suspendBoltSchedule") == 0


async def test_a_lost_reply_is_looked_after(stage: Stage) -> None:
    """If the reply is lost, the answer says whether the schedule is paused."""
    await stage.start_bot(SOON)
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly"))
    stage.sandbox.bolt.add_fault(Fault("drop_after", operation="suspendBoltSchedule"))
    await stage.click("Pause")
    await stage.until(stage.told_privately("is paused: it won't start"))
    assert stage.asked("suspendBoltSchedule") == 1
    await stage.slash("pause hourly")
    await stage.until(stage.told_privately("Pause *Hourly"))
    stage.sandbox.bolt.add_fault(Fault("status", status=502, operation="suspendBoltSchedule"))
    await stage.click("Pause")
    await stage.until(stage.told_privately("Bolt didn't answer, and *Hourly orders* still isn't paused."))
