"""Pausing and resuming: asked back, done once, and told as it is."""

from __future__ import annotations

from bolt_sandbox.bolt import Fault
from tests.e2e.stage import Stage

SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


async def test_a_schedule_is_paused_and_resumed_after_a_question(stage: Stage) -> None:
    """The answer replaces the question; a list says it at once."""
    await stage.start_bot()
    await stage.slash("list nightly")
    await stage.until(stage.told_privately("1 schedule matching nightly"))
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly full build*?"))
    assert not stage.sandbox.bolt.schedule("nightly").suspended
    messages = len(stage.private())
    await stage.click("Pause", times=2)
    await stage.until(stage.told_privately("is paused"))
    await stage.until(lambda: stage.sandbox.bolt.schedule("nightly").suspended)
    assert len(stage.private()) == messages
    await stage.slash("list --suspended nightly")
    await stage.until(
        stage.told_privately("1 paused schedule matching nightly. Nightly full build: succeeded, paused.")
    )
    await stage.slash("resume Nightly full build")
    await stage.until(stage.told_privately("Resume *Nightly full build*?"))
    await stage.click("Resume")
    await stage.until(stage.told_privately("is resumed"))
    assert not stage.sandbox.bolt.schedule("nightly").suspended


async def test_no_changes_nothing(stage: Stage) -> None:
    """It stays as it is, and the question is gone."""
    await stage.start_bot()
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly"))
    await stage.click("Keep it running")
    await stage.until(stage.told_privately("stays as it is"))
    assert not stage.told_privately("Pause *Nightly")()
    assert stage.asked("suspendBoltSchedule") == 0


async def test_what_stands_so_already_is_not_asked_for(stage: Stage) -> None:
    """Paused already, not paused, made by a file, inactive, mistyped: said, and nothing is sent."""
    await stage.start_bot()
    for asked, answer in (
        ("pause finance-close", "is already paused"),
        ("resume nightly", "is not paused"),
        ("resume finance-close", "ask its owner, finance@example.com"),
        ("pause legacy-export", "is inactive"),
        ("pause nigthly", "Did you mean nightly"),
    ):
        await stage.slash(asked)
        await stage.until(stage.told_privately(answer))
    assert stage.asked("suspendBoltSchedule") == 0
    await stage.click("Pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly full build*?"))


async def test_a_question_that_has_grown_old_is_answered_by_what_holds(stage: Stage) -> None:
    """Somebody else has paused it meanwhile."""
    await stage.start_bot()
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly"))
    stage.sandbox.bolt.suspend("nightly", suspend=True)
    await stage.click("Pause")
    await stage.until(stage.told_privately("is already paused"))
    assert stage.asked("suspendBoltSchedule") == 0


async def test_bolts_refusal_is_told_in_its_words(stage: Stage) -> None:
    """With who owns it."""
    await stage.start_bot()
    await stage.slash("pause nightly")
    await stage.until(stage.told_privately("Pause *Nightly"))
    stage.sandbox.bolt.add_fault(
        Fault("graphql_error", operation="suspendBoltSchedule", message="Not in this environment")
    )
    await stage.click("Pause")
    await stage.until(
        stage.told_privately("Not in this environment. Its owner is ada@example.com. Nothing was changed.")
    )


async def test_a_lost_reply_is_looked_after(stage: Stage) -> None:
    """Done although nobody said so; not done; and not to be found out."""
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
    await stage.until(stage.told_privately("Bolt didn't answer, and *Hourly orders* is not paused."))
