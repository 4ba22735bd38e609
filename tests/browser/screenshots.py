"""`make screenshots`: the README's pictures, taken of the page while the bot works in the sandbox."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, async_playwright

from bolt_sandbox.bolt import BoltWorld, Start
from bolt_sandbox.bolt.model import Course
from bot.charts.child import Charts
from bot.core.watching.digest_chart import FailedOften, digest_chart
from tests.browser.conftest import ARGUMENTS, MISSING, chromium
from tests.browser.tab import Tab
from tests.e2e.elsewhere import SCHEDULER
from tests.e2e.stage import Stage
from tests.worlds import new_sandbox

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SPEED = 4.0
SATURDAY = 5
SIZE = {"width": 1240, "height": 700}


async def take(folder: Path) -> None:
    """Take all the screenshots. Raises an exception if the bot or the page doesn't reach a state to be shown."""
    path = chromium()
    if path is None:
        raise SystemExit(MISSING)
    sandbox = new_sandbox(bolt=BoltWorld(speed=SPEED))
    await sandbox.start()
    stage = Stage(sandbox, folder)
    try:
        await stage.start_bot({"BOLT_BOT_DISCOVER_S": "1"})
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            await _list(await _tab(browser, stage))
            await _card(stage, await _tab(browser, stage))
            await _thread(stage, await _tab(browser, stage))
            await _home(stage, await _tab(browser, stage))
            await _form(await _tab(browser, stage))
            await _incident(stage, await _tab(browser, stage))
            await _digest(stage, await _tab(browser, stage))
            await browser.close()
        await _digest_picture()
    finally:
        await stage.close()


