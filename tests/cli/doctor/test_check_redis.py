"""A Redis that is broken for real: the doctor names each cause, with its host and a fix, and no password."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError

from bot.cli.doctor import check_data, check_redis
from bot.cli.doctor.finding import Finding
from bot.slack.identity import Identity
from bot.store.connect import connect
from bot.store.embedded import EmbeddedRedis
from tests.certificates import expired, untrusted
from tests.cli.doctor.patient import found_by
from tests.store.fake_server import GOOD, fake, telling
from tests.store.servers import Server, Servers, ask, redis_server
from tests.test_unreachable_services import answering
from tests.waiting import eventually

PASSWORD = "very-secret-5"  # noqa: S105 - a made-up one
ALL = ("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", "~*", "&*", "+@all")
REFUSED, NONE = "rejects the username or the password", "The data's owner was not checked"

needs_server = pytest.mark.skipif(redis_server() is None, reason="there is no redis-server on PATH")


@dataclass
class Broken:
    """A server that tests break; `data` is where it saves."""

    server: Server
    data: Path
    port: int

    @property
    def url(self) -> str:
        """The server's address, with the credentials of an ACL user."""
        return f"redis://bot:{PASSWORD}@127.0.0.1:{self.port}/0"

    async def tell(self, *commands: tuple[str, ...]) -> None:
        """Send commands to the server as its administrator."""
        admin = self.server.client()
        try:
            for words in commands:
                await ask(admin, *words)
        finally:
            await admin.aclose()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """One server for all of these tests."""
    if redis_server() is None:
        pytest.skip("there is no redis-server on PATH")
    data, servers = tmp_path_factory.mktemp("data"), Servers()
    try:
        server = asyncio.run(servers.at_a_port(f"dir {data}", "save 3600 100000", "appendonly yes"))
        yield Broken(server, data, server.port)
    finally:
        servers.close()


@pytest.fixture
async def server(started: Broken) -> Broken:
    """The server, back to normal and empty."""
    well = (
        ("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction", "appendfsync", "everysec"),
        ("REPLICAOF", "NO", "ONE"),
        ("FLUSHALL",),
        ALL,
    )
    await started.tell(*well)
    return started


async def examined(monkeypatch: pytest.MonkeyPatch, url: str) -> list[Finding]:
    """The findings of the Redis checks at an address."""
    return await found_by(check_redis.CHECKS, monkeypatch, {"REDIS_URL": url})


def only_problem(found: list[Finding]) -> Finding:
    """The finding that isn't ok."""
    (one,) = [each for each in found if each.level != "ok"]
    return one


@dataclass(frozen=True, slots=True)
class Case:
    """Commands that break the server, and the doctor's finding: a check, its level, words of its sentence and fix."""

    breaks: tuple[tuple[str, ...], ...]
    check: str
    level: str
    says: str
    fix: str


def config(name: str, value: str) -> tuple[str, ...]:
    """A command that sets an option of the server."""
    return ("CONFIG", "SET", name, value)


