"""The doctor's checks of how Slack's requests arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bolt_sandbox.server import Sandbox
from bot.cli.doctor import check_delivery, check_slack
from bot.cli.doctor.check_delivery import SOCKET, check_url, compare
from bot.cli.doctor.examination import diagnose
from bot.cli.doctor.finding import Finding
from bot.slack.hello import Hello
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app
from bot.slack.signed_requests import http_handler
from bot.store.connect import close, connect
from bot.store.embedded import EmbeddedRedis
from bot.store.scripts import Scripts
from bot.store.socket_count import SocketCount
from tests.cli.doctor.patient import findings, of, setting

CHECKS = (*check_slack.CHECKS, *check_delivery.CHECKS)


async def socket_finding(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **more: str) -> Finding:
    """The finding about Socket Mode."""
    (one,) = of(await findings(CHECKS, sandbox, monkeypatch, **more), SOCKET)
    return one


@asynccontextmanager
async def connected(sandbox: Sandbox, count: int) -> AsyncIterator[None]:
    """This many connections of our app, opened by something else."""
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(sandbox.slack.delivery.sockets.open_url()) for _ in range(count)]
        for one in sockets:
            assert (await one.receive_json())["type"] == "hello"
        yield


async def test_a_connection_is_opened_and_closed(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A connection is opened and closed; if it's the only one, no bot is running."""
    one = await socket_finding(sandbox, monkeypatch, BOLT_BOT_DATA_DIR=str(tmp_path))
    assert (one.level, one.sentence) == (
        "ok",
        "A connection was opened. It's the app's only one, so no bot is running.",
    )


async def test_socket_mode_that_is_off(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Socket Mode that's off is noticed only by connecting, because Slack gives out an address anyway."""
    sandbox.workspace.socket_mode = False
    one = await socket_finding(sandbox, monkeypatch)
    assert (one.level, one.sentence.partition(",")[0]) == ("problem", "Socket Mode is off in the app's settings")


async def test_more_connections_than_slack_allows(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the app has ten connections already, the problem names the limit."""
    async with connected(sandbox, 10):
        one = await socket_finding(sandbox, monkeypatch)
    assert one.level == "problem"
    assert "ten connections" in one.sentence


async def test_a_socket_that_cannot_be_opened(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the handshake fails, as behind a proxy without WebSockets, the fix mentions them."""
    (await _fault(sandbox))
    one = await socket_finding(sandbox, monkeypatch)
    assert one.level == "problem"
    assert one.sentence.startswith("Slack returned an address, but no connection to it can be opened: 127.0.0.1:")
    assert "WebSockets" in one.fix


async def _fault(sandbox: Sandbox) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{sandbox.base_url}/control/faults", json={"kind": "drop_before", "method": "socket", "count": None}
        ) as answer,
    ):
        assert answer.status == 200


