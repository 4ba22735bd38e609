"""The bot's main job as a person sees it in the browser."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.tab import Tab
from tests.e2e.stage import Stage


async def test_a_run_is_started_and_followed(stage: Stage, tab: Tab) -> None:
    """One card goes from start to end without a reload, with its state in words."""
    await stage.start_bot()
    await tab.say("/bolt run nightly")
    await tab.sees(tab.message("Nightly"), re.compile("is (starting|running)"))
    await tab.sees(tab.message("Nightly"), "is running")
    await tab.sees(tab.message("Nightly").get_by_role("button", name=re.compile("Cancel run")))
    await tab.sees(tab.message("Nightly"), "succeeded in")
    await tab.goes(tab.message("Nightly").get_by_role("button", name=re.compile("Cancel run")))
    assert await tab.messages().filter(has_text="Nightly").count() == 1


async def test_a_run_is_cancelled_behind_its_question(stage: Stage, tab: Tab) -> None:
    """*Keep it* changes nothing, *Cancel run* cancels, and the question names the run."""
    await stage.start_bot()
    await tab.say("/bolt run backfill")
    cancel = tab.messages().last.get_by_role("button", name=re.compile("Cancel run"))
    await tab.sees(cancel)
    question = tab.page.get_by_role("alertdialog", name="Cancel this run?").or_(
        tab.page.get_by_role("dialog", name="Cancel this run?")
    )
    await cancel.click()
    await tab.sees(question, re.compile(r"Cancel run \d+ of"))
    await question.get_by_role("button", name="Keep it").click()
    await tab.goes(question)
    assert stage.asked("cancelBoltRun") == 0
    await cancel.click()
    # The card is edited while the question is open, and the answer still counts.
    await tab.sees(question)
    before = stage.cards()[-1].blocks[0]["block_id"]
    await stage.until(lambda: stage.cards()[-1].blocks[0]["block_id"] != before)
    await question.get_by_role("button", name="Cancel run").click()
    await tab.sees(tab.messages().first, "was cancelled by")
    assert stage.asked("cancelBoltRun") == 1


async def test_a_failed_runs_thread(stage: Stage, tab: Tab, tmp_path: Path) -> None:
    """The thread has the failed command, the lines that matter and the log to download, and is marked as read."""
    await stage.start_bot()
    await tab.say("/bolt run hourly")
    card = tab.message("Hourly")
    await tab.sees(card, "failed after")
    replies = card.get_by_role("button", name=re.compile("2 replies"))
    await tab.sees(replies, "new")
    await replies.click()
    await tab.sees(tab.thread(), "exit code 1")
    await tab.sees(tab.thread(), "@ada")
    await tab.sees(tab.thread(), "Log of dbt run")
    await tab.goes(card.get_by_role("button", name=re.compile("new")))
    async with tab.page.expect_download() as download:
        await tab.thread().get_by_role("link", name=re.compile("Download")).click()
    kept = tmp_path / "kept.log"
    await (await download.value).save_as(kept)
    assert "Error" in kept.read_text()
    await tab.thread().get_by_role("button", name="Close thread").click()
    await tab.goes(tab.thread())


async def test_a_private_refusal(stage: Stage, tab: Tab) -> None:
    """A refusal is marked as private, offers what was probably meant, and is shown to nobody else."""
    await stage.start_bot()
    await tab.say("/bolt run nigthly")
    answer = tab.message("There's no schedule")
    await tab.sees(answer, "Only visible to you")
    await tab.sees(answer, "Did you mean")
    await tab.become("grace")
    await tab.goes(tab.messages().filter(has_text="There's no schedule"))
    await tab.become("ada")
    await answer.get_by_role("button", name="Run nightly").click()
    await tab.sees(tab.message("Nightly"), "started by")
    assert len(stage.started()) <= 1


async def test_the_bot_is_killed_and_started_again(stage: Stage, tab: Tab) -> None:
    """A run is followed to its end by the bot that's started next."""
    bot = await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    await tab.say("/bolt run backfill")
    await tab.sees(tab.messages().last, "is running")
    bot.kill()
    await bot.ended()
    await tab.say("/bolt status 1")
    await tab.sees(tab.messages().last, "failed with the error")
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    run = stage.started()[-1]
    stage.sandbox.bolt.end(run.id, "SUCCESS")
    await tab.sees(tab.messages().first, "succeeded in")
