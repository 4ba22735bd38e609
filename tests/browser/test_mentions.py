"""Mentions and direct messages as a person writes them in the browser."""

from __future__ import annotations

from playwright.async_api import Locator

from tests.browser.tab import Tab
from tests.e2e.stage import Stage


def reply_box(tab: Tab) -> Locator:
    """The reply box of the open thread."""
    return tab.thread().get_by_label("Reply in thread")


async def reply(tab: Tab, text: str) -> None:
    """Write a line in the open thread and send it."""
    await reply_box(tab).fill(text)
    await reply_box(tab).press("Enter")


async def test_a_run_is_cancelled_from_its_thread(stage: Stage, tab: Tab) -> None:
    """*@Bolt cancel* in a thread needs no number; the reply there is private, and the card changes."""
    await stage.start_bot()
    await tab.say("/bolt run backfill")
    await tab.sees(tab.messages().last, "is running")
    await tab.messages().last.hover()
    await tab.messages().last.get_by_role("button", name="Reply in thread").click()
    await reply(tab, "@Bolt cancel")
    await tab.sees(tab.thread(), "Bolt has accepted the request")
    await tab.sees(tab.thread(), "Only visible to you")
    await tab.sees(tab.messages().first, "was cancelled by")
    await tab.sees(tab.thread(), "was cancelled by")
    assert stage.asked("cancelBoltRun") == 1
    assert len(stage.private()) == 1


async def test_a_run_is_started_from_the_direct_messages(stage: Stage, tab: Tab) -> None:
    """In direct messages, a run starts without a mention, and its card is there and nowhere else."""
    await stage.start_bot()
    channels = tab.page.get_by_role("navigation", name="Channels")
    await channels.get_by_role("button", name="Bolt", exact=True).click()
    await tab.say("run nightly", "Bolt")
    await tab.sees(tab.page.get_by_role("list", name="Messages in Bolt"), "succeeded in")
    assert stage.cards() == []