async def test_an_app_token_that_is_refused(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the app token is refused, no connection is tried, and the result is a warning."""
    one = await socket_finding(sandbox, monkeypatch, SLACK_APP_TOKEN="xapp-wrong")  # noqa: S106 - made up
    assert one.level == "warning"
    assert "not checked" in one.sentence


async def test_two_deployments_on_one_app(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, embedded_redis_url: str
) -> None:
    """More connections than this deployment counts in Redis mean that there's another deployment."""
    more = {"REDIS_URL": embedded_redis_url, "BOLT_BOT_NAME": "one"}
    redis = connect(embedded_redis_url)
    try:
        ours = Scripts(redis, "one", retention_s=60)
        async with connected(sandbox, 4):
            await SocketCount(ours).share_count(2)
            one = await socket_finding(sandbox, monkeypatch, **more)
            assert one.level == "warning"
            assert "4 other connections, and this deployment holds 2: another deployment" in one.sentence
            await SocketCount(ours).share_count(2)
            one = await socket_finding(sandbox, monkeypatch, **more)
            assert one.sentence == "A connection was opened. The app has 4 other connections, all from this deployment."
    finally:
        await close(redis)


async def test_a_deployment_with_an_embedded_redis(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If no process uses the data directory, no connection is ours; without Redis' socket, that can't be checked."""
    deep = tmp_path / "-".join(["long"] * 25)
    embedded = EmbeddedRedis(deep)
    async with connected(sandbox, 2):
        one = await socket_finding(sandbox, monkeypatch, BOLT_BOT_DATA_DIR=str(tmp_path))
        await embedded.start()
        two = await socket_finding(sandbox, monkeypatch, BOLT_BOT_DATA_DIR=str(deep))
        await embedded.stop()
    assert (one.level, two.level) == ("warning", "warning")
    assert "holds 0" in one.sentence
    assert "not checked" in two.sentence


async def test_a_redis_that_is_away(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Redis, the doctor can't check whose connections they are."""
    async with connected(sandbox, 2):
        one = await socket_finding(sandbox, monkeypatch, REDIS_URL="redis://127.0.0.1:1/0")
    assert one.level == "warning"
    assert "not checked" in one.sentence


def test_the_counts_that_are_compared() -> None:
    """The comparison leaves out the doctor's own connection, which Slack counts too."""
    levels = {(total, held): compare(Hello("A1", total), held).level for total in (1, 3, 5) for held in (0, 2, 4)}
    assert {key for key, level in levels.items() if level == "warning"} == {(3, 0), (5, 0), (5, 2)}


async def test_http_names_what_a_bot_cannot_see(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, the doctor says what it can't check, and reports a signing secret that doesn't look like one."""
    more = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2}
    found = of(await findings(CHECKS, sandbox, monkeypatch, **more), "Slack over HTTP")
    (one,) = found
    assert "not checked" in one.sentence
    assert "Request URL" in one.fix
    more["SLACK_SIGNING_SECRET"] = "very-secret"  # noqa: S105 - made up
    short, _ = of(await findings(CHECKS, sandbox, monkeypatch, **more), "Slack over HTTP")
    assert "32 hexadecimal digits" in short.sentence


SECRET = "0123456789abcdef" * 2


@asynccontextmanager
async def answering(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server at the path where Slack posts."""
    app = web.Application()
    app.router.add_post("/slack/events", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def bot_with(secret: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The bot's handler of Slack's requests over HTTP."""
    web_client, me = AsyncWebClient(), Identity("T1", "U1", "B1", "bolt", "https://acme.slack.com/")
    app = build_app(web_client, "xoxb-1", me, (), lambda _where, _error: "abc", lambda _asker, _message: None)
    return http_handler(app, secret)


async def test_a_public_address_that_leads_to_the_bot(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signed request to the public address is answered by the bot, whether the path is given or not."""
    setting(monkeypatch, **{**sandbox.env(socket_mode=False), "SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": SECRET})
    async with answering(bot_with(SECRET)) as address:
        for url in (address, f"{address}/", f"{address}/slack/events"):
            (one,) = of(await diagnose(public_url=url), "public address")
            assert (one.level, one.sentence) == (
                "ok",
                f"{address}/slack/events answers requests signed with SLACK_SIGNING_SECRET.",
            )


async def test_a_bot_with_another_signing_secret() -> None:
    """A bot with another signing secret refuses the request, which is a problem."""
    async with answering(bot_with("another")) as address:
        found = await check_url(f"{address}/slack/events", SECRET)
    assert found.level == "problem"
    assert "HTTP status 401: the bot there doesn't accept the signature." in found.sentence


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (404, "", "nothing accepts Slack's requests there"),
        (503, "", "starting or stopping"),
        (200, "Welcome", "that isn't the bot's answer"),
        (302, "", "that isn't the bot's answer"),
    ],
)
async def test_a_public_address_that_leads_elsewhere(status: int, text: str, words: str) -> None:
    """If something other than the bot answers at the public address, that's a problem."""

    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with answering(handle) as address:
        found = await check_url(f"{address}/slack/events", SECRET)
    assert found.level == "problem"
    assert f"answers with HTTP status {status}: " in found.sentence
    assert words in found.sentence


async def test_a_public_address_where_nothing_listens() -> None:
    """If nothing listens at the public address, the cause is named."""
    found = await check_url("http://127.0.0.1:1/slack/events", SECRET)
    assert found.level == "problem"
    assert "the connection was refused" in found.sentence


async def test_a_public_address_in_socket_mode(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Socket Mode, a public address gets a warning, because it isn't used."""
    setting(monkeypatch, **sandbox.env())
    (one,) = of(await diagnose(public_url="https://bolt.example.com"), "public address")
    assert one.level == "warning"
