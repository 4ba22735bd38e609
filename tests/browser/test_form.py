"""The run form in a real Chromium, with the real bot: by mouse, and by keyboard alone."""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from tests.browser.conftest import OpenTab
from tests.browser.tab import SOON_MS, Tab
from tests.browser.test_page import serious
from tests.e2e.stage import Stage


async def opened(tab: Tab, text: str = "/bolt") -> Locator:
    """Open the form."""
    await tab.say(text)
    form = tab.page.get_by_role("dialog", name="Start a run")
    await tab.sees(form)
    return form


async def choose(tab: Tab, form: Locator, typed: str, name: str) -> None:
    """Type into the schedule menu, choose an option, and wait for its commands."""
    await form.get_by_label("Schedule").click()
    await form.get_by_label("Schedule").press_sequentially(typed)
    await form.get_by_role("option", name=name).click()
    await tab.sees(form.get_by_label("Commands"))


async def test_a_run_is_put_together(stage: Stage, tab: Tab) -> None:
    """A schedule is chosen by typing, an error is shown under its field, and the corrected form starts the run."""
    await stage.start_bot()
    form = await opened(tab)
    await form.get_by_label("Schedule").click()
    await tab.sees(form.get_by_role("listbox"), "Last run failed")
    await form.get_by_label("Schedule").press_sequentially("full build")
    option = form.get_by_role("option", name="Nightly full build")
    await tab.sees(option, "succeeded · nightly · ada@acme-data.example")
    await option.click()
    commands = form.get_by_label("Commands")
    await expect(commands).to_have_value("dbt seed\ndbt run\ndbt test", timeout=SOON_MS)
    await commands.fill("dbt run --select staging")
    await form.get_by_label("Pull request").fill("one hundred")
    await form.get_by_role("button", name="Start run").click()
    await tab.sees(form, "Enter the pull request's number, for example 123.")
    await expect(form.get_by_label("Pull request")).to_have_attribute("aria-invalid", "true")
    await expect(commands).to_have_value("dbt run --select staging")
    await form.get_by_label("Pull request").fill("123")
    await form.get_by_role("button", name="Start run").click()
    await tab.goes(form)
    await tab.sees(tab.message("Nightly full build"), "pull request 123")
    await tab.sees(tab.message("Nightly full build"), "dbt run --select staging")
    await tab.sees(tab.message("Nightly full build"), "succeeded in")


async def test_what_was_typed_is_not_lost(stage: Stage, tab: Tab) -> None:
    """Choosing a schedule keeps the other fields; the person's own commands stay even if they choose again."""
    await stage.start_bot()
    form = await opened(tab)
    await form.get_by_label("Branch").fill("dev")
    await form.get_by_label("Reason").fill("late data")
    await choose(tab, form, "hourly", "Hourly orders")
    await expect(form.get_by_label("Branch")).to_have_value("dev")
    await expect(form.get_by_label("Commands")).to_have_value(re.compile("fct_revenue"), timeout=SOON_MS)
    await choose(tab, form, "full build", "Nightly full build")
    await expect(form.get_by_label("Commands")).to_have_value("dbt seed\ndbt run\ndbt test", timeout=SOON_MS)
    await form.get_by_label("Commands").fill("dbt debug")
    await choose(tab, form, "hourly", "Hourly orders")
    await tab.sees(form, "These are the commands you typed, not those of Hourly orders.")
    await expect(form.get_by_label("Commands")).to_have_value("dbt debug")
    await expect(form.get_by_label("Branch")).to_have_value("dev")
    await expect(form.get_by_label("Reason")).to_have_value("late data")


async def test_by_keyboard_alone(stage: Stage, tab: Tab) -> None:
    """The menu has the focus first; arrows, Enter and Tab are enough to fill in the form and submit it."""
    await stage.start_bot()
    form = await opened(tab)
    keyboard = tab.page.keyboard
    await expect(form.get_by_label("Schedule")).to_be_focused(timeout=SOON_MS)
    await keyboard.type("backfill")
    await tab.sees(form.get_by_role("option", name="Backfill"))
    await keyboard.press("Enter")
    await tab.sees(form.get_by_label("Commands"))
    for _press in range(30):
        await keyboard.press("Tab")
        if await tab.page.evaluate("document.activeElement?.textContent") == "Start run":
            break
    await keyboard.press("Enter")
    await tab.goes(form)
    await tab.sees(tab.message("Backfill"), "is running")


async def test_the_shortcuts(stage: Stage, tab: Tab) -> None:
    """The menu beside the message box opens the form, with the open channel; a card's menu opens its details."""
    await stage.start_bot()
    await tab.page.get_by_role("button", name="Shortcuts").click()
    await tab.page.get_by_role("menuitem", name="Start a Bolt run").click()
    form = tab.page.get_by_role("dialog", name="Start a run")
    await tab.sees(form)
    await expect(form.get_by_label("Channel for the card")).to_have_value("#data-eng", timeout=SOON_MS)
    await choose(tab, form, "hourly", "Hourly orders")
    await form.get_by_role("button", name="Start run").click()
    card = tab.message("Hourly orders")
    await tab.sees(card, "failed after")
    await card.hover()
    await card.get_by_role("button", name="More actions").click()
    await tab.page.get_by_role("menuitem", name="Bolt: run details").click()
    details = tab.page.get_by_role("dialog", name=re.compile(r"^Run \d+$"))
    await tab.sees(details, "exit code 1")
    await details.get_by_role("button", name="Close").click()
    await tab.goes(details)


async def test_it_is_accessible(stage: Stage, open_tab: OpenTab) -> None:
    """The form has no serious accessibility problem, with the menu open and with the commands shown."""
    await stage.start_bot()
    tab = await open_tab(bypass_csp=True)
    form = await opened(tab)
    await form.get_by_label("Schedule").click()
    await tab.sees(form.get_by_role("option", name="Nightly full build"))
    await serious(tab)
    await choose(tab, form, "full build", "Nightly full build")
    await serious(tab)
