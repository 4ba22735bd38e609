"""The workspace in a terminal: typed lines become a person's actions, and changes are printed.

`bolt_sandbox.terminal` renders the messages.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from bolt_sandbox.slack.model import Change, Message, Private, Refused
from bolt_sandbox.slack.people import Outcome, People
from bolt_sandbox.slack.reading import viewer
from bolt_sandbox.slack.shapes import message_shape
from bolt_sandbox.slack.workspace import Workspace
from bolt_sandbox.terminal import indented, message_lines

HELP = """\
  /bolt run nightly      a slash command
  click Cancel run       click the newest button with that label
  @bolt hello            mention the bot
  say hello              write a message
  as grace, in #finance  act as another person, switch to another channel (in dm: direct messages with the bot)
  thread, show           print the newest thread, print the whole channel
  help, quit"""
REPLY = "    ↳ "
CHUNK = 4096


class Screen:
    """Prints each message when it's posted, and again when it changes."""

    def __init__(self, ws: Workspace, write: Callable[[str], None]) -> None:
        self._ws = ws
        self._write = write
        self._printed: dict[str, list[str]] = {}

    def show(self, change: Change) -> None:
        """Print what a change made visible."""
        if change.kind in ("posted", "edited"):
            message = self._ws.channels[change.channel].messages.get(change.ts)
            if message is not None:
                self.show_message(message, again=change.kind == "edited")
        elif change.kind == "private":
            private = self._ws.private(change.ts)
            if private is not None:
                self._print_private(private)
        elif change.kind == "view":
            self._tell_of_modal(change.ts)

    def _tell_of_modal(self, view_id: str) -> None:
        """Report once that a modal has opened, because people can fill it in only in the browser."""
        view = self._ws.views.get(view_id)
        if view is None or view.kind != "modal" or view_id in self._printed:
            return
        title = view.content["title"]["text"]
        self._printed[view_id] = [title]
        self._write(f'\n"{title}" is open in the browser, for @{self._ws.users[view.user].name}.')

    def show_message(self, message: Message, *, again: bool = False) -> None:
        """Print a message, unless it looks the same as when it was last printed."""
        lines = message_lines(message_shape(self._ws, message), viewer(self._ws))
        if again and self._printed.get(message.ts) == lines:
            return
        self._printed[message.ts] = lines
        self._write("\n".join(self.render(message, lines, again=again)))

    def render(self, message: Message, lines: list[str], *, again: bool = False) -> list[str]:
        """Render a message with its writer and channel. Messages in a thread are indented."""
        channel = self._ws.channels[message.channel]
        where = f"#{channel.name}" if channel.name else "direct message"
        mark = "  (changed)" if again else ""
        head = f"\n{where}  @{self._ws.users[message.user].name}{mark}"
        if not message.is_reply:
            return [head, *indented(lines, "  ")]
        first, *rest = [f"@{self._ws.users[message.user].name}{mark}", *lines]
        return [f"\n{where}{REPLY}{first}", *indented(rest, " " * len(REPLY))]

    def _print_private(self, private: Private) -> None:
        lines = message_lines({"text": private.text, "blocks": private.blocks}, viewer(self._ws))
        head = f"\nOnly visible to you (@{self._ws.users[private.user].name})"
        self._write("\n".join([head, *indented(lines, "  ")]))


class Driver:
    """Carries out typed lines as a person in a channel, initially as @ada in #data-eng."""

    def __init__(self, ws: Workspace, people: People, write: Callable[[str], None]) -> None:
        self._ws = ws
        self._people = people
        self._write = write
        self.user = "ada"
        self.channel = "data-eng"

    async def do(self, line: str) -> bool:
        """Carry out one line. Returns False for `quit`. Refusals by Slack are printed."""
        word, _space, rest = line.strip().partition(" ")
        rest = rest.strip()
        if word in ("quit", "exit"):
            return False
        try:
            await self._dispatch(word, rest)
        except Refused as refused:
            self._write(f"Slack refused: {refused.code}")
        return True

    async def _dispatch(self, word: str, rest: str) -> None:
        if not word:
            return
        if word.startswith("/"):
            await self._people.slash(self.user, self.channel, word, rest)
            return
        if word == f"@{self._ws.bot.name}":
            await self._people.mention(self.user, self.channel, rest)
            return
        verbs: dict[str, Callable[[str], Awaitable[Any]]] = {
            "click": self._click,
            "say": self._say,
            "as": self._become,
            "in": self._go,
            "thread": self._thread,
            "show": self._show,
        }
        verb = verbs.get(word)
        if verb is None:
            self._write(HELP)
        else:
            await verb(rest)

    async def _say(self, text: str) -> None:
        await self._people.say(self.user, self.channel, text)

    async def _become(self, name: str) -> None:
        self.user = self._ws.user(name).name
        self._tell_who()

    async def _go(self, name: str) -> None:
        self.channel = "dm" if name == "dm" else self._ws.channel(name).name
        self._tell_who()

    def _tell_who(self) -> None:
        where = "your direct messages with the bot" if self.channel == "dm" else f"#{self.channel}"
        self._write(f"You are @{self.user} in {where}.")

    async def _click(self, label: str) -> None:
        ts = self._people.newest_with(self.user, self.channel, label=label)
        outcome: Outcome = await self._people.click(self.user, self.channel, ts, label=label)
        if outcome.confirm is not None:
            self._write(f"({outcome.confirm['text']['text']} [{outcome.confirm['confirm']['text']}])")

    async def _thread(self, _rest: str) -> None:
        channel = self._people.channel_named(self.user, self.channel)
        parents = [message for message in channel.messages.values() if channel.replies(message.ts)]
        if not parents:
            self._write("There's no thread here yet.")
            return
        self._print([parents[-1], *channel.replies(parents[-1].ts)])

    async def _show(self, _rest: str) -> None:
        channel = self._people.channel_named(self.user, self.channel)
        parents = [message for message in channel.messages.values() if not message.is_reply]
        self._print([each for parent in parents for each in (parent, *channel.replies(parent.ts))])

    def _print(self, messages: list[Message]) -> None:
        screen = Screen(self._ws, self._write)
        for message in messages:
            screen.show_message(message)

    async def read_terminal(self, descriptor: int) -> int:
        """Carry out typed lines until `quit` or the end of the input. Returns 0.

        Read by the event loop instead of a thread, which couldn't be stopped while it waits for a line.
        """
        typed: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, _reader(descriptor, typed))
        try:
            while (line := await typed.get()) is not None:
                if not await self.do(line):
                    break
        finally:
            loop.remove_reader(descriptor)
        return 0


def _reader(descriptor: int, typed: asyncio.Queue[str | None]) -> Callable[[], None]:
    held = bytearray()

    def read() -> None:
        try:
            chunk = os.read(descriptor, CHUNK)
        except OSError:
            chunk = b""
        held.extend(chunk)
        *lines, rest = bytes(held).split(b"\n")
        held[:] = rest
        for line in lines:
            typed.put_nowait(line.decode(errors="replace"))
        if not chunk:
            typed.put_nowait(None)

    return read