async def _tab(browser: Browser, stage: Stage) -> Tab:
    context = await browser.new_context(
        viewport={"width": SIZE["width"], "height": SIZE["height"]},
        device_scale_factor=1.5,
        color_scheme="light",
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    tab = Tab(await context.new_page(), stage.sandbox.base_url)
    await tab.open()
    return tab


async def _list(tab: Tab) -> None:
    """The first command that people type."""
    await tab.say("/bolt list")
    await tab.sees(tab.page.get_by_text("Nightly full build"))
    await _shoot(tab.page, "list.png")


async def _card(stage: Stage, tab: Tab) -> None:
    await tab.say("/bolt run nightly --branch main --pr 123")
    await tab.sees(tab.message("Nightly"), re.compile(r"[2-9] of \d"))
    await _shoot(tab.page, "running.png")
    await tab.sees(tab.message("Nightly"), "succeeded in")
    await stage.until(stage.replied("succeeded in"))


async def _thread(stage: Stage, tab: Tab) -> None:
    await tab.say("/bolt run hourly")
    await stage.until(stage.card_says("failed after"), timeout_s=60)
    replies = tab.message("Hourly").get_by_role("button", name=re.compile("2 replies"))
    await replies.click()
    await tab.sees(tab.thread(), "Log of dbt run")
    await tab.thread().get_by_text("exit code 1").scroll_into_view_if_needed()
    # Tall enough to show the table and the file too.
    await tab.page.set_viewport_size({"width": SIZE["width"], "height": 1060})
    await _shoot(tab.page, "failed.png")


async def _home(stage: Stage, tab: Tab) -> None:
    """The person's active run, somebody else's, the earlier failure, and the schedules run most often."""
    await stage.slash("run backfill")
    await stage.until(lambda: "1 of " in str(stage.cards()[-1].blocks), timeout_s=60)
    await stage.slash("run nightly", user="grace")
    await stage.until(lambda: sum("is running" in card.text for card in stage.cards()) == 2)
    await tab.page.set_viewport_size({"width": SIZE["width"], "height": 860})
    await tab.go("Bolt app")
    home = tab.page.get_by_role("tabpanel", name="Home")
    await tab.sees(home, "Active runs in your channels (1)")
    await tab.sees(home, "Recent failures (1)")
    await _shoot(tab.page, "home.png")


async def _form(tab: Tab) -> None:
    await tab.say("/bolt")
    form = tab.page.get_by_role("dialog", name="Start a run")
    await tab.sees(form)
    menu = form.get_by_label("Schedule")
    await menu.click()
    await menu.press_sequentially("hourly")
    await form.get_by_role("option", name="Hourly orders").click()
    await tab.sees(form.get_by_label("Commands"))
    await form.get_by_label("Branch").fill("dev")
    await menu.click()
    await menu.press_sequentially("f")
    await tab.sees(form.get_by_role("option").nth(3))
    await _shoot(tab.page, "form.png")
    # If it were left open, it would cover the next tab.
    await form.get_by_role("button", name="Close", exact=True).last.click()
    await tab.goes(form)


async def _incident(stage: Stage, tab: Tab) -> None:
    """A schedule that fails three times, the last time with another error, and a person who is on it."""
    bolt = stage.sandbox.bolt
    await stage.slash("watch nightly --mention none", user="grace")
    await stage.until(stage.told_privately("Now watching", user="grace"))
    same, other = Course(ends="model_error", takes_s=1), Course(ends="test_failure", takes_s=1)
    for course in (same, same, other):
        before = str([card.blocks for card in stage.cards()])
        await asyncio.sleep(2)
        bolt.start("nightly", Start(course=course), SCHEDULER)
        await stage.until(lambda before=before: str([one.blocks for one in stage.cards()]) != before)  # type: ignore[misc]
    await stage.click("I'm on it", user="grace")
    await tab.go("data-eng")
    message = tab.message("Nightly full build")
    await tab.sees(message, "grace is on it")
    await message.get_by_role("button", name=re.compile("repl")).click()
    await tab.sees(tab.thread(), "ew error")
    await tab.page.set_viewport_size({"width": SIZE["width"], "height": 860})
    await _shoot(tab.page, "incident.png")


async def _digest(stage: Stage, tab: Tab) -> None:
    """Today's digest as it would be, after runs of several schedules."""
    bolt = stage.sandbox.bolt
    await stage.slash("watch * --mention none")
    await stage.until(stage.told_privately("In the last 7 days"))
    well, away = Course(ends="success", takes_s=1), Course(ends="warehouse", takes_s=1)
    for slug, course in (("hourly", well), ("backfill", well), ("hourly", away), ("backfill", well)):
        bolt.start(slug, Start(course=course), SCHEDULER)
        await asyncio.sleep(3)
    await tab.say("/bolt digest")
    await tab.sees(tab.page.get_by_text("how it would look now"))
    await _shoot(tab.page, "digest.png")


async def _digest_picture() -> None:
    """The chart in a weekly digest's thread, with made-up runs, because real ones would take a week."""
    berlin, since = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 2, 8, tzinfo=UTC)
    # There are more runs by day than at night, fewer on weekends, and many failures in the hours of an outage.
    hours = {}
    for number in range(7 * 24):
        at = since + timedelta(hours=number)
        runs = (14 if 6 <= at.hour < 19 else 6) if at.weekday() < SATURDAY else 5
        failed = 7 if 75 <= number < 79 else int(number % 17 == 3)
        hours[at] = (runs, failed)
    often = [FailedOften("Orders sync", "orders", 17, 168), FailedOften("Finance daily", "finance-daily", 9, 28)]
    often.append(FailedOften("Nightly full build", "nightly", 3, 7))
    shown = digest_chart(hours, often, since, since + timedelta(days=7), berlin, "Europe/Berlin")
    _written("digest-runs.png", await Charts().draw_digest(shown))


async def _shoot(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.mouse.move(0, 0)
    _written(name, await page.screenshot(animations="disabled", caret="hide"))


def _written(name: str, picture: bytes) -> None:
    (PICTURES / name).write_bytes(picture)
    sys.stdout.write(f"{(PICTURES / name).relative_to(Path.cwd())}\n")


def main() -> int:
    """Take the pictures."""
    with tempfile.TemporaryDirectory(prefix="bolt-bot-pictures-") as folder:
        asyncio.run(take(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
