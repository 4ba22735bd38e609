"""`/bolt status` without a name: the active runs of this channel, shown privately."""

from __future__ import annotations

from bolt_sandbox.bolt.model import Character, Schedule, Step
from tests.e2e.stage import Stage

MANY = 12
NONE = "I'm not following any active runs in this channel. Start one with"


async def test_none_is_active(stage: Stage) -> None:
    """Without active runs, the reply is private, and says what to do next."""
    await stage.start_bot()
    await stage.slash("status")
    await stage.until(stage.told_privately(NONE))
    assert stage.private("grace") == []


async def test_the_active_runs_of_this_channel(stage: Stage) -> None:
    """Each active run is shown with its state, who started it, its card and a link; other channels' runs aren't."""
    workspace = stage.sandbox.workspace
    workspace.channel("analytics").members.append(workspace.bot.id)
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await stage.slash("run nightly", channel="analytics", user="grace")
    await stage.until(stage.card_says("is running", "analytics"))
    await stage.slash("status", user="grace")
    await stage.until(stage.told_privately("1 run is active in this channel", "grace"))
    (told,) = stage.private("grace")
    run = stage.started()[0]
    card = stage.cards()[-1]
    shown = str(told.blocks)
    assert "is running" in told.text
    assert f"run_id/{run.id}" in told.text
    assert f"<@{workspace.user('ada').id}>" in told.text
    assert f"/archives/{card.channel}/p{card.ts.replace('.', '')}" in shown
    assert "▱" in shown or "done" in shown
    assert "nightly" not in shown.lower()


async def test_a_run_is_cancelled_and_looked_at_from_there(stage: Stage) -> None:
    """Runs can be viewed and cancelled from the list, and one that's over is no longer listed."""
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await stage.slash("status")
    await stage.until(stage.told_privately("1 run is active"))
    await stage.click("Details")
    await stage.until(
        lambda: any("running" in str(one.blocks) and "Open in Bolt" in str(one.blocks) for one in stage.private())
    )
    people = stage.sandbox.slack.people
    told = next(one for one in stage.private() if "1 run is active" in one.text)
    outcome = await people.click("ada", "data-eng", told.ts, label="Cancel run")
    assert "Cancel run" in str(outcome.confirm)
    await stage.until(stage.card_says("was cancelled by"))
    await stage.slash("status")
    await stage.until(stage.told_privately(NONE))


async def test_it_is_the_same_after_a_kill(stage: Stage) -> None:
    """The list survives a kill of the bot."""
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    await stage.slash("status")
    await stage.until(stage.told_privately("1 run is active"))
    stage.sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
    await stage.until(stage.card_says("succeeded"))
    await stage.slash("status", user="grace")
    await stage.until(stage.told_privately(NONE, "grace"))


async def test_many_are_counted_and_the_newest_ten_listed(stage: Stage) -> None:
    """Of many active runs, all are counted and the newest ten are listed."""
    long = Character((Step("sleep 9999", 9999.0),))
    for number in range(MANY):
        stage.sandbox.bolt.add_schedule(Schedule(0, f"Many {number}", f"many-{number}", long))
    await stage.start_bot()
    for number in range(MANY):
        await stage.slash(f"run many-{number}", user="ada" if number % 2 else "grace")
    await stage.until(lambda: len(stage.started()) == MANY, timeout_s=40)
    await stage.until(lambda: sum("is running" in card.text for card in stage.cards()) == MANY, timeout_s=40)
    await stage.slash("status")
    await stage.until(stage.told_privately(f"{MANY} runs are active in this channel"))
    told = stage.private()[-1]
    assert "and 2 older ones not listed here." in told.text
    assert sum(block["type"] == "actions" for block in told.blocks) == 10
