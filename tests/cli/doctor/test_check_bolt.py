"""A Bolt API that is broken for real: the doctor names each cause, with its host and a fix, and no credential."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bolt_sandbox.bolt import BoltWorld, CallRecord, add_routes
from bot.cli.doctor import check_bolt, check_slack
from bot.cli.doctor.check_bolt import LIMITS
from bot.cli.doctor.finding import Finding
from bot.core.model.errors import BotError
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from bot.service_outage import ServiceOutage
from bot.tls import tls
from tests.certificates import expired, untrusted
from tests.cli.doctor.patient import found_by
from tests.test_unreachable_services import answering

KEY = {"PARADIME_API_KEY": "sandbox", "PARADIME_API_SECRET": "sandbox"}
COMPANY = {"PARADIME_API_SECRET": "prdm_cmp_sandbox"}
PASSWORD = "very-secret-6"  # noqa: S105 - a made-up one


async def examined(monkeypatch: pytest.MonkeyPatch, endpoint: str, **more: str) -> list[Finding]:
    """The findings about Bolt at an address."""
    return await found_by(check_bolt.CHECKS, monkeypatch, {"PARADIME_API_ENDPOINT": endpoint, **more})


async def first_problem(monkeypatch: pytest.MonkeyPatch, endpoint: str, **more: str) -> Finding:
    """Return the only problem; every other finding must be a warning that something wasn't checked."""
    bad, *rest = await examined(monkeypatch, endpoint, **more)
    assert bad.level == "problem"
    assert {one.level for one in rest} <= {"warning"}
    assert all("not checked" in one.sentence for one in rest)
    return bad


@pytest.fixture
async def served() -> AsyncIterator[tuple[BoltWorld, str]]:
    """The sandbox's Bolt API, and its address."""
    world, app = BoltWorld(), web.Application()
    add_routes(app, world)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield world, f"http://127.0.0.1:{runner.addresses[0][1]}/bolt"
    await runner.cleanup()


Served = tuple[BoltWorld, str]


