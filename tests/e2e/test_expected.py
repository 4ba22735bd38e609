"""The expected end on a running card: from the schedule's runs, in the viewer's time zone, and right for late runs."""

from __future__ import annotations

from tests.e2e.stage import Stage


async def test_a_usual_end_is_shown_with_a_bar(stage: Stage) -> None:
    """A running card shows the percentage of the usual time, never 100%, and the usual end as a date token."""
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    running = [str(one.blocks) for one in stage.cards()[-1].earlier if " is running" in one.text]
    assert any("% · " in blocks and "usually done by <!date^" in blocks for blocks in running)
    assert not any("100%" in blocks or "▰▰▰▰▰▰▰▰▰▰" in blocks for blocks in running)


async def test_own_commands_have_no_usual_end(stage: Stage) -> None:
    """A run with its own commands shows no usual end, and doesn't count toward the usual duration."""
    stage.sandbox.workspace.user("gus").role = "member"
    await stage.start_bot()
    await stage.slash("run slow-start --command “sleep 20”")
    await stage.until(stage.card_says("succeeded"))
    assert not any("usually" in str(one.blocks) for one in stage.cards()[-1].earlier)
    await stage.slash("run slow-start", user="grace")
    await stage.until(lambda: len(stage.cards()) == 2 and "succeeded" in stage.cards()[-1].text)
    assert not any("usually" in str(one.blocks) for one in stage.cards()[-1].earlier)
    await stage.slash("run slow-start", user="gus")
    await stage.until(lambda: len(stage.cards()) == 3 and "succeeded" in stage.cards()[-1].text)
    assert any("usually done by" in str(one.blocks) for one in stage.cards()[-1].earlier)


async def test_a_late_run_says_so_once(stage: Stage) -> None:
    """A run that takes far longer than usual says so in one edit of its card, however long it goes on."""
    await stage.start_bot({"BOLT_BOT_POLL_MAX_S": "0.3"})
    stage.sandbox.bolt.shift_clock(-3600)
    # The run is so slow that it goes on until the test ends it.
    stage.sandbox.bolt.speed = 0.1
    await stage.slash("run nightly")
    await stage.until(lambda: any("10 times the usual time" in str(card.blocks) for card in stage.cards()))
    stage.sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
    await stage.until(stage.card_says("succeeded"))
    running = [str(one.blocks) for one in stage.cards()[-1].earlier if " is running" in one.text]
    assert len(running) == len(set(running))
