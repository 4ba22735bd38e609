"""Retrying a run: a new run with its own card, started like any other, and each card links to the other."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.bolt import Fault, Start
from bolt_sandbox.bolt.model import Actor
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import API_KEY, Stage

# Bolt's answers time out after a second, so that a lost one is noticed soon.
SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}
FAILED = "failed after"


async def failed_run(stage: Stage, schedule: str = "hourly", **how: Any) -> Any:  # noqa: ANN401
    """Run a schedule that fails, wait until its log file is posted, and return the run."""
    await stage.slash(f"run {schedule}", **how)
    await stage.until(stage.card_says(FAILED))
    await stage.until(lambda: len(stage.replies()) == 2)
    return stage.started()[-1]


def mention(stage: Stage, user: str) -> str:
    """How a message mentions a person."""
    return f"<@{stage.sandbox.workspace.user(user).id}>"


def latest_failure(stage: Stage, schedule: str) -> int:
    """A failed run from before the bot's start."""
    world = stage.sandbox.bolt
    return next(run.id for run in world.runs(schedule) if world.view(run.id).state == "ERROR")


async def test_a_failed_run_is_retried_by_its_button(stage: Stage) -> None:
    """The retry gets a card of its own; the cards link to each other, and the old thread names the new run."""
    await stage.start_bot()
    old = await failed_run(stage)
    await stage.click("Retry failed", user="grace")
    await stage.until(lambda: len(stage.cards()) == 2)
    await stage.until(stage.card_says("succeeded in"))
    (_, new) = stage.started()
    assert (new.parent_id, [step.command for step in new.steps][-1]) == (old.id, "dbt retry")
    before, after = stage.cards()
    assert f"Retry of run {old.id}" in after.text
    assert f"/bolt/run_id/{old.id}|" in after.text
    assert f"started by {mention(stage, 'grace')}" in after.text
    await stage.until(lambda: f"Retried by {mention(stage, 'grace')} as" in stage.cards()[0].text)
    assert f"/p{after.ts.replace('.', '')}|run {new.id}>" in str(before.blocks)
    await stage.until(lambda: any("Retried by" in reply.text for reply in stage.replies(card=0)))
    told = [reply.text for reply in stage.replies(card=0) if "Retried by" in reply.text]
    assert len(told) == 1
    assert f"run {new.id}" in told[0]
    assert after.ts.replace(".", "") in told[0]
    assert (stage.asked("retryBoltRun"), stage.asked("triggerBoltRun")) == (1, 1)
    await stage.until(stage.replied("recovered after 1 failure"))
    assert "failed" not in stage.cards()[1].text


async def test_from_another_channel_the_new_run_is_linked_in_bolt(stage: Stage) -> None:
    """A retry from another channel is linked in Bolt, since readers of the old card may not be in that channel."""
    await stage.start_bot()
    old = await failed_run(stage)
    await stage.slash(f"retry {old.id}", channel="analytics")
    await stage.until(stage.card_says(f"Retry of run {old.id}", "analytics"))
    await stage.until(lambda: "Retried by" in stage.cards()[0].text)
    new = stage.started()[-1]
    assert f"/bolt/run_id/{new.id}|run {new.id}>" in stage.cards()[0].text
    await stage.until(stage.replied(f"/bolt/run_id/{new.id}|run {new.id}>"))


async def test_a_card_in_another_channel_is_linked_nowhere(stage: Stage) -> None:
    """`status`, a card's details and Home don't link to a card in another channel, which the reader may not be in."""
    workspace, people = stage.sandbox.workspace, stage.sandbox.slack.people
    workspace.channel("finance").members.append(workspace.bot.id)
    await stage.start_bot()
    old = await failed_run(stage)
    await stage.slash(f"retry {old.id}", channel="finance")
    await stage.until(stage.card_says(f"Retry of run {old.id}", "finance"))
    await stage.until(lambda: "Retried by" in stage.cards()[0].text)
    new, hidden = stage.started()[-1], stage.cards("finance")[-1].channel
    in_bolt = f"/bolt/run_id/{new.id}|run {new.id}>"
    await stage.slash(f"status {old.id}", user="gus")
    await stage.until(stage.told_privately("Retried by", "gus"))
    await people.message_shortcut("gus", "data-eng", stage.cards()[0].ts, "run.details")
    await stage.until(lambda: any("Retried by" in str(view.content) for view in workspace.views.values()))
    await people.open_home("gus")
    await stage.until(lambda: any("Recent failures (1)" in str(view.content) for view in workspace.views.values()))
    told = [str(one.blocks) + one.text for one in stage.private("gus") if "Retried by" in one.text]
    told += [str(view.content) for view in workspace.views.values() if "Retried by" in str(view.content)]
    assert len(told) == 3
    for one in told:
        assert in_bolt in one
        assert hidden not in one


