"""App Home in the browser, as the bot fills it."""

from __future__ import annotations

import re

from playwright.async_api import Locator

from tests.browser.tab import Tab
from tests.e2e.stage import Stage


def home(tab: Tab) -> Locator:
    """The Home tab's panel."""
    return tab.page.get_by_role("tabpanel", name="Home")


async def test_home_shows_a_run_and_starts_another(stage: Stage, tab: Tab) -> None:
    """Home is empty at first, then shows an active run; a schedule run from it gets its card in the channel."""
    await stage.start_bot()
    await tab.go("Bolt app")
    await tab.sees(home(tab), "Start one here, or with")
    await tab.go("data-eng")
    await tab.say("/bolt run backfill --reason first")
    await tab.sees(tab.message("Backfill"), "is running")
    await tab.go("Bolt app")
    await tab.sees(home(tab), "Your active runs (1)")
    await tab.sees(home(tab).get_by_role("heading", name="Recent failures"))
    stage.sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
    await stage.until(stage.card_says("succeeded"))
    await home(tab).get_by_role("button", name="Refresh").click()
    await tab.sees(home(tab), "Start one here, or with")
    await home(tab).get_by_role("button", name=re.compile("^Run .*in #data-eng")).click()
    await tab.sees(home(tab), "The new run's card is in")
    await tab.sees(home(tab), "Your active runs (1)")
    assert len(stage.started()) == 2
    await tab.go("data-eng")
    await tab.sees(tab.messages().last, "is running")


async def test_a_run_is_cancelled_behind_its_question_on_home(stage: Stage, tab: Tab) -> None:
    """Cancelling from Home asks first, naming the run, and the cancellation is shown at once."""
    await stage.start_bot()
    await tab.say("/bolt run backfill")
    await tab.sees(tab.message("Backfill"), "is running")
    await tab.go("Bolt app")
    await home(tab).get_by_role("button", name=re.compile("Cancel run")).click()
    question = tab.page.get_by_role("alertdialog", name="Cancel this run?").or_(
        tab.page.get_by_role("dialog", name="Cancel this run?")
    )
    await tab.sees(question, re.compile(r"Cancel run \d+ of"))
    await question.get_by_role("button", name="Cancel run").click()
    await tab.sees(home(tab), "is being cancelled by")
    await stage.until(stage.card_says("was cancelled by"))
    assert stage.asked("cancelBoltRun") == 1