async def test_an_api_that_is_well(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a healthy API, the workspace's schedules are counted, the key's rights aren't checked, and nothing starts."""
    world, url = served
    asked: list[CallRecord] = []
    world.on_call = asked.append
    connection, workspace, key = await examined(monkeypatch, f"{url}/graphql", **KEY)
    assert (connection.level, workspace.level, key.level) == ("ok", "ok", "warning")
    assert connection.sentence.startswith(url.removeprefix("http://").partition("/")[0])
    assert "active schedules: " in workspace.sentence
    assert "not checked" in key.sentence
    assert "Bolt schedules admin" in key.fix
    assert {operation for call in asked for operation in call.operations} == {"listBoltSchedules"}


async def test_a_key_that_may_only_read(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only key can't be recognized without a start, so it's a warning whose fix says where to look."""
    viewer = {"PARADIME_API_KEY": "viewer", "PARADIME_API_SECRET": "viewer"}
    *_, key = await examined(monkeypatch, f"{served[1]}/graphql", **viewer)
    assert (key.check, key.level) == ("Bolt API key", "warning")
    assert "not checked" in key.sentence


@pytest.mark.parametrize(
    ("path", "environment", "check", "says", "fix"),
    [
        ("/grafql", KEY, "Bolt connection", "has no Bolt API at that path", "Copy PARADIME_API_ENDPOINT"),
        ("/graphql", {}, "Bolt API key", "the API key isn't accepted (HTTP status 401)", "PARADIME_API_SECRET"),
        (
            "/graphql",
            {**COMPANY, "PARADIME_WORKSPACE_UID": "another"},
            "Bolt API key",
            "the API key isn't accepted",
            "PARADIME_WORKSPACE_UID belongs to a workspace that the key can't use",
        ),
    ],
    ids=["path", "key", "uid"],
)
async def test_what_is_wrong_with_the_address_or_the_key(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    environment: dict[str, str],
    check: str,
    says: str,
    fix: str,
) -> None:
    """A wrong address or key is named, with the variable to correct."""
    found = await first_problem(monkeypatch, f"{served[1]}{path}", **environment)
    assert found.check == check
    assert says in found.sentence
    assert fix in found.fix


def http(status: str, body: str = "", *headers: str) -> bytes:
    """A response."""
    lines = (f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


OTHER_API = '{"errors": [{"message": "Cannot query field \\"listBoltSchedules\\" on type \\"Query\\"."}]}'
NO_WORKSPACE = '{"errors": [{"message": "Workspace not found"}], "data": null}'
BROKEN = {
    "expired key": (http("401 Unauthorized", "The API key expired"), "Bolt API key", "the API key has expired"),
    "a web page": (http("200 OK", "<html>"), "Bolt connection", "its response isn't GraphQL"),
    "moved": (http("302 Found", "", "Location: https://login.invalid/"), "Bolt connection", "HTTP status 302"),
    "broken": (http("503 Service Unavailable"), "Bolt connection", "HTTP status 503"),
    "another API": (http("200 OK", OTHER_API), "Bolt connection", "it isn't the Bolt API"),
    "no workspace": (http("200 OK", NO_WORKSPACE), "Bolt workspace", "Workspace not found"),
    "TLS port": (http("400 Bad Request", "<html>"), "Bolt connection", "HTTP status 400"),
    "hangs up": (b"", "Bolt connection", "the connection"),
}


@pytest.mark.parametrize(("says", "check", "words"), BROKEN.values(), ids=BROKEN)
async def test_what_answers_is_something_else(
    monkeypatch: pytest.MonkeyPatch, says: bytes, check: str, words: str
) -> None:
    """The doctor recognizes another site, a login page, another API, and a Bolt that doesn't work."""
    async with answering(says) as port:
        found = await first_problem(monkeypatch, f"http://127.0.0.1:{port}/graphql")
    assert found.check == check
    assert words in found.sentence
    assert f"127.0.0.1:{port}" in found.sentence


@pytest.mark.parametrize("which", ["expired key", "a web page", "broken", "hangs up"])
async def test_the_log_and_readyz_say_the_same(which: str) -> None:
    """The log and /readyz give the same cause, the log with the host, /readyz without it."""
    says, _check, words = BROKEN[which]
    outage = ServiceOutage("bolt")
    async with answering(says) as port:
        bolt = BoltClient(f"http://127.0.0.1:{port}/graphql", Credentials("secret", "key"), LIMITS, watch=outage)
        with capture_logs() as lines, pytest.raises(BotError):
            await bolt.check()
        await bolt.aclose()
    (line,) = lines
    assert line["event"] == "a service is away"
    assert line["why"].startswith(f"127.0.0.1:{port}: ")
    assert words in line["why"]
    assert words in outage.reason
    assert "127.0.0.1" not in outage.reason


async def test_the_uid_and_the_endpoint_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A UID that differs from the endpoint's is a warning, because both may name the same workspace."""
    schedules = '{"data": {"listBoltSchedules": {"schedules": [], "totalCount": 0}}}'
    async with answering(http("200 OK", schedules)) as port:
        endpoint = f"http://127.0.0.1:{port}/api/v1/wsp-1/graphql"
        found = await examined(monkeypatch, endpoint, PARADIME_WORKSPACE_UID="wsp-2", **KEY)
    assert found[1].sentence.startswith("PARADIME_WORKSPACE_UID is wsp-2, but PARADIME_API_ENDPOINT is for wsp-1.")
    assert found[1].level == "warning"


async def test_a_workspace_without_schedules(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace without active schedules gets a warning, because it's probably the wrong one."""
    world, url = served
    for schedule in world.schedules():
        world.remove_schedule(schedule.slug)
    found = await examined(monkeypatch, f"{url}/graphql", **KEY)
    assert (found[1].check, found[1].level) == ("Bolt workspace", "warning")
    assert "no active schedule" in found[1].sentence


async def test_a_host_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that doesn't exist is reported as such; RFC 2606 reserves .invalid for that."""
    found = await first_problem(monkeypatch, "https://bolt.invalid/graphql")
    assert found.sentence == "bolt.invalid can't be reached: its host name can't be resolved (DNS)."
    assert found.fix.startswith("Correct the host in PARADIME_API_ENDPOINT")


@pytest.fixture
def closed() -> Iterator[int]:
    """A port that's bound but not listened on, so that nothing else can take it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_a_port_that_is_closed(monkeypatch: pytest.MonkeyPatch, closed: int) -> None:
    """A closed port is reported with the port's number."""
    found = await first_problem(monkeypatch, f"https://127.0.0.1:{closed}/graphql")
    assert found.sentence == f"127.0.0.1:{closed} can't be reached: the connection was refused."


async def test_https_on_a_port_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """For https on a port without TLS, the fix is to use http:// instead."""
    async with answering(http("400 Bad Request")) as port:
        found = await first_problem(monkeypatch, f"https://127.0.0.1:{port}/graphql")
    assert "it doesn't speak TLS on that port" in found.sentence
    assert "Use http:// instead of https:// in PARADIME_API_ENDPOINT" in found.fix


@asynccontextmanager
async def with_tls(certificate: Path) -> AsyncIterator[str]:
    """A server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with answering(http("200 OK", '{"data": {"listBoltSchedules": {}}}'), context) as port:
        yield f"https://127.0.0.1:{port}/graphql"


async def test_an_authority_that_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If a certificate isn't trusted, the fix names the variable for its authority."""
    async with with_tls(untrusted(tmp_path)) as url:
        found = await first_problem(monkeypatch, url)
    assert "its certificate isn't trusted (self-signed certificate)" in found.sentence
    assert "SSL_CERT_FILE=" in found.fix


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust only the certificates made for this test."""
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(tmp_path / "expired.pem"))
    tls.cache_clear()
    yield
    tls.cache_clear()


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_has_expired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An expired certificate is reported even if its authority is trusted."""
    async with with_tls(expired(tmp_path)) as url:
        found = await first_problem(monkeypatch, url)
    assert "certificate has expired" in found.sentence
    assert found.fix.startswith("Renew")


async def test_a_proxy_that_is_dead(monkeypatch: pytest.MonkeyPatch, closed: int) -> None:
    """A dead proxy is named without its password."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{closed}")
    found = await first_problem(monkeypatch, "https://bolt.invalid/graphql")
    assert found.sentence == (
        f"bolt.invalid through the proxy 127.0.0.1:{closed} can't be reached: the connection was refused."
    )
    assert "HTTPS_PROXY" in found.fix


@pytest.mark.parametrize(
    ("status", "fix"),
    [("407 Proxy Authentication Required", "password that the proxy accepts"), ("403 Forbidden", "Let the proxy")],
)
async def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, status: str, fix: str) -> None:
    """A proxy's refusal is reported with a fix and without the password."""
    async with answering(http(status)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{port}")
        found = await first_problem(monkeypatch, "https://bolt.invalid/graphql")
    assert f"through the proxy 127.0.0.1:{port}" in found.sentence
    assert f"the proxy refused ({status}" in found.sentence
    assert fix in found.fix


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a server doesn't answer, the check ends at its time limit."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Until the client hangs up.
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}/graphql"
    found, *_ = await found_by(check_bolt.CHECKS, monkeypatch, {"PARADIME_API_ENDPOINT": endpoint}, limit_s=0.2)
    listening.close()
    assert (found.check, found.level) == ("Bolt connection", "problem")
    assert "The check didn't finish within 0.2 s" in found.sentence


async def test_slack_has_the_same_causes_and_fixes(monkeypatch: pytest.MonkeyPatch, closed: int) -> None:
    """Slack's host and its proxy are reported with the same causes and fixes."""
    for proxy, url, says, fix in (
        ("", "https://slack.invalid/api/", "slack.invalid: its host name can't be resolved (DNS)", "SLACK_API_URL"),
        ("", f"http://127.0.0.1:{closed}/", f"127.0.0.1:{closed}: the connection was refused", "SLACK_API_URL"),
        (f"http://user:{PASSWORD}@127.0.0.1:{closed}", "https://slack.invalid/", "through the proxy", "HTTPS_PROXY"),
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        found = await found_by(check_slack.CHECKS, monkeypatch, {"SLACK_API_URL": url})
        bad = [one for one in found if one.level == "problem"]
        assert [one.check for one in bad] == ["Slack bot token", "Slack app token"]
        assert all(says in one.sentence and fix in one.fix for one in bad)
