"""The page in a real headless Chromium, with a real sandbox."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bolt_sandbox.bolt import BoltWorld
from tests.browser.tab import Tab
from tests.e2e.stage import Stage
from tests.worlds import new_sandbox

SPEED = 10.0
# The headless shell draws no window around each page: drawing it would take two thirds of a tab's processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "there is no Chromium on PATH: on Debian, apt-get install chromium-headless-shell; on Ubuntu, chromium"
# Chromium's own sandbox doesn't work as root, and Chromium shouldn't look for updates, accounts or networks by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenTab = Callable[..., Awaitable[Tab]]
FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all of these tests in one event loop, because their shared browser belongs to the loop it was started in."""
    for item in items:
        if item.path.parent == FOLDER and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def chromium() -> str | None:
    """This machine's Chromium, or None if it has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The machine's Chromium, started once: each tab has its own profile."""
    path = chromium()
    if path is None:
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser, tmp_path: Path, embedded_redis_url: str) -> AsyncIterator[Stage]:
    """A sandbox whose runs go ten times as fast, without a bot yet. The stage isn't made if there's no browser."""
    assert browser.is_connected()
    sandbox = new_sandbox(bolt=BoltWorld(speed=SPEED))
    await sandbox.start()
    stage = Stage(sandbox, tmp_path, redis_url=embedded_redis_url)
    yield stage
    await stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(browser: Browser, stage: Stage) -> AsyncIterator[OpenTab]:
    """Opens the page in a tab. At the end, no tab may have had an error or asked another machine for anything."""
    tabs: list[Tab] = []

    async def opened(fragment: str = "", **options: object) -> Tab:
        context = await browser.new_context(**({"timezone_id": "Europe/Berlin", "locale": "en-GB"} | options))  # type: ignore[arg-type]  # options as the test gives them
        tab = Tab(await context.new_page(), stage.sandbox.base_url)
        tabs.append(tab)
        await tab.open(fragment)
        return tab

    yield opened
    for tab in tabs:
        await tab.page.context.close()
    assert [fault for tab in tabs for fault in tab.faults] == []


@pytest_asyncio.fixture(loop_scope="session")
async def tab(open_tab: OpenTab) -> Tab:
    """The page with #data-eng as @ada sees it at first."""
    return await open_tab()
