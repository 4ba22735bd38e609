"""A real Redis that's reachable but refuses commands: the cause is reported, and working reads don't hide it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from bot.core.model.errors import BotError, StoreFault, StoreRefused, StoreUnavailable, StoreUnfit
from bot.service_outage import ServiceOutage
from bot.store.connect import check, connect
from bot.store.redis_errors import is_fault
from bot.store.scripts import Scripts
from tests.certificates import untrusted
from tests.store.servers import Server, Servers, ask, redis_server
from tests.waiting import eventually

STORE = Path(__file__).parents[2] / "bot" / "store"
PASSWORD = "very-secret-1"  # noqa: S105 - a made-up one


@dataclass
class Broken:
    """A server that tests break; `data` is where it saves."""

    server: Server
    data: Path

    def url(self, user: str) -> str:
        """The server's address for an ACL user."""
        return f"unix://{user}:{PASSWORD}@{self.server.home}/socket"

    async def tell(self, *words: str | int) -> Any:  # noqa: ANN401 - whatever the server says
        """Send the server a command as its administrator."""
        admin = self.server.client()
        try:
            return await ask(admin, *words)
        finally:
            await admin.aclose()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """One server for all of these tests: each breaks it and repairs it."""
    if redis_server() is None:
        pytest.skip("there is no redis-server on PATH")
    data = tmp_path_factory.mktemp("data")
    servers = Servers()
    try:
        yield Broken(asyncio.run(servers.alone(f"dir {data}", "save 3600 100000")), data)
    finally:
        servers.close()


@pytest.fixture
async def server(started: Broken) -> Broken:
    """The server, healthy and empty."""
    await started.tell("FLUSHALL")
    return started


async def no_eval(server: Broken) -> None:
    """A user that may not run scripts."""
    await server.tell("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all", "-eval", "-evalsha")


async def no_keys(server: Broken) -> None:
    """A Redis user that may use only other keys."""
    await server.tell("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", "~other:*", "&*", "+@all")


async def no_zadd(server: Broken) -> None:
    """A Redis user without two permissions: one that only scripts use, and one that scripts don't use."""
    await server.tell("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all", "-zadd", "-hvals")


async def all_rights(server: Broken) -> None:
    """A user that may do everything."""
    await server.tell("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")


async def full(server: Broken) -> None:
    """Used memory above maxmemory."""
    await server.tell("CONFIG", "SET", "maxmemory", 1)


async def roomy(server: Broken) -> None:
    """Remove the memory limit."""
    await server.tell("CONFIG", "SET", "maxmemory", 0)


async def replica(server: Broken) -> None:
    """A replica of a primary that doesn't exist."""
    await server.tell("REPLICAOF", "127.0.0.1", 1)


async def primary(server: Broken) -> None:
    """The server is a primary again."""
    await server.tell("REPLICAOF", "NO", "ONE")


async def unsaved(server: Broken) -> None:
    """A snapshot fails, because the directory to write it to is gone."""
    shutil.rmtree(server.data)
    await server.tell("BGSAVE")
    await eventually(
        "the snapshot to fail", lambda: server.tell("INFO", "persistence"), lambda facts: _status(facts) == "err"
    )


async def saved(server: Broken) -> None:
    """Make writes work again. The server can't save anymore, so tell it to ignore that, as an operator would."""
    server.data.mkdir(exist_ok=True)
    await server.tell("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")


def _status(facts: dict[str, Any]) -> object:
    return facts["rdb_last_bgsave_status"]


