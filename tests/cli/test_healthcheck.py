"""`bolt-bot healthcheck`: its request, the address it uses, and its sentence about each answer."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.cli import healthcheck, main
from bot.settings import Settings
from bot.web.server import ListenAddress, WebServer
from tests.e2e.forked import ROOT

LOOPBACK = ListenAddress("127.0.0.1", 0)


@dataclass(slots=True)
class Bot:
    """The parts of a bot that a health check sees."""

    reasons: list[str] = field(default_factory=list)
    server: WebServer = field(init=False)

    def __post_init__(self) -> None:
        """Create the server, without starting it."""
        self.server = WebServer(self.not_ready)

    async def not_ready(self) -> list[str]:
        """The reasons, given by a test, why the bot isn't ready."""
        return self.reasons


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    """A bot that's stopped after the test."""
    made = Bot()
    yield made
    await made.server.stop()


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check."""

    status: int
    out: str
    err: str


Check = Callable[..., Awaitable[Checked]]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs a check with only these settings."""

    async def checked(*options: str, **environment: str) -> Checked:
        with patch.dict(os.environ, environment, clear=True):
            status = await asyncio.to_thread(main, ["healthcheck", *options])
        shown = capsys.readouterr()
        return Checked(status, shown.out, shown.err)

    return checked


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[str]:
    """A server that isn't a bot and sends this reply to every request. Yields its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield str(server.sockets[0].getsockname()[1])


async def test_a_bot_that_is_ready(bot: Bot, check: Check) -> None:
    """A bot that's ready passes both checks, with one sentence each and status 0."""
    await bot.server.start(LOOPBACK, slack_over_http=True)
    port = str(bot.server.port)
    assert await check(BOLT_BOT_HTTP_PORT=port) == Checked(0, "The bot is alive.\n", "")
    assert await check("--ready", BOLT_BOT_HTTP_PORT=port) == Checked(0, "The bot is ready.\n", "")


async def test_a_bot_that_is_alive_and_not_ready(bot: Bot, check: Check) -> None:
    """A bot that's not ready is alive, and the ready check gives every reason, without secrets."""
    bot.reasons = ["redis refuses requests: it is full (OOM)", "slack is away (xoxb-1234567890-very-secret)."]
    await bot.server.start(LOOPBACK, slack_over_http=False)
    port = str(bot.server.port)
    assert (await check(BOLT_BOT_HTTP_PORT=port)).status == 0
    checked = await check("--ready", BOLT_BOT_HTTP_PORT=port)
    assert checked == Checked(
        1, "", "The bot isn't ready: redis refuses requests: it is full (OOM); slack is away (•••).\n"
    )


async def test_the_admin_port_is_asked(bot: Bot, check: Check) -> None:
    """If there's an admin port, the check uses it, because the public port doesn't serve health checks in that case."""
    await bot.server.start(LOOPBACK, slack_over_http=True, admin=LOOPBACK)
    both = {"BOLT_BOT_HTTP_PORT": str(bot.server.port), "BOLT_BOT_ADMIN_PORT": str(bot.server.admin_port)}
    assert (await check(**both)).status == 0
    assert (await check(**both, BOLT_BOT_ADMIN_HOST="127.0.0.1", BOLT_BOT_HTTP_HOST="192.0.2.1")).status == 0
    public = await check(BOLT_BOT_HTTP_PORT=str(bot.server.port))
    assert public.status == 1
    assert public.err == (
        f"Something answers at 127.0.0.1:{bot.server.port}, but it has no /healthz (status 404): it isn't the bot, or it's "
        "the wrong port.\n"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "localhost"])  # noqa: S104 - what people set
async def test_each_host_is_asked_where_it_listens(bot: Bot, check: Check, host: str) -> None:
    """The check reaches the bot on the host that it listens on; if that's 0.0.0.0, it uses the loopback interface."""
    await bot.server.start(ListenAddress(host, 0), slack_over_http=True)
    assert (await check(BOLT_BOT_HTTP_HOST=host, BOLT_BOT_HTTP_PORT=str(bot.server.port))).status == 0