CASES: Mapping[str, Case] = {
    "no EVALSHA": Case(((*ALL, "-eval", "-evalsha"),), "Redis permissions", "problem", "run EVALSHA", "ACL SETUSER"),
    "no ZADD, no HVALS": Case(
        ((*ALL, "-zadd", "-hvals"),), "Redis permissions", "problem", "it isn't allowed to run HVALS, ZADD", "+@write"
    ),
    "no MULTI": Case(
        ((*ALL, "-multi"),), "Redis permissions", "problem", "it isn't allowed to run MULTI", "+@transaction"
    ),
    "no PING": Case(((*ALL, "-ping"),), "Redis permissions", "problem", "it isn't allowed to run PING", "+@connection"),
    "not our keys": Case(
        ((*ALL, "resetkeys", "~bolt:*"),),
        "Redis permissions",
        "problem",
        "it isn't allowed to use the keys of this deployment",
        "~{bolt:bolt}:*",
    ),
    "maxmemory reached": Case((config("maxmemory", "1"),), "Redis memory", "problem", "(OOM)", "Raise maxmemory"),
    "evicting": Case(
        (config("maxmemory-policy", "allkeys-lru"),), "Redis memory", "problem", "which deletes data", "noeviction"
    ),
    "replica": Case((("REPLICAOF", "127.0.0.1", "1"),), "Redis role", "problem", "read-only replica", "primary"),
    "appendfsync no": Case(
        (config("appendfsync", "no"),), "Redis persistence", "warning", "appendfsync set to no", "everysec"
    ),
    "no CONFIG": Case(((*ALL, "-config"),), "Redis persistence", "warning", "not checked", "CONFIG GET"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_each_cause_is_named(server: Broken, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    """Each cause is the only finding that isn't ok, and the fix addresses that cause."""
    await server.tell(*case.breaks)
    found = only_problem(await examined(monkeypatch, server.url))
    assert (found.check, found.level) == (case.check, case.level)
    assert case.says in found.sentence
    assert case.fix in found.fix


async def test_a_server_that_is_well(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """A healthy server's version, role, memory and persistence are shown, and no keys are left in it."""
    await server.tell(config("maxmemory", "100mb"))
    found = {one.check: one for one in await examined(monkeypatch, server.url)}
    assert {one.level for one in found.values()} == {"ok"}
    assert found["Redis connection"].sentence.startswith(f"Redis at 127.0.0.1:{server.port} answers in ")
    assert found["Redis version"].sentence.startswith(("Redis 7.", "Redis 8.", "Valkey "))
    assert found["Redis role"].sentence == "It's the primary."
    assert found["Redis memory"].sentence.endswith(" of 104.9 MB free, and nothing is evicted.")
    assert found["Redis persistence"].sentence.endswith("written to disk every second.")
    assert found["Redis permissions"].sentence.endswith("{bolt:bolt}:*.")
    client = server.server.client()
    assert await client.keys("*") == []
    await client.aclose()


async def test_nearly_full(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that's nearly full gets a warning that says how full it is."""
    client = server.server.client()
    used = (await client.info("memory"))["used_memory"]
    await client.aclose()
    await server.tell(config("maxmemory", str(round(used * 1.05))))
    found = only_problem(await examined(monkeypatch, server.url))
    assert (found.check, found.level) == ("Redis memory", "warning")
    assert "% of its maxmemory" in found.sentence


async def test_the_rights_that_are_recommended_are_enough(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recommended rights are enough, and don't include other keys or dangerous commands."""
    rules = check_redis.RULES.format(keys="{bolt:bolt}:").split()
    await server.tell(("ACL", "SETUSER", "bot", "reset", "on", f">{PASSWORD}", *rules))
    assert {one.level for one in await examined(monkeypatch, server.url)} == {"ok"}
    client = connect(server.url)
    for words in (("FLUSHALL",), ("KEYS", "*"), ("GET", "other"), ("CONFIG", "SET", "maxmemory", "1")):
        with pytest.raises(NoPermissionError):
            await ask(client, *words)
    await client.aclose()


async def test_without_info_nothing_is_called_ok_that_was_not_seen(
    server: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without INFO, version, role, memory and persistence are warnings, not ok."""
    await server.tell((*ALL, "-info", "-config"))
    found = await examined(monkeypatch, server.url)
    warned = [one.check for one in found if one.level == "warning"]
    assert warned == ["Redis version", "Redis role", "Redis memory", "Redis persistence"]


async def test_other_teams_data(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another team's or Bolt workspace's data is a problem; without Slack, a warning says that teams aren't checked."""
    me = Identity(team="T1", bot_user="U1", bot_id="B1", name="bolt", url="", team_name="Acme")
    mine = {"team": "T1", "team_name": "Acme", "bot": "B1", "app": "", "workspace": "default"}
    theirs = {**mine, "team": "T2", "team_name": "Other", "bot": "B2"}
    elsewhere = {**mine, "workspace": "wsp-2"}
    seen = []
    for owner in (None, mine, theirs, elsewhere):
        if owner is not None:
            await server.tell(("SET", "{bolt:bolt}:deployment", json.dumps(owner)))
        for identity in (me, None):
            (found,) = await found_by(check_data.CHECKS, monkeypatch, {"REDIS_URL": server.url}, identity=identity)
            seen.append((found.level, found.sentence))
    assert [level for level, _ in seen] == ["ok", "ok", "ok", "warning", "problem", "warning", "problem", "problem"]
    assert "to another bot named 'bolt', which is for the Slack team Other (T2)" in seen[4][1]
    assert "not checked" in seen[5][1]
    assert "for the Bolt workspace wsp-2. This bot is for default." in seen[7][1]


@needs_server
async def test_the_append_only_file_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """An append-only file that's off is a warning."""
    servers = Servers()
    try:
        found = only_problem(await examined(monkeypatch, (await servers.alone()).url))
    finally:
        servers.close()
    assert (found.check, found.level, found.fix) == ("Redis persistence", "warning", "Set appendonly to yes.")


@needs_server
async def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed snapshot, as on a full disk, is a problem; here its directory has been removed."""
    data, servers = tmp_path / "data", Servers()
    data.mkdir()
    try:
        server = await servers.alone(f"dir {data}", "save 3600 100000")
        shutil.rmtree(data)
        admin = server.client()
        await admin.bgsave()
        await eventually(
            "the snapshot to fail", lambda: admin.info("persistence"), lambda it: it["rdb_last_bgsave_status"] == "err"
        )
        await admin.aclose()
        found = await examined(monkeypatch, server.url)
    finally:
        servers.close()
    (bad,) = [one for one in found if one.level == "problem"]
    assert bad.check == "Redis persistence"
    assert "it can't write to its disk (MISCONF)" in bad.sentence


@needs_server
@pytest.mark.parametrize(
    ("user", "says"),
    [
        (f":{PASSWORD}wrong@", REFUSED),
        (f"nobody:{PASSWORD}@", REFUSED),
        ("", "it requires a password, but REDIS_URL has none"),
    ],
)
async def test_a_password_that_is_wrong_or_missing(monkeypatch: pytest.MonkeyPatch, user: str, says: str) -> None:
    """A wrong or missing password is reported, with what to change in the address."""
    servers = Servers()
    try:
        server = await servers.alone(f"requirepass {PASSWORD}")
        found = only_problem(await examined(monkeypatch, f"unix://{user}{server.home}/socket"))
    finally:
        servers.close()
    assert (found.check, found.level) == ("Redis connection", "problem")
    assert says in found.sentence
    assert "in REDIS_URL" in found.fix or "into REDIS_URL" in found.fix


@pytest.fixture(scope="module")
def with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of servers with TLS whose certificates are untrusted, for another name, or expired."""
    if redis_server() is None:
        pytest.skip("there is no redis-server on PATH")
    folder, servers, urls = tmp_path_factory.mktemp("tls"), Servers(), {}
    (folder / "other").mkdir()
    made = {
        "untrusted": untrusted(folder),
        "mismatch": untrusted(folder / "other", "DNS:redis.example"),
        "expired": expired(folder),
    }
    try:
        for name, certificate in made.items():
            lines = (f"tls-cert-file {certificate}", f"tls-key-file {certificate}", "tls-auth-clients no")
            server = asyncio.run(servers.with_tls(*lines))
            urls[name] = f"127.0.0.1:{server.tls_port}/0?ssl_ca_certs={certificate}"
        strict = (*lines[:2], f"tls-ca-cert-file {made['untrusted']}", "tls-auth-clients yes")
        urls["strict"] = f"127.0.0.1:{asyncio.run(servers.with_tls(*strict)).tls_port}/0?ssl_cert_reqs=none"
        (folder / "empty.pem").touch()
        urls["no_file"] = f"{urls['untrusted']}.gone"
        urls["empty_file"] = f"{urls['untrusted'].partition('?')[0]}?ssl_ca_certs={folder}/empty.pem"
        yield urls
    except AssertionError as error:
        if "TLS support" not in str(error):
            raise
        pytest.skip("redis-server on PATH was built without TLS")
    finally:
        servers.close()


@pytest.mark.parametrize(
    ("url", "says", "fix"),
    [
        ("redis://{untrusted}", "it speaks TLS on that port, but REDIS_URL doesn't ask for it", "Use rediss://"),
        ("rediss://{untrusted}", "its certificate isn't trusted (self-signed certificate)", "?ssl_ca_certs="),
        ("rediss://{mismatch_trusted}", "mismatch", "a host name that the server's certificate contains"),
        ("rediss://{expired_trusted}", "certificate has expired", "Renew"),
        ("rediss://{strict_trusted}", "it requires a client certificate", "ssl_certfile="),
        ("rediss://{no_file_trusted}", "a file named in REDIS_URL's options doesn't exist", "ssl_ca_certs"),
        ("rediss://{empty_file_trusted}", "the file of trusted certificates contains no certificates", "PEM"),
    ],
)
async def test_tls(with_tls: dict[str, str], monkeypatch: pytest.MonkeyPatch, url: str, says: str, fix: str) -> None:
    """Each problem with TLS is reported with its fix."""
    addresses = {name: one.partition("?")[0] for name, one in with_tls.items()}
    trusted = {f"{name}_trusted": one for name, one in with_tls.items()}
    found = only_problem(await examined(monkeypatch, url.format(**addresses, **trusted)))
    assert (found.check, found.level) == ("Redis connection", "problem")
    assert says in found.sentence
    assert fix in found.fix


async def test_tls_with_its_authority_works(with_tls: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A trusted authority in the address makes TLS work, as the fix says."""
    found = await examined(monkeypatch, f"rediss://{with_tls['untrusted']}")
    assert "problem" not in {one.level for one in found}


async def test_tls_on_a_plain_port(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """For TLS on a plain port, the fix is to use redis:// instead of rediss://."""
    found = only_problem(await examined(monkeypatch, f"rediss://127.0.0.1:{server.port}/0"))
    assert "it doesn't speak TLS on that port" in found.sentence
    assert found.fix.startswith("Use redis:// instead of rediss:// in REDIS_URL")


async def test_a_host_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that doesn't exist is reported as such; RFC 2606 reserves .invalid for that."""
    found = only_problem(await examined(monkeypatch, f"redis://:{PASSWORD}@redis.invalid:6379/0"))
    assert found.sentence == "Redis at redis.invalid:6379 can't be used: its host name can't be resolved (DNS)."
    assert found.fix.startswith("Correct the host in REDIS_URL")


async def test_a_port_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port is reported; it's bound but not listened on, so that nothing else can take it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        found = only_problem(await examined(monkeypatch, f"redis://:{PASSWORD}@127.0.0.1:{port}/0"))
    assert found.sentence == f"Redis at 127.0.0.1:{port} can't be used: the connection was refused."


async def test_a_database_that_does_not_exist(server: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database number that doesn't exist is reported, and the fix says where it is in the address."""
    found = only_problem(await examined(monkeypatch, server.url.replace("/0", "/99")))
    assert "it has no database with the number in REDIS_URL" in found.sentence
    assert "number at the end" in found.fix


async def test_something_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server in place of Redis is recognized."""
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        found = only_problem(await examined(monkeypatch, f"redis://127.0.0.1:{port}/0"))
    assert "the server there isn't Redis" in found.sentence


async def test_protected_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protected mode is recognized; a real server shows it only to another machine."""
    denied = b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n"
    async with fake(lambda _: denied) as server:
        found = only_problem(await examined(monkeypatch, f"redis://127.0.0.1:{server.port}/0"))
    assert "it's in protected mode" in found.sentence


async def test_a_version_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that's too old is a problem; no real server here is that old."""
    async with fake(telling(**{**GOOD, "redis_version": "6.2.14"})) as old:
        found = await examined(monkeypatch, f"redis://127.0.0.1:{old.port}")
    (bad,) = [one for one in found if one.level == "problem"]
    assert bad.check == "Redis version"
    assert "6.2.14" in bad.sentence


async def test_the_embedded_server_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded server is reported with its data directory and isn't started, so other bots' data isn't touched."""
    here = {"BOLT_BOT_DATA_DIR": str(tmp_path)}
    (found,) = await found_by(check_redis.CHECKS, monkeypatch, here)
    assert found.level == "ok"
    assert str(tmp_path) in found.sentence
    assert await found_by(check_data.CHECKS, monkeypatch, here) == []
    assert not (tmp_path / "redis").exists()


async def test_the_embedded_server_of_a_running_bot_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A running bot's embedded server is checked like any other, and everything is ok."""
    folder = tmp_path_factory.mktemp("bot")
    embedded, here = EmbeddedRedis(folder), {"BOLT_BOT_DATA_DIR": str(folder)}
    await embedded.start()
    try:
        found = await found_by((*check_redis.CHECKS, *check_data.CHECKS), monkeypatch, here)
    finally:
        await embedded.stop()
    assert {one.level for one in found} == {"ok"}
    assert {"Redis permissions", "Redis persistence", "Redis data"} <= {one.check for one in found}
