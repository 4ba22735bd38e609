"""A tab with the sandbox's page, and the things that the page must never do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import ConsoleMessage, Dialog, Error, Locator, Page, Request, expect

from tests.waiting import PATIENCE_S

# This limit only detects a hang; it says nothing about speed.
SOON_MS = PATIENCE_S * 1000


@dataclass
class Tab:
    """An open page. `faults` lists its errors and its requests to other machines, of which there must be none."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the start."""
        self.page.set_default_timeout(SOON_MS)
        self.page.on("pageerror", self._failed)
        self.page.on("console", self._printed)
        self.page.on("request", self._asked)
        self.page.on("dialog", self._alerted)

    def _failed(self, error: Error) -> None:
        self.faults.append(f"error: {error.message}")

    def _printed(self, message: ConsoleMessage) -> None:
        # The browser itself logs each request that the sandbox refuses; other tests check what the page shows then.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"left the machine: {request.url}")

    async def _alerted(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def open(self, fragment: str = "") -> None:
        """Open the page, and wait until it shows a channel."""
        await self.page.goto(f"{self.base}/{fragment}")
        await expect(self.page.get_by_role("main")).to_be_visible(timeout=SOON_MS)

    def messages(self, channel: str = "data-eng") -> Locator:
        """The messages of the open channel."""
        return self.page.get_by_role("list", name=f"Messages in #{channel}").get_by_role("article")

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """The newest message with these words."""
        return self.messages().filter(has_text=words).last

    def suggestions(self) -> Locator:
        """The completions that the message box suggests."""
        return self.page.get_by_role("listbox", name="Suggestions").get_by_role("option")

    def thread(self) -> Locator:
        """The thread that is open beside the channel."""
        return self.page.get_by_role("complementary", name="Thread")

    def composer(self, channel: str = "#data-eng") -> Locator:
        """The message box."""
        return self.page.get_by_label(f"Message {channel}", exact=True)

    async def say(self, text: str, channel: str = "#data-eng") -> None:
        """Type a line and send it."""
        await self.composer(channel).fill(text)
        await self.composer(channel).press("Escape")
        await self.composer(channel).press("Enter")

    async def sees(self, where: Locator, words: str | re.Pattern[str] | None = None) -> None:
        """Wait until something is shown, with these words."""
        if words is None:
            await expect(where).to_be_visible(timeout=SOON_MS)
        else:
            await expect(where).to_contain_text(words, timeout=SOON_MS)

    async def goes(self, where: Locator) -> None:
        """Wait until something is no longer shown."""
        await expect(where).to_have_count(0, timeout=SOON_MS)

    async def become(self, name: str) -> None:
        """Act as someone else."""
        await self.page.get_by_label("Acting as").select_option(name)

    async def go(self, name: str) -> None:
        """Open a channel, the direct messages with the bot, or its App Home."""
        await self.page.get_by_role("navigation", name="Channels").get_by_role("button", name=name).click()


def plain(text: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    """A section of text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
