"""The main job: a command starts a run, a card follows it, a button cancels it, and the thread has a failure's log."""

from __future__ import annotations

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage


async def test_a_run_is_started_and_followed_to_its_success(stage: Stage) -> None:
    """One message goes from "is starting" to "succeeded" with its facts; its thread has one line; Cancel is gone."""
    await stage.start_bot()
    outcome = await stage.slash("run nightly --branch main --pr 123 --reason “month end”")
    assert outcome.problem == ""
    await stage.until(stage.card_says("is running"))
    card = stage.cards()[-1]
    assert "Nightly" in card.text
    assert "pull request 123" in card.text
    assert "main" in card.text
    assert f"<@{stage.sandbox.workspace.user('ada').id}>" in card.text
    await stage.until(stage.card_says("succeeded in"))
    await stage.until(stage.replied("succeeded in"))
    assert len(stage.cards()) == 1
    assert len(stage.replies()) == 1
    assert "Cancel run" not in str(stage.cards()[-1].blocks)
    assert any("is starting" in version.text for version in card.earlier) or "is starting" in card.text


async def test_a_failed_runs_log_lands_in_its_thread(stage: Stage) -> None:
    """The thread gets the failed command, the lines that matter, a mention of the asker, and the log as a file."""
    await stage.start_bot()
    await stage.slash("run hourly")
    await stage.until(stage.card_says("failed after"))
    await stage.until(lambda: len(stage.replies()) == 2)
    announced, file = stage.replies()
    assert "failed (command" in announced.text
    assert "exit code 1" in announced.text
    assert f"<@{stage.sandbox.workspace.user('ada').id}>" in announced.text
    assert "Error" in str(announced.blocks)
    assert "\x1b" not in str(announced.blocks)
    assert file.files
    assert "Details in the thread" in str(stage.cards()[-1].blocks)


async def test_a_run_is_cancelled_by_its_button(stage: Stage) -> None:
    """If a click is delivered twice, Bolt is asked once; the person gets an answer, and the card follows Bolt."""
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    clicked = await stage.click("Cancel run", times=2)
    assert "Cancel run" in str(clicked.confirm)
    await stage.until(stage.card_says("was cancelled by"))
    await stage.until(stage.told_privately("is being cancelled"))
    await stage.until(stage.replied("was cancelled by"))
    assert stage.asked("cancelBoltRun") == 1


async def test_why_a_run_could_not_be_cancelled_is_told_when_slack_takes_it(stage: Stage) -> None:
    """If Bolt refuses and Slack accepts no answer for a moment, the reason still reaches the person."""
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    stage.sandbox.bolt.add_fault(Fault("graphql_error", operation="cancelBoltRun", count=None, message="Not yours"))
    for method in ("response_url", "chat.postEphemeral", "conversations.open"):
        stage.sandbox.workspace.faults.add(SlackFault("ratelimited", method, retry_after_s=1))
    await stage.slash(f"cancel {run.id}")
    await stage.until(stage.told_privately(f"Run {run.id} couldn't be cancelled: Bolt refused"))


async def test_bad_input_is_answered_privately_and_changes_nothing(stage: Stage) -> None:
    """Bad input is answered privately with what's wrong and what to do next; there's no card and no run."""
    await stage.start_bot()
    for text, answer in (
        ("run nigthly", 'There\'s no schedule "nigthly". Did you mean nightly'),
        ("run nightly --pr abc", "--pr needs a number, as in --pr 123."),
        ("run nightly --brnch x", "--branch"),
        ("run nightly “x", "quote"),
        ("cancel 99999999", "There's no run 99999999 in Bolt"),
        ("cancel abc", "number"),
        ("status 99999999", "There's no run 99999999 in Bolt"),
        ("rnu nightly", 'Did you mean "Run nightly"?'),
    ):
        assert answer in (await stage.answer_to(stage.slash(text))).text, text
    assert stage.cards() == []
    assert stage.asked("triggerBoltRun") == 0