async def test_every_command_is_retried(stage: Stage) -> None:
    """Every command of a run is retried, even after a success; progress counts the schedule's commands."""
    await stage.start_bot()
    await failed_run(stage)
    await stage.click("Retry all")
    await stage.until(lambda: len(stage.cards()) == 2)
    await stage.until(lambda: FAILED in stage.cards()[1].text)
    await stage.until(lambda: any("of 3" in str(version.blocks) for version in stage.cards()[1].earlier))
    await stage.slash("run nightly --branch dev --pr 12 --command “dbt test”")
    await stage.until(stage.card_says("succeeded"))
    good = stage.started()[-1]
    await stage.slash(f"retry {good.id} --all", user="grace")
    await stage.until(lambda: len(stage.cards()) == 4)
    await stage.until(lambda: "succeeded" in stage.cards()[3].text)
    new = stage.started()[-1]
    assert (new.parent_id, new.branch, new.pull_request) == (good.id, "dev", 12)
    assert "dev" in stage.cards()[3].text
    assert "pull request 12" in stage.cards()[3].text
    assert "dbt test" in str(stage.cards()[3].blocks)
    assert stage.asked("retryAllBoltRun") == 2


async def test_a_schedules_latest_failed_run_is_retried(stage: Stage) -> None:
    """Retrying a schedule retries its latest failed run, no matter who started it."""
    await stage.start_bot()
    latest = latest_failure(stage, "data-quality-tests")
    await stage.slash("retry “Data quality tests”")
    await stage.until(stage.card_says("succeeded"))
    assert [run.parent_id for run in stage.started()] == [latest]
    assert f"Retry of run {latest}" in stage.cards()[0].text
    assert "Data quality tests" in stage.cards()[0].text


async def test_a_click_delivered_twice_retries_once_and_a_second_click_asks_back(stage: Stage) -> None:
    """A click delivered twice retries once, asking again needs a confirmation, and another person gets a new retry."""
    await stage.start_bot()
    old = await failed_run(stage)
    await stage.click("Retry failed", times=2)
    await stage.until(stage.card_says("succeeded"))
    await stage.slash(f"retry {old.id}")
    await stage.until(stage.told_privately("You already asked for"))
    assert f"a retry of *run {old.id}*" in stage.private()[-1].text
    assert stage.asked("retryBoltRun") == 1
    await stage.click("Retry failed", user="grace")
    await stage.until(lambda: len(stage.cards()) == 3)
    await stage.until(lambda: mention(stage, "grace") in stage.cards()[0].text.partition("Retried by")[2])
    newest = stage.started()[-1]
    await stage.until(lambda: f"run {newest.id}>" in stage.cards()[0].text)
    await stage.until(lambda: sum("Retried by" in reply.text for reply in stage.replies(card=0)) == 2)
    assert len({run.id for run in stage.started()}) == 3
    await stage.click("Start another")
    await stage.until(lambda: stage.asked("retryBoltRun") == 3)


