"""Shortcuts: the form from anywhere, and the details of a run from its messages."""

from __future__ import annotations

from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.modal import Modal
from tests.e2e.stage import Stage


async def test_the_global_shortcut_asks_for_the_channel(stage: Stage) -> None:
    """The form starts with the channel that's open, and the card goes to the channel that the person chooses."""
    await stage.start_bot()
    people = stage.sandbox.slack.people
    assert (await people.shortcut("ada", "run.form", "analytics")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("nightly")
    await form.submit()
    await stage.until(stage.card_says("is running", "analytics"))
    assert (await people.shortcut("ada", "run.form")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("hourly")
    form.fill("channel", "C0DATAENG")
    await form.submit()
    await stage.until(stage.card_says("Hourly"))


async def test_a_refusal_after_the_global_shortcut_is_private(stage: Stage) -> None:
    """A refusal is shown in the form if the person can't use the channel, and otherwise privately in the channel."""
    await stage.start_bot()
    await stage.sandbox.slack.people.shortcut("ada", "run.form", "finance")
    form = await Modal(stage).opened()
    await form.choose("always on")
    assert "/invite @" in (await form.errors())["channel"]
    form.fill("channel", "C0ANALYTICS")
    await form.submit()
    await stage.until(stage.told_privately("is already running as"))
    assert stage.private()[-1].channel == "C0ANALYTICS"
    assert stage.started() == []


async def test_the_details_of_a_run(stage: Stage) -> None:
    """The details of a run open from its card and its thread's messages, with its outcome and only links as buttons."""
    await stage.start_bot()
    await stage.slash("run hourly")
    await stage.until(lambda: len(stage.cards()) == 1 and len(stage.replies()) == 2)
    (run,) = stage.started()
    people = stage.sandbox.slack.people
    for message in (stage.cards()[0], stage.replies()[0], stage.replies()[1]):
        outcome = await people.message_shortcut("grace", "data-eng", message.ts, "run.details")
        assert outcome.problem == ""
        modal = await Modal(stage, "grace").opened()
        await stage.until(lambda: modal.says("exit code 1"))  # noqa: B023 - waited for in this round
        assert modal.view is not None
        assert modal.view.content["title"]["text"] == f"Run {run.id}"
        assert modal.says("failed after")
        shown = [button for block in modal.blocks if block["type"] == "actions" for button in block["elements"]]
        assert shown
        assert all(button.get("url") for button in shown)
        await people.close_view(modal.id)


async def test_details_where_redis_has_lost_the_record(stage: Stage) -> None:
    """With Redis emptied, the card itself says which run it's about."""
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    await stage.until(stage.replied("succeeded"))
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    await stage.sandbox.slack.people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    modal = await Modal(stage).opened()
    await stage.until(lambda: modal.says("succeeded in"))


async def test_details_where_the_bot_is_no_member(stage: Stage) -> None:
    """If the bot isn't a member, details open only from a card, which works even after Redis was emptied."""
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    await stage.until(stage.replied("succeeded"))
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    workspace, people = stage.sandbox.workspace, stage.sandbox.slack.people
    workspace.channel("data-eng").members.remove(workspace.bot.id)
    said = await people.say("grace", "data-eng", "who knows?")
    await people.message_shortcut("ada", "data-eng", said.ts, "run.details")
    await stage.until(stage.told_privately("isn't a run's card"))
    await people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    modal = await Modal(stage).opened()
    await stage.until(lambda: modal.says("succeeded in"))


async def test_details_of_what_is_no_card(stage: Stage) -> None:
    """On a person's message or another message of the bot, the shortcut says privately that it isn't a run's card."""
    await stage.start_bot()
    workspace, people = stage.sandbox.workspace, stage.sandbox.slack.people
    channel = workspace.channel("data-eng")
    said = await people.say("grace", "data-eng", "see https://app.paradime.io/bolt/run_id/1")
    plain = workspace.post(channel, workspace.bot, "I am here")
    for message in (said, plain):
        before = len(stage.private())
        await people.message_shortcut("ada", "data-eng", message.ts, "run.details")
        await stage.until(lambda: len(stage.private()) > before)  # noqa: B023 - waited for in this round
        assert "isn't a run's card" in stage.private()[-1].text
    assert Modal(stage).view is None


async def test_details_that_slack_does_not_show(stage: Stage) -> None:
    """If Slack doesn't open the modal, the details come privately instead."""
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    stage.sandbox.workspace.faults.add(SlackFault("error", "views.open", code="expired_trigger_id"))
    await stage.sandbox.slack.people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    await stage.until(stage.told_privately("succeeded in"))
