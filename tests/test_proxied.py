"""Slack and Bolt through a company's proxy, with TLS from the company's own authority: real sockets throughout."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

from bot.core.model.errors import BotError, SlackNotSent
from bot.core.redact.masker import Masker
from bot.core.text.message import Message
from bot.logging import configure_logging
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from bot.paradime.download import Downloader
from bot.slack.client import SlackChat
from bot.slack.listener_app import ListenerApp
from bot.slack.socket_mode import SocketModeReceiver
from bot.tls import tls
from tests.certificates import authority
from tests.proxies import ConnectProxy, connect_proxy
from tests.waiting import eventually

SLACK = "https://slack.com/api/"
BOLT = "https://api.paradime.io/api/v1/acme/graphql"
HOSTS = ("slack.com", "files.slack.com", "hooks.slack.com", "wss-primary.slack.com", "api.paradime.io", "storage.test")
TOKEN = "xoxb-made-up"  # noqa: S105 - a made-up one
PASSWORD = "very secret 1"  # noqa: S105 - as above
NO_RUNS = {"data": {"listBoltSchedules": {"schedules": [], "totalCount": 0}}}
ANSWERS = {
    "/api/auth.test": {"ok": True},
    "/api/files.getUploadURLExternal": {"ok": True, "file_id": "F1", "upload_url": "https://files.slack.com/upload/1"},
    "/api/apps.connections.open": {"ok": True, "url": "wss://wss-primary.slack.com/link"},
    "/upload/1": {},
    "/respond/1": {"ok": True},
    "/api/v1/acme/graphql": NO_RUNS,
    "/artifact": {"a": 1},
}


async def answer(request: web.Request) -> web.StreamResponse:
    """Answer as Slack, Bolt or its storage, or as Slack's socket."""
    if request.path == "/link":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type == WSMsgType.PING:
                await socket.pong(message.data)
        return socket
    return web.json_response(ANSWERS[request.path])


@asynccontextmanager
async def company(folder: Path, monkeypatch: pytest.MonkeyPatch, login: str = "") -> AsyncIterator[ConnectProxy]:
    """A network whose only way out is the proxy, which answers everything with the company's certificate."""
    made = authority(folder, *HOSTS)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=made.context())
    await site.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    # A process reads the certificates only once.
    tls.cache_clear()
    try:
        async with connect_proxy(int(runner.addresses[0][1]), login) as proxy:
            yield proxy
    finally:
        await runner.cleanup()
        tls.cache_clear()


async def test_slack_goes_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls, uploads and replies to Slack go through the proxy, with a password that has to be quoted in its URL."""
    async with company(tmp_path, monkeypatch, f"user:{PASSWORD}") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:very%20secret%201@127.0.0.1:{proxy.port}")
        chat = SlackChat(TOKEN, SLACK, str)
        await chat.call("auth.test")
        await chat.start_upload("log.txt", b"log", snippet=True)
        await chat.respond("https://hooks.slack.com/respond/1", Message(("Done.",)))
        await chat.close()
        assert set(proxy.asked) == {"slack.com:443", "files.slack.com:443", "hooks.slack.com:443"}


async def test_socket_mode_goes_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket goes through the proxy, unless its own host is in NO_PROXY."""
    async with company(tmp_path, monkeypatch) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        chat = SlackChat(TOKEN, SLACK, str)
        app = ListenerApp(client=chat.web, signing_secret="")
        receiver = SocketModeReceiver(app, "xapp-1", connections=1)
        await receiver.start()
        await eventually("a connection", receiver.ready)
        assert set(proxy.asked) == {"slack.com:443", "wss-primary.slack.com:443"}
        monkeypatch.setenv("NO_PROXY", "wss-primary.slack.com")
        client = receiver._handlers[0].client
        assert await client.issue_new_wss_url()
        assert client.proxy is None
        await receiver.stop()
        await chat.close()


async def test_sockets_through_a_dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead proxy is named in the outage's reason, without its password."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter22@127.0.0.1:{port}")
        chat = SlackChat(TOKEN, SLACK, str)
        receiver = SocketModeReceiver(ListenerApp(client=chat.web, signing_secret=""), "xapp-1", connections=1)
        await receiver.start()
        await eventually("an attempt", lambda: receiver._attempts.error is not None)
    assert receiver._why().detail == f"slack.com through the proxy 127.0.0.1:{port}: the connection was refused"
    await receiver.stop()
    await chat.close()


async def test_bolt_goes_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bolt's API and its storage's files go through the proxy."""
    async with company(tmp_path, monkeypatch) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        client, downloads = BoltClient(BOLT, Credentials("secret", "key")), Downloader(BOLT)
        await client.check()
        assert await downloads.fetch("https://storage.test/artifact", most=100) == b'{"a": 1}'
        await client.aclose()
        await downloads.aclose()
        assert set(proxy.asked) == {"api.paradime.io:443", "storage.test:443"}


async def test_no_proxy_is_obeyed_by_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY is obeyed by all clients, and the certificate is still trusted."""
    async with company(tmp_path, monkeypatch) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/8, 127.0.0.0/8")
        here = f"https://127.0.0.1:{proxy.to}"
        chat = SlackChat(TOKEN, f"{here}/api/", str)
        client = BoltClient(f"{here}/api/v1/acme/graphql", Credentials("secret", "key"))
        await chat.call("auth.test")
        await client.check()
        await chat.respond(f"{here}/respond/1", Message(("Done.",)))
        await chat.close()
        await client.aclose()
        assert proxy.asked == []


async def test_a_wrong_password_is_named_and_none_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong proxy password is reported as refused, and no error or log line shows it, not even the SDK's."""
    configure_logging("json", "debug", Masker().mask)
    async with company(tmp_path, monkeypatch, f"user:{PASSWORD}") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter22@127.0.0.1:{proxy.port}")
        chat = SlackChat(TOKEN, SLACK, str)
        client = BoltClient(BOLT, Credentials("secret", "key"))
        errors: list[BotError] = []
        for ask in (
            chat.call("auth.test"),
            chat.respond("https://hooks.slack.com/respond/1", Message(("Done.",))),
            client.check(),
        ):
            with pytest.raises(BotError) as caught:
                await ask
            errors.append(caught.value)
        await chat.close()
        await client.aclose()
    through = f"through the proxy 127.0.0.1:{proxy.port}: the proxy refused (407"
    assert all(through in error.detail for error in errors)
    assert [type(error) for error in errors[:2]] == [SlackNotSent, SlackNotSent]
    printed = "".join(capsys.readouterr())
    assert "hunter22" not in f"{errors} {[error.detail for error in errors]}"
    assert "hunter22" not in printed