async def test_a_lost_reply_is_never_repeated_and_the_retry_is_found(stage: Stage) -> None:
    """A retry whose reply was lost is found by the run that it names, among other runs of our key."""
    await stage.start_bot(SOON)
    old = await failed_run(stage)
    fault = Fault("timeout", operation="retryBoltRun", executes=True, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.click("Retry failed")
    await stage.until(lambda: fault.is_spent)
    await stage.until(lambda: len(stage.started()) == 2)
    stage.sandbox.bolt.start("hourly", Start(), Actor(API_KEY))
    await stage.until(stage.told_privately("I'm checking whether"))
    await stage.until(stage.card_says("succeeded"))
    assert stage.asked("retryBoltRun") == 1
    assert f"Retry of run {old.id}" in stage.cards()[-1].text
    await stage.until(lambda: "Retried by" in stage.cards()[0].text)


async def test_the_line_in_the_thread_stands_there_once_although_its_reply_was_lost(stage: Stage) -> None:
    """If Slack's reply to the line in the thread is lost, the line is found and not posted again."""
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    await failed_run(stage)
    fault = SlackFault("drop_after", "chat.postMessage", skip=1)
    stage.sandbox.workspace.faults.add(fault)
    await stage.click("Retry failed")
    await stage.until(lambda: fault.count == 0)
    looks = [call.what for call in stage.sandbox.workspace.calls].count("conversations.replies")
    await stage.until(
        lambda: [call.what for call in stage.sandbox.workspace.calls].count("conversations.replies") > looks
    )
    await stage.click("Retry failed", user="grace")
    await stage.until(lambda: any(mention(stage, "grace") in reply.text for reply in stage.replies(card=0)))
    told = [reply.text for reply in stage.replies(card=0) if "Retried by" in reply.text]
    assert len(told) == 2


async def test_a_foreign_run_is_retried_although_nobody_knows_its_schedule(stage: Stage) -> None:
    """A run of an unknown schedule can be retried; if the reply is lost, the retry is unclear at once, with a link."""
    await stage.start_bot(SOON)
    old = latest_failure(stage, "hourly")
    await stage.slash(f"retry {old}")
    await stage.until(stage.card_says(f"Retry of run {old}"))
    await stage.until(stage.card_says("succeeded"))
    stage.sandbox.bolt.add_fault(Fault("drop_after", operation="retryBoltRun"))
    await stage.slash(f"retry {old}", user="grace")
    await stage.until(stage.card_says("it's unclear whether"))
    await stage.until(stage.told_privately("couldn't find out whether", "grace"))
    assert "Check in Bolt" in str(stage.cards()[-1].blocks)
    assert stage.asked("retryBoltRun") == 2


async def test_a_retry_that_is_late_is_never_sent(stage: Stage) -> None:
    """A retry that can't be sent before its deadline, because Bolt is away, is never sent."""
    await stage.start_bot({"BOLT_BOT_START_DEADLINE_S": "3", **SOON})
    await failed_run(stage)
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    await stage.click("Retry failed")
    await stage.until(stage.told_privately("Nothing was started"), timeout_s=30)
    stage.sandbox.bolt.faults.clear()
    assert stage.asked("retryBoltRun") == 0


async def test_a_retry_that_bolt_refuses_takes_its_card_back(stage: Stage) -> None:
    """If Bolt refuses a retry, the reason is shown, its card is removed, and the old card doesn't mention it."""
    await stage.start_bot()
    await failed_run(stage)
    stage.sandbox.bolt.add_fault(Fault("graphql_error", operation="retryBoltRun", message="No slots are free"))
    await stage.click("Retry failed")
    await stage.until(stage.told_privately("Bolt didn't start it: No slots are free. Retry run"))
    await stage.until(lambda: len(stage.cards()) == 1)
    assert "Retried" not in stage.cards()[0].text


async def test_the_buttons_work_although_redis_has_lost_everything(stage: Stage) -> None:
    """With Redis emptied, a retry still starts and is linked to the old card, whose end isn't announced again."""
    bot = await stage.start_bot()
    old = await failed_run(stage)
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot(SOON)
    stage.sandbox.bolt.add_fault(Fault("drop_after", operation="retryBoltRun"))
    await stage.click("Retry failed")
    await stage.until(stage.card_says("succeeded"))
    assert stage.asked("retryBoltRun") == 1
    assert stage.started()[-1].parent_id == old.id
    await stage.until(lambda: "Retried by" in stage.cards()[0].text)
    await stage.until(lambda: any("Retried by" in reply.text for reply in stage.replies(card=0)))
    await stage.until(lambda: "Details in the thread" in str(stage.cards()[0].blocks))
    assert FAILED in stage.cards()[0].text
    assert all("is starting" not in version.text for version in stage.cards()[0].earlier[3:])
    assert sum("failed (command" in reply.text for reply in stage.replies(card=0)) == 1


async def test_in_a_failed_cards_thread_the_run_may_be_left_out(stage: Stage) -> None:
    """In a failed card's thread, a retry needs no run number, even with Redis emptied; no end is announced twice."""
    bot = await stage.start_bot()
    old = await failed_run(stage)
    thread = stage.cards()[0].ts
    await stage.mention("retry", thread=thread)
    await stage.until(lambda: any("Retried by" in reply.text for reply in stage.replies(card=0)))
    await stage.until(stage.card_says("succeeded"))
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    await stage.mention("cancel", thread=thread)
    await stage.until(stage.told_privately("there's nothing to cancel"))
    await stage.mention("retry --all", user="grace", thread=thread)
    await stage.until(lambda: len(stage.started()) == 3)
    await stage.until(lambda: f"Retried by {mention(stage, 'grace')}" in stage.cards()[0].text)
    await stage.until(lambda: sum("Retried by" in reply.text for reply in stage.replies(card=0)) == 2)
    assert [run.parent_id for run in stage.started()] == [None, old.id, old.id]
    assert sum("failed (command" in reply.text for reply in stage.replies(card=0)) == 1


async def test_a_success_is_run_again_as_it_was(stage: Stage) -> None:
    """Each click runs a success again once, with its branch, pull request and commands, even after Redis is emptied."""
    bot = await stage.start_bot()
    await stage.slash("run nightly --branch dev --pr 12 --command “dbt run -s a” --command “dbt test”")
    await stage.until(stage.card_says("succeeded"))
    await stage.click("Run again", user="grace", times=2)
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 2)
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    await stage.click("Run again")
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 3)
    runs = stage.started()
    assert len(runs) == 3
    assert len({(run.slug, run.branch, run.pull_request) for run in runs}) == 1
    assert [[step.command for step in run.steps][-2:] for run in runs] == [["dbt run -s a", "dbt test"]] * 3
    await stage.click("Run again")
    await stage.until(stage.told_privately("You already asked for"))


