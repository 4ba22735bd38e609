"""Lines as people type them, through the whole bot: some are carried out, some offered on a button, some neither."""

from __future__ import annotations

from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from tests.e2e.stage import Stage


def labels(stage: Stage) -> list[str]:
    """The buttons of the newest private message."""
    rows = [block["elements"] for block in stage.private()[-1].blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


async def answered(stage: Stage, text: str) -> str:
    """The private answer to a slash command."""
    told = len(stage.private())
    await stage.slash(text)
    await stage.until(lambda: len(stage.private()) > told)
    return str(stage.private()[-1].text)


async def test_reading_is_done_and_acting_is_offered(stage: Stage) -> None:
    """Typos, synonyms and questions only offer buttons: only a click or an exact command starts or cancels anything."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "🚀 Liftoff", "liftoff", own_character(["dbt run"])))
    await stage.start_bot()
    await answered(stage, "rnu backfill")
    assert labels(stage) == ["Run backfill"]
    assert stage.private()[-1].text == 'Nothing has been done yet. Did you mean "Run backfill"?'
    await stage.click("Run backfill")
    # Bolt's own commands, which come first, have no number.
    await stage.until(lambda: any("dbt run --select fct_revenue" in str(card.blocks) for card in stage.cards()))
    (run,) = stage.started()

    assert f"Run {run.id}" in await answered(stage, "last")
    assert f"(command 1 of run {run.id})" in await answered(stage, "logs backfill")
    for text, offered in (
        ("cancel backfill", [f"Cancel run {run.id} of backfill"]),
        (f"cancle {run.id}", [f"Cancel run {run.id} of backfill"]),
        ("why did backfill fail?", ["Logs of backfill", "Status of backfill"]),
        ("don't cancel backfill", ["Status of backfill", "Logs of backfill"]),
        (":rocket: liftoff", ["Run liftoff", "Status of liftoff"]),
        ("run liftoff main", ["Run liftoff on branch main"]),
        ("cancel last", [f"Cancel run {run.id} of backfill"]),
    ):
        await answered(stage, text)
        assert labels(stage) == offered, text
    assert "There's no command" in await answered(stage, "kill the lights")
    assert len(stage.started()) == 1
    assert stage.asked("cancelBoltRun") == 0

    await stage.click(f"Cancel run {run.id} of backfill")
    await stage.until(stage.card_says("was cancelled by"))
    await stage.click(f"Cancel run {run.id} of backfill")
    await stage.until(stage.told_privately("was already cancelled, so there's nothing to cancel"))
    assert stage.asked("cancelBoltRun") == 1
    assert "no active run" in await answered(stage, "stop backfill")
    await answered(stage, f"status {run.id} {run.id - 1}")
    assert f"(run {run.id})" in str(stage.private()[-1].blocks)


async def test_in_direct_messages_the_commands_own_name_and_status_are_understood(stage: Stage) -> None:
    """In a direct message, the slash command's name is understood, and *status* is about the person's own runs."""
    await stage.start_bot()
    here = str(stage.sandbox.workspace.direct("U0ADA").id)
    await stage.say("bolt run backfill", channel="dm")
    await stage.until(stage.card_says("is running", here))
    await stage.say("status", channel="dm")
    await stage.until(stage.card_says("You have 1 active run", here))
    await stage.say("nightly", channel="dm")
    await stage.until(stage.card_says("What would you like to do with Nightly full build?", here))
    assert len(stage.started()) == 1