Act = Callable[[Broken], Awaitable[None]]
FULL, READ_ONLY = "My database (Redis) is full.", "My database (Redis) is read-only."
DISK, PERMIT = "My database (Redis) can't write to its disk.", "My database (Redis) doesn't permit me to do this."
CASES = [
    pytest.param(
        no_eval, all_rights, PERMIT, "its user lacks a permission (NOPERM): it isn't allowed to run EVALSHA", id="eval"
    ),
    pytest.param(
        no_keys, all_rights, PERMIT, "(NOPERM): it isn't allowed to use the keys of this deployment", id="keys"
    ),
    pytest.param(no_zadd, all_rights, PERMIT, "(NOPERM): it isn't allowed to run HVALS, ZADD", id="zadd"),
    pytest.param(full, roomy, FULL, "it's full (OOM)", id="full"),
    pytest.param(replica, primary, READ_ONLY, "it's a read-only replica (READONLY)", id="replica"),
    # The last one, because a server whose directory is gone can no longer save.
    pytest.param(unsaved, saved, DISK, "it can't write to its disk (MISCONF)", id="disk"),
]


@pytest.mark.parametrize(("breaks", "mends", "sentence", "cause"), CASES)
async def test_a_redis_that_refuses_is_named_until_it_takes_writes(
    server: Broken, breaks: Act, mends: Act, sentence: str, cause: str
) -> None:
    """People and operators see the cause; a read that works doesn't end the outage, but a write that works does."""
    await all_rights(server)
    outage, client = ServiceOutage("redis"), connect(server.url("bot"))
    heard: list[BotError | None] = []

    def watch(error: BotError | None) -> None:
        heard.append(error)
        outage(error)

    scripts = Scripts(client, "bolt", retention_s=60, watch=watch)
    try:
        await scripts.probe()
        await breaks(server)
        with pytest.raises(StoreRefused) as caught:
            await scripts.probe()
        assert caught.value.sentence == sentence
        assert cause in caught.value.cause
        assert caught.value.where == f"{server.server.home}/socket"
        assert outage.reason.startswith("redis refuses requests: ")
        assert cause in outage.reason
        assert PASSWORD not in f"{caught.value} {caught.value.detail}"
        with pytest.raises(StoreUnfit) as unfit:
            await check(client)
        assert cause in unfit.value.sentence or "points at a read-only replica" in unfit.value.sentence
        # Commands that only read still work on a full or read-only server.
        await scripts.ask(client.time())
        await scripts.ask(client.time())
        assert outage.reason
        await mends(server)
        await scripts.probe()
        assert outage.reason == ""
        assert await scripts.ask(client.keys("*")) == []
    finally:
        await mends(server)
        await client.aclose()


async def test_every_denied_command_is_named(redis_client: Redis) -> None:
    """Redis and Valkey word a denial differently, and all denied commands are named at once."""
    for denied, named in (("-zadd -hvals", "HVALS, ZADD"), ("-evalsha", "EVALSHA")):
        rules = ("reset", "on", f">{PASSWORD}", "~*", "+@all", *denied.split())
        await ask(redis_client, "ACL", "SETUSER", "bot", *rules)
        client = connect(f"unix://bot:{PASSWORD}@{redis_client.connection_pool.connection_kwargs['path']}")
        with pytest.raises(StoreRefused) as caught:
            await Scripts(client, "bolt", retention_s=60).probe()
        await client.aclose()
        assert caught.value.cause == f"its user lacks a permission (NOPERM): it isn't allowed to run {named}"
    await ask(redis_client, "ACL", "DELUSER", "bot")


def test_every_command_of_the_bot_is_tried() -> None:
    """The bot's commands are those in its scripts, and those it sends itself through redis-py's methods."""
    scripts = {one.stem: one.read_text() for one in (STORE / "scripts").rglob("*.lua")}
    tried = {name.lower() for name in re.findall(r"try\('(\w+)'", scripts["probe"])}
    used = {name.lower() for text in scripts.values() for name in re.findall(r"redis\.call\('(\w+)'", text)}
    sources = "".join(one.read_text() for one in STORE.glob("*.py") if one.stem not in {"connect", "embedded"})
    sent = set(re.findall(r"\b(?:redis|pipeline)\.([a-z]+)\b(?=\(|\n)", sources)) - {"pipeline", "execute"}
    assert {"hget", "hscan"} <= sent
    # TIME is how each script finds out what time it is.
    assert (used | {{"delete": "del"}.get(name, name) for name in sent}) - tried == {"time"}


