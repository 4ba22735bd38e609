"""Modals, type-ahead and App Home, with the tests' own blocks."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Locator

from tests.browser.own_app import OwnApp, own_app
from tests.browser.tab import Tab
from tests.e2e.stage import Stage
from tests.waiting import PATIENCE_S


@pytest_asyncio.fixture(loop_scope="session")
async def app(stage: Stage) -> AsyncIterator[OwnApp]:
    """An app that opens a modal on `/bolt`."""
    workspace = stage.sandbox.workspace
    workspace.features = dataclasses.replace(workspace.features, home_tab=True)
    async with own_app(stage.sandbox) as app:
        yield app


async def opened(tab: Tab) -> Locator:
    """Open the modal."""
    await tab.say("/bolt")
    modal = tab.page.get_by_role("dialog", name="Run a schedule")
    await tab.sees(modal)
    return modal


async def choose_schedule(tab: Tab, modal: Locator, typed: str, name: str) -> None:
    """Type into the external select, and choose an option."""
    await modal.get_by_label("Schedule").click()
    await modal.get_by_label("Schedule").press_sequentially(typed)
    await tab.page.get_by_role("option", name=name).click()


async def test_a_form_is_filled_in(app: OwnApp, tab: Tab) -> None:
    """Each kind of input arrives as Slack sends it, and options load while typing."""
    modal = await opened(tab)
    await choose_schedule(tab, modal, "hour", "Hourly refresh")
    await modal.get_by_label("Commands").fill("dbt deps\ndbt build")
    await modal.get_by_label("Pull request").fill("123")
    await modal.get_by_label("Target").click()
    await tab.page.get_by_role("option", name="Production").click()
    await modal.get_by_label("Continue on error").check()
    await modal.get_by_label("Everyone").check()
    await modal.get_by_label("Hour").fill("14:20")
    await modal.get_by_label("Mail").fill("ada@example.com")
    await modal.get_by_label("Page").fill("https://example.com/")
    await modal.get_by_role("button", name="Run", exact=True).click()
    await tab.goes(modal)
    (values,) = app.submitted
    assert values["schedule"]["it"]["selected_option"]["value"] == "hourly refresh"
    assert values["branch"]["it"]["value"] == "main"
    assert values["commands"]["it"]["value"] == "dbt deps\ndbt build"
    assert values["pr"]["it"]["value"] == "123"
    assert values["target"]["it"]["selected_option"]["value"] == "production"
    assert [each["value"] for each in values["flags"]["it"]["selected_options"]] == ["continue on error"]
    assert values["who"]["it"]["selected_option"]["value"] == "everyone"
    assert values["day"]["it"]["selected_date"] == "2026-11-25"
    assert values["hour"]["it"]["selected_time"] == "14:20"
    assert values["mail"]["it"]["value"] == "ada@example.com"
    assert values["page"]["it"]["value"] == "https://example.com/"
    assert app.asked_for[-1].startswith("hour")


async def test_errors_stand_under_their_fields(app: OwnApp, tab: Tab) -> None:
    """Missing fields and the app's errors are shown under their fields, and the form keeps its values."""
    modal = await opened(tab)
    await modal.get_by_label("Branch").fill("gone")
    await modal.get_by_role("button", name="Run", exact=True).click()
    await tab.sees(modal, "Please fill this in")
    await choose_schedule(tab, modal, "night", "Nightly full build")
    await modal.get_by_role("button", name="Run", exact=True).click()
    await tab.sees(modal, "There is no branch of that name.")
    assert await modal.get_by_label("Branch").input_value() == "gone"
    assert await modal.get_by_label("Branch").get_attribute("aria-invalid") == "true"
    await modal.get_by_label("Branch").fill("main")
    await modal.get_by_role("button", name="Run", exact=True).click()
    await tab.goes(modal)
    assert len(app.submitted) == 1


async def test_modals_stand_on_each_other(app: OwnApp, tab: Tab) -> None:
    """A click in a modal opens another with the values so far; closing goes back, and the app is notified."""
    modal = await opened(tab)
    await modal.get_by_label("Branch").fill("other")
    await modal.get_by_role("button", name="More").click()
    above = tab.page.get_by_role("dialog", name="More of it")
    await tab.sees(above, "On top")
    assert app.clicked[0]["view"]["state"]["values"]["branch"]["it"]["value"] == "other"
    await above.get_by_role("button", name="Back").click()
    await tab.goes(above)
    await tab.sees(modal)
    assert await modal.get_by_label("Branch").input_value() == "other"
    await tab.page.keyboard.press("Escape")
    await tab.goes(modal)
    await asyncio.wait_for(app.closed.wait(), PATIENCE_S)


async def test_app_home(app: OwnApp, tab: Tab) -> None:
    """Opening App Home notifies the app, whose view is shown at once, and its buttons work."""
    await tab.go("Bolt app")
    await tab.sees(tab.page.get_by_role("main"), "Your runs")
    await tab.page.get_by_role("main").get_by_role("button", name="More").click()
    async with asyncio.timeout(PATIENCE_S):
        while not app.clicked:
            await tab.page.wait_for_timeout(20)
    assert app.clicked[0]["view"]["type"] == "home"
