"""A start is sent at most once, and soon or never."""

from __future__ import annotations

import asyncio

import pytest

from bolt_sandbox.bolt import Character, Fault, Schedule, Start, Step
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Actor
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import API_KEY, Stage

# Bolt's answers time out after a second, so that a lost one is noticed soon.
SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


async def test_a_command_delivered_twice_starts_once(stage: Stage) -> None:
    """A command delivered several times starts one run, because its trigger_id is the same each time."""
    await stage.start_bot()
    await stage.slash("run nightly", times=3)
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_the_same_words_again_ask_back(stage: Stage) -> None:
    """A repeated command is answered with a question; *Start another* starts one more, even if Slack repeats it."""
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("is running"))
    await stage.slash("RUN   nightly")
    await stage.until(stage.told_privately("You already asked for"))
    assert len(stage.started()) == 1
    await stage.click("Start another", times=2)
    await stage.until(lambda: len(stage.cards()) == 2)
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 2)
    assert len(stage.started()) == 2


async def test_two_schedules_that_are_called_alike_are_both_offered(stage: Stage) -> None:
    """If two schedules' names differ only in case or accents, nothing starts until one is chosen."""
    for slug, name in (("cafe-1", "Cafe"), ("cafe-2", "Café")):
        stage.sandbox.bolt.add_schedule(Schedule(0, name, slug, own_character(["dbt run"])))
    await stage.start_bot()
    await stage.slash("run CAFE")
    await stage.until(stage.told_privately("is the name of several schedules"))
    assert stage.started() == []
    await stage.click("Run cafe-2")
    await stage.until(lambda: [run.slug for run in stage.started()] == ["cafe-2"])


async def test_a_suggestion_can_be_clicked(stage: Stage) -> None:
    """A mistyped name takes one click to correct, and the options are kept."""
    await stage.start_bot()
    await stage.slash("run nigthly --pr 7")
    await stage.until(stage.told_privately("Did you mean"))
    await stage.click("Run nightly")
    await stage.until(stage.card_says("is running"))
    assert "pull request 7" in stage.cards()[-1].text


async def test_a_suggestion_carries_no_secret(stage: Stage) -> None:
    """A suggestion contains no secret, even in its button's value, and a click on it starts the whole command."""
    command = "dbt run --vars PASSWORD=hunter2secret"
    await stage.start_bot()
    await stage.slash(f'run nigthly --command "{command}"')
    await stage.until(stage.told_privately("Did you mean"))
    assert "hunter2secret" not in str(stage.private()[-1].blocks)
    await stage.click("Run nightly")
    await stage.until(lambda: len(stage.started()) == 1)
    assert command in [step.command for step in stage.started()[0].steps]
    calls = [str(call) for call in stage.sandbox.workspace.calls if call.direction == "from_app"]
    assert calls
    assert not any("hunter2secret" in call for call in calls)


async def test_a_lost_reply_is_never_repeated_and_its_run_is_found(stage: Stage) -> None:
    """If Bolt's reply is lost, the start isn't repeated: its run is found and followed."""
    await stage.start_bot(SOON)
    stage.sandbox.bolt.add_fault(Fault("drop_after", operation="triggerBoltRun"))
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("I'm checking whether"))
    await stage.until(stage.card_says("succeeded"))
    assert stage.asked("triggerBoltRun") == 1
    assert len(stage.started()) == 1


async def test_several_runs_that_may_be_it_are_all_linked(stage: Stage) -> None:
    """If several runs may belong to a start whose reply was lost, the card links all of them and follows none."""
    await stage.start_bot(SOON)
    fault = Fault("timeout", operation="triggerBoltRun", executes=True, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.slash("run nightly")
    await stage.until(lambda: stage.asked("triggerBoltRun") == 1 or bool(stage.started()))
    stage.sandbox.bolt.start("nightly", Start(), Actor(API_KEY))
    await stage.until(stage.card_says("it's unclear whether"))
    await stage.until(stage.told_privately("couldn't find out"))
    for run in stage.started():
        assert f"run {run.id}" in str(stage.cards()[-1].blocks)


async def test_lost_replies_on_three_branches_are_each_found(stage: Stage) -> None:
    """If the replies to starts on different branches are lost, each start finds its own run, and none is unclear."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "Many", "many", Character((Step("dbt run", 300.0),))))
    await stage.start_bot(SOON)
    stage.sandbox.bolt.add_fault(Fault("drop_after", count=3, operation="triggerBoltRun"))
    for branch in ("one", "two", "three"):
        await stage.slash(f"run many --branch {branch}")
    await stage.until(lambda: sum("is running" in card.text for card in stage.cards()) == 3, timeout_s=60)
    assert sorted(str(run.branch) for run in stage.started()) == ["one", "three", "two"]
    assert not any("unclear" in card.text for card in stage.cards())


async def test_a_start_that_is_late_is_never_sent(stage: Stage) -> None:
    """A start that can't be sent before its deadline is never sent, and the person is told so."""
    await stage.start_bot({"BOLT_BOT_START_DEADLINE_S": "2", **SOON})
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("Nothing was started"))
    stage.sandbox.bolt.faults.clear()
    await stage.slash("run hourly")
    await stage.until(stage.card_says("is running"))
    assert [run.slug for run in stage.started()] == ["hourly"]