async def test_another_retry_is_of_the_run_that_was_the_latest_failed_one(stage: Stage) -> None:
    """*Start another* retries the run that was first asked for, even if another run has failed since."""
    await stage.start_bot()
    latest = latest_failure(stage, "data-quality-tests")
    await stage.slash("retry data-quality-tests")
    await stage.until(lambda: len(stage.started()) == 1)
    stage.sandbox.bolt.end(stage.started()[0].id, "ERROR")
    await stage.until(stage.card_says("failed"))
    await stage.slash("retry data-quality-tests")
    await stage.until(stage.told_privately("You already asked for"))
    await stage.click("Start another")
    await stage.until(lambda: len(stage.started()) == 2)
    assert [run.parent_id for run in stage.started()] == [latest, latest]


async def test_commands_that_fit_into_no_button_are_run_again_from_the_record(stage: Stage) -> None:
    """Commands too long for a button are read from Redis, and if they're lost, nothing else is run instead."""
    bot = await stage.start_bot()
    long = " ".join(f"--command “dbt run -s {'x' * 900} {number}”" for number in range(3))
    await stage.slash(f"run nightly {long}")
    await stage.until(stage.card_says("succeeded"))
    await stage.click("Run again")
    await stage.until(lambda: len(stage.started()) == 2)
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 2)
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    await stage.click("Run again")
    await stage.until(stage.told_privately("I no longer know how run"))
    assert len(stage.started()) == 2


@pytest.mark.parametrize("label", ["Retry failed", "Run again"])
async def test_a_card_of_another_bolt_workspace_starts_nothing_here(stage: Stage, label: str) -> None:
    """A card of another Bolt workspace starts nothing here, where its number may belong to another run."""
    bot = await stage.start_bot()
    await stage.slash(f"run {'hourly' if label == 'Retry failed' else 'nightly'}")
    await stage.until(lambda: any(label in str(card.blocks) for card in stage.cards()))
    bot.kill()
    await bot.ended()
    await stage.start_bot({"PARADIME_WORKSPACE_UID": "another", "BOLT_BOT_ADOPT": "1"})
    await stage.click(label)
    await stage.until(stage.told_privately("This card belongs to another Bolt workspace"))
    assert len(stage.started()) == 1


async def test_failures_before_a_success_are_counted(stage: Stage) -> None:
    """A success after two failures says so on its card and in the thread."""
    stage.sandbox.workspace.user("gus").role = "member"
    await stage.start_bot()
    for user in ("ada", "grace"):
        await stage.slash("run flaky", user=user)
        await stage.until(lambda: all(FAILED in card.text for card in stage.cards()) and bool(stage.cards()))
    await stage.slash("run flaky", user="gus")
    await stage.until(stage.replied("recovered after 2 failures"))
    assert "recovered after 2 failures" in stage.cards()[-1].text
    assert "failed" not in stage.cards()[-1].text