async def test_no_proxy_is_asked(bot: Bot, check: Check, tmp_path: Path) -> None:
    """The check uses no proxy, which couldn't reach the loopback interface. The port may be set in a file."""
    await bot.server.start(LOOPBACK, slack_over_http=True)
    (tmp_path / "port").write_text(f"{bot.server.port}\n")
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:1")
    assert (await check(**proxies, BOLT_BOT_HTTP_PORT_FILE=str(tmp_path / "port"))).status == 0


async def test_nobody_answers(check: Check) -> None:
    """A closed port or an invalid host is reported in one sentence, with status 1."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = str(closed.getsockname()[1])
        checked = await check(BOLT_BOT_HTTP_PORT=port)
    assert checked == Checked(1, "", f"The bot doesn't answer at 127.0.0.1:{port} (Connection refused).\n")
    for host in ("no host", "é" * 64):
        checked = await check(BOLT_BOT_HTTP_HOST=host, BOLT_BOT_HTTP_PORT=port)
        assert checked == Checked(1, "", f"{host}:{port} isn't an address.\n")


async def test_one_that_hangs_is_not_waited_for() -> None:
    """If a server accepts the connection and doesn't answer, the check fails after the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(healthcheck._UnhealthyError) as caught:
            await asyncio.to_thread(healthcheck._ask, "127.0.0.1", port, "/healthz", 0.05)
    assert str(caught.value) == f"The bot didn't answer at 127.0.0.1:{port} within 0.05 s."


@pytest.mark.parametrize(
    "reply", [b"", b"220 mail.acme.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
async def test_something_else_answers(check: Check, reply: bytes) -> None:
    """If something else answers, the check prints one sentence and exits with status 1."""
    async with answering(reply) as port:
        checked = await check(BOLT_BOT_HTTP_PORT=port)
    assert checked.status == 1
    assert checked.out == ""
    (line,) = checked.err.splitlines()
    assert f" at 127.0.0.1:{port}" in line


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"BOLT_BOT_HTTP_PORT": "80a"}, "BOLT_BOT_HTTP_PORT should be a whole number"),
        ({"BOLT_BOT_ADMIN_PORT": "x"}, "BOLT_BOT_ADMIN_PORT should be a whole number"),
        (
            {"BOLT_BOT_HTTP_PORT": "0"},
            "BOLT_BOT_HTTP_PORT should be from 1 to 65535, so that the bot can be reached there",
        ),
        (
            {"BOLT_BOT_HTTP_PORT": "80", "BOLT_BOT_HTTP_PORT_FILE": "/x"},
            "BOLT_BOT_HTTP_PORT and BOLT_BOT_HTTP_PORT_FILE are both set: keep one of them",
        ),
    ],
)
async def test_a_wrong_setting_is_named(check: Check, environment: dict[str, str], line: str) -> None:
    """A wrong setting is named. The exit status is 1, as for every failed health check."""
    assert await check(**environment) == Checked(1, "", f"{line}\n")


def test_its_defaults_are_those_of_the_settings() -> None:
    """The defaults, which aren't imported from the settings, are the same."""
    fields = Settings.model_fields
    assert {name: str(fields[name.lower()].default) for name in healthcheck.DEFAULTS} == healthcheck.DEFAULTS


async def test_it_imports_little() -> None:
    """The command imports little, because it runs every few seconds."""
    code = "import sys; from bot.cli import main; main(['healthcheck']); print(*{name.partition('.')[0] for name in sys.modules})"
    environment = {"PATH": os.environ["PATH"], "BOLT_BOT_HTTP_PORT": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert b"Connection refused" in err
    loaded = set(out.decode().split())
    assert "bot" in loaded
    assert loaded.isdisjoint(
        {"pydantic", "pydantic_settings", "yaml", "rapidfuzz", "aiohttp", "httpx", "redis", "slack_sdk"}
    )