async def test_a_schedule_that_runs_already_is_an_answer(stage: Stage) -> None:
    """If the schedule is already running, the answer names its run, and the start's card is removed."""
    await stage.start_bot()
    await stage.slash("run already-running")
    await stage.until(stage.told_privately("is already running as"))
    await stage.until(lambda: stage.cards() == [])
    assert stage.started() == []


async def test_a_public_channel_is_joined(stage: Stage) -> None:
    """The bot joins a public channel that it isn't in."""
    await stage.start_bot()
    await stage.slash("run nightly", channel="analytics")
    await stage.until(stage.card_says("succeeded", "analytics"))


async def test_a_private_channel_is_not_started_in(stage: Stage) -> None:
    """A start whose card can't be posted isn't sent, and the person is told how to invite the bot."""
    await stage.start_bot()
    await stage.slash("run nightly", channel="finance")
    await stage.until(stage.told_privately("/invite"))
    assert stage.started() == []


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_slack_that_asks_to_wait_is_waited_for(stage: Stage, method: str) -> None:
    """A 429 on a post or an edit costs time and nothing else."""
    await stage.start_bot()
    stage.sandbox.workspace.faults.add(SlackFault("ratelimited", method, count=2, retry_after_s=1))
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    await stage.until(stage.replied("succeeded"))
    assert len(stage.started()) == 1


async def test_a_card_whose_reply_was_lost_goes_with_its_refusal(stage: Stage) -> None:
    """A card whose reply was lost is removed if its start is refused, so no card says "is starting" forever."""
    await stage.start_bot({"BOLT_BOT_START_DEADLINE_S": "3", "BOLT_BOT_LEASE_S": "1.5"})
    faults = stage.sandbox.workspace.faults
    faults.add(SlackFault("drop_after", "chat.postMessage"))
    faults.add(SlackFault("http_500", "conversations.history", count=3))
    await stage.slash("run nightly")
    await stage.until(lambda: len(stage.cards()) == 1)
    await stage.until(stage.told_privately("nothing was started"), timeout_s=30)
    assert stage.cards() == []
    assert stage.started() == []


async def test_a_cancel_by_number_hides_no_lost_start(stage: Stage) -> None:
    """A run that's cancelled by number while the bot looks for it is still found, and its end is announced."""
    await stage.start_bot(SOON)
    fault = Fault("timeout", operation="triggerBoltRun", executes=True, hold_s=None)
    stage.sandbox.bolt.add_fault(fault)
    await stage.slash("run backfill")
    await stage.until(lambda: bool(stage.started()))
    (run,) = stage.started()
    await stage.slash(f"cancel {run.id}", user="grace")
    await stage.until(stage.card_says("was cancelled by"), timeout_s=30)
    await stage.until(stage.replied("was cancelled by"))


async def test_a_name_of_many_bytes_keeps_its_card_going(stage: Stage) -> None:
    """A branch name too long for a button is left out of it, and the button still works."""
    await stage.start_bot()
    await stage.slash(f"run backfill --branch {'🎉' * 250}")
    await stage.until(stage.card_says("is running"))
    await stage.click("Cancel run")
    await stage.until(stage.card_says("was cancelled by"))


async def test_what_people_really_type_works(stage: Stage) -> None:
    """Curly quotes, dashes, capitals, a name with spaces and custom commands are understood."""
    await stage.start_bot()
    await stage.slash("RUN “Nightly full build” —branch dev  –pr 12 --command “dbt run -s a” —command “dbt test”")
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    assert [step.command for step in run.steps][-2:] == ["dbt run -s a", "dbt test"]
    await stage.until(stage.card_says("succeeded"))
    assert "dbt run -s a" in str(stage.cards()[-1].blocks)


async def test_ten_channels_start_at_once(stage: Stage) -> None:
    """Ten channels that start at once each get one run, one card and its announcement."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    members = [workspace.user("ada").id, workspace.bot.id]
    channels = [workspace.add_channel(f"team-{number}", "public", members) for number in range(10)]
    await asyncio.gather(*(stage.slash("run nightly", channel=channel.id) for channel in channels))
    await stage.until(lambda: all(stage.replied("succeeded", channel.id)() for channel in channels), timeout_s=30)
    assert [len(stage.cards(channel.id)) for channel in channels] == [1] * 10
    assert len(stage.started()) == 10
