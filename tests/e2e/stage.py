"""The whole bot as a process of its own, between a local Slack and a local Bolt API, over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from redis import Redis

from bolt_sandbox.child import printed_ports
from bolt_sandbox.server import Sandbox
from tests.e2e.forked import ROOT, Forked
from tests.waiting import PATIENCE_S, condition, eventually, seen

CHANNEL = "data-eng"
PERSON = "ada"
API_KEY = "API key sandbox"

Json = dict[str, Any]
Process = asyncio.subprocess.Process | Forked


@dataclass(slots=True)
class Bot:
    """A running bot."""

    process: Process
    log: Path

    @property
    def port(self) -> int:
        """The public port; 0 until it listens."""
        return printed_ports(self.log).get("BOLT_BOT_HTTP_PORT", 0)

    @property
    def admin_port(self) -> int:
        """The port of the health checks."""
        return printed_ports(self.log).get("BOLT_BOT_ADMIN_PORT", self.port)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, SIGKILL by default."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait until it ends, and return its exit status."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"waited {PATIENCE_S:g} s for the bot to end:\n{self.printed()}") from None

    def printed(self) -> str:
        """Everything it has written."""
        return self.log.read_text() if self.log.exists() else ""


@dataclass(slots=True)
class Stage:
    """A sandbox and the bots that work in it."""

    sandbox: Sandbox
    folder: Path
    # The Redis that its bots share. If it's None, each bot starts its own in the folder, as people's bots do by
    # default.
    redis_url: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    bots: list[Bot] = field(default_factory=list)
    history: int = 0
    # Whether bots are forked from a process that has imported the bot, rather than started by the command.
    forks: bool = True
    # The words that precede the command if a bot isn't forked.
    launcher: tuple[str, ...] = ()
    # The code that bots run: this project's, or another version's.
    root: Path = ROOT

    def __post_init__(self) -> None:
        """Remember the runs from before any bot was started."""
        self.history = max(run.id for run in self.sandbox.bolt.runs())

    async def start_bot(
        self, settings: Mapping[str, str] | None = None, *, ready: bool = True, socket_mode: bool = True
    ) -> Bot:
        """Start a bot and wait until it's ready, or only until it listens. `settings` are environment variables."""
        log = self.folder / f"bot-{len(self.bots)}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            **self.sandbox.env(socket_mode=socket_mode),
            "BOLT_BOT_HTTP_HOST": "127.0.0.1",
            "BOLT_BOT_HTTP_PORT": "0",
            **self.data(),
            "BOLT_BOT_POLL_MIN_S": "0.2",
            # A test may click again and again until something shows, faster than any person.
            "BOLT_BOT_USER_LIMIT": "1000",
            "BOLT_BOT_CHANNEL_LIMIT": "1000",
            **self.settings,
            **(settings or {}),
        }
        bot = Bot(await self.run(environment, log), log)
        self.bots.append(bot)
        await eventually("the bot to listen or to end", lambda: bot.port or bot.process.returncode is not None)
        if not socket_mode:
            self.sandbox.workspace.request_url = f"http://127.0.0.1:{bot.port}/slack/events"
        if ready:
            await self.until_ready(bot)
        return bot

    def data(self) -> dict[str, str]:
        """The settings that say where the bots of this stage keep their data."""
        data = {"BOLT_BOT_DATA_DIR": str(self.folder / "data")}
        return data | ({"REDIS_URL": self.redis_url} if self.redis_url else {})

    def redis(self) -> Redis:
        """A client for the stage's Redis."""
        assert self.redis_url is not None
        return Redis.from_url(self.redis_url)

    def lose_data(self) -> None:
        """Delete everything in Redis."""
        with self.redis() as client:
            client.flushall()

    async def run(self, environment: Mapping[str, str], log: Path) -> Process:
        """Start a process that runs the bot."""
        if self.forks:
            return Forked(environment, log)
        with log.open("wb") as out:
            return await asyncio.create_subprocess_exec(
                *self.launcher,
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self.root,
                env=environment,
                stdout=out,
                stderr=out,
            )

    async def until_ready(self, bot: Bot) -> None:
        """Wait until /readyz says that the bot is ready."""
        async with aiohttp.ClientSession() as http:

            async def readiness() -> str:
                if bot.process.returncode is not None:
                    raise AssertionError(f"the bot ended with {bot.process.returncode}:\n{bot.printed()}")
                return await _readiness(http, bot.admin_port)

            await eventually("/readyz to say that the bot is ready", readiness, "ready\n".__eq__)

    async def slash(self, text: str, *, user: str = PERSON, channel: str = CHANNEL, times: int = 1) -> Any:  # noqa: ANN401
        """Type `/bolt <text>`."""
        return await self.sandbox.slack.people.slash(user, channel, "/bolt", text, times=times)

    async def mention(
        self, text: str, *, user: str = PERSON, channel: str = CHANNEL, thread: str | None = None, times: int = 1
    ) -> Any:  # noqa: ANN401
        """Write `@bolt <text>`, in a thread if one is given."""
        said = f"<@{self.sandbox.workspace.bot.id}> {text}"
        return await self.say(said, user=user, channel=channel, thread=thread, times=times)

    async def say(
        self, text: str, *, user: str = PERSON, channel: str = CHANNEL, thread: str | None = None, times: int = 1
    ) -> Any:  # noqa: ANN401
        """Write a message; `dm` is the channel of the direct messages with the bot."""
        return await self.sandbox.slack.people.say(user, channel, text, thread_ts=thread, times=times)

    async def click(self, label: str, *, user: str = PERSON, channel: str = CHANNEL, times: int = 1) -> Any:  # noqa: ANN401
        """Click the newest button with this label."""
        people = self.sandbox.slack.people
        ts = people.newest_with(user, channel, label=label)
        return await people.click(user, channel, ts, label=label, times=times)

    async def click_until(self, label: str, holds: Callable[[], bool]) -> None:
        """Click the newest button with this label, and again after each private answer, until a condition holds.

        Slack shows a message a moment before the bot has recorded it.
        """

        async def clicked() -> bool:
            told = len(self.private())
            await self.click(label)
            await self.until(lambda: len(self.private()) > told or holds())
            return holds()

        await eventually(f"{condition(holds)} after a click on {label}", clicked)

    def cards(self, channel: str = CHANNEL) -> list[Any]:
        """The bot's messages in a channel, oldest first, without replies."""
        workspace = self.sandbox.workspace
        messages = workspace.channel(channel).messages.values()
        return [one for one in messages if one.user == workspace.bot.id and not one.is_reply]

    def replies(self, channel: str = CHANNEL, card: int = -1) -> list[Any]:
        """The replies in a card's thread."""
        return list(self.sandbox.workspace.channel(channel).replies(self.cards(channel)[card].ts))

    def private(self, user: str = PERSON) -> list[Any]:
        """The private messages to a person, oldest first."""
        who = self.sandbox.workspace.user(user).id
        return [one for one in self.sandbox.workspace.privates if one.user == who and not one.deleted]

    async def answer_to(self, request: Awaitable[object], user: str = PERSON) -> Any:  # noqa: ANN401
        """The next private message that the person gets after this request."""
        told = len(self.private(user))
        await request
        await self.until(lambda: len(self.private(user)) > told)
        return self.private(user)[told]

    def card_says(self, words: str, channel: str = CHANNEL) -> Callable[[], bool]:
        """Whether some card in the channel contains these words."""
        return lambda: any(words in one.text for one in self.cards(channel))

    def told_privately(self, words: str, user: str = PERSON) -> Callable[[], bool]:
        """Whether someone was told these words privately."""
        return lambda: any(words in one.text for one in self.private(user))

    def replied(self, words: str, channel: str = CHANNEL) -> Callable[[], bool]:
        """Whether some thread in the channel contains these words."""
        messages = self.sandbox.workspace.channel(channel).messages
        return lambda: any(one.is_reply and words in one.text for one in messages.values())

    def asked(self, operation: str) -> int:
        """How often this operation was called in Bolt."""
        return self.sandbox.bolt.calls.fields_by_operation[operation]

    def started(self) -> list[Any]:
        """The runs started with the bot's API key, oldest first."""
        runs = self.sandbox.bolt.runs()
        return [run for run in reversed(runs) if run.actor.name == API_KEY and run.id > self.history]

    async def until(self, holds: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until a condition holds. If it never does, the test fails and shows the condition, messages and logs."""
        within_s = max(timeout_s, PATIENCE_S)
        await seen(self.sandbox.workspace, holds, described=self.describe, within_s=within_s)

    def describe(self) -> str:
        """The messages and logs, to be shown if a test fails."""
        lines = [f"card: {one.text}" for one in self.cards()]
        lines += [f"  reply: {one.text}" for card in range(len(self.cards())) for one in self.replies(card=card)]
        lines += [f"private: {one.text}" for one in self.private()]
        lines += [bot.printed()[-3000:] for bot in self.bots]
        return "\n".join(lines)

    async def close(self) -> None:
        """End every bot, and the sandbox."""
        for bot in self.bots:
            bot.kill()
        for bot in self.bots:
            await bot.process.wait()
        await self.sandbox.stop()


async def _readiness(http: aiohttp.ClientSession, port: int) -> str:
    """The response from /readyz, or the error."""
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return await answer.text()
    except aiohttp.ClientError as error:
        return repr(error)