async def failing(url: str) -> StoreUnavailable:
    """Return the error that the check raises for this server."""
    client = connect(url, timeout_s=1)
    with pytest.raises(StoreUnavailable) as caught:
        await check(client)
    await client.aclose()
    assert PASSWORD not in f"{caught.value} {caught.value.detail}"
    return caught.value


async def test_a_closed_port_is_named() -> None:
    """The port is bound but not listened on, so nothing else can take it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        away = await failing(f"redis://user:{PASSWORD}@127.0.0.1:{port}/0")
    assert away.detail == f"127.0.0.1:{port}: the connection was refused"


async def test_a_name_that_does_not_resolve_is_named() -> None:
    """RFC 2606 reserves .invalid for this."""
    away = await failing(f"redis://user:{PASSWORD}@redis.invalid:6379/0")
    assert away.detail == "redis.invalid:6379: its host name can't be resolved (DNS)"


async def test_an_untrusted_certificate_is_named_with_the_tls_librarys_own_words(tmp_path: Path) -> None:
    """The certificate is self-signed, and made for this test."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(untrusted(tmp_path))
    listening = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    away = await failing(f"rediss://user:{PASSWORD}@127.0.0.1:{port}/0")
    listening.close()
    assert away.detail == f"127.0.0.1:{port}: its certificate isn't trusted (self-signed certificate)"


async def test_tls_on_a_plain_port_is_named() -> None:
    """The server answers in plain text."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"-ERR Protocol error\r\n")
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    away = await failing(f"rediss://user:{PASSWORD}@127.0.0.1:{port}/0")
    listening.close()
    assert "it doesn't speak TLS on that port" in away.detail


async def test_a_script_that_fails_is_a_fault_and_no_outage(redis_client: Redis) -> None:
    """Lua's own error message is logged with the reference that people see. Redis doesn't count as unavailable."""
    outage = ServiceOutage("redis")
    scripts = Scripts(redis_client, "bolt", retention_s=60, watch=outage)
    calls = (scripts.run("lock_schedule"), scripts.ask(redis_client.hget(scripts.key("text"), "field")))
    await redis_client.set(scripts.key("text"), "text")
    for call, what in zip(calls, ("the script lock_schedule", "a call to Redis"), strict=True):
        with capture_logs() as logged, pytest.raises(StoreFault) as caught:
            await call
        assert caught.value.reference in caught.value.sentence
        assert caught.value.cause == f"{what} failed"
        assert caught.value.reference in str(logged)
        assert what in str(logged)
    assert "user_script" not in caught.value.sentence
    assert outage.reason == ""


async def test_a_fault_does_not_end_the_outage_of_a_redis_that_refuses(redis_client: Redis) -> None:
    """Only a successful write ends the outage."""
    outage = ServiceOutage("redis")
    scripts = Scripts(redis_client, "bolt", retention_s=60, watch=outage)
    await redis_client.set(scripts.key("text"), "text")
    await ask(redis_client, "CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(StoreRefused):
            await scripts.probe()
        with pytest.raises(StoreFault):
            await scripts.ask(redis_client.hget(scripts.key("text"), "field"))
        assert outage.reason
    finally:
        await ask(redis_client, "CONFIG", "SET", "maxmemory", 0)


@pytest.mark.parametrize(
    "text",
    [
        "Script attempted to execute a command while the cluster is down script: 1a, on @user_script:9.",
        "Script killed by user with SCRIPT KILL. script: 1a, on @user_script:9.",
        "OOM command not allowed when used memory > 'maxmemory'. script: 1a, on @user_script:9.",
    ],
)
def test_what_befalls_a_script_is_not_its_fault(text: str) -> None:
    """The cause is the cluster, an operator, or a full server."""
    assert not is_fault(ResponseError(text))
