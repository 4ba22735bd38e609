"""Real servers that restart, fail over or form a cluster: the same client recovers by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from bot.core.model.admission import Limits
from bot.core.model.errors import StoreUnavailable, StoreUnfit
from bot.core.model.run import RunKey
from bot.store.connect import check, close, connect
from bot.store.due_sets import DueSet
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_requests import StartRequests
from tests.store.record import asked, follow_run
from tests.store.servers import Server, Servers, ask, redis_server
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(redis_server() is None, reason="there is no redis-server on PATH")

PASSWORD = "a-password-of-theirs"  # noqa: S105 - a test's own server

Make = Callable[..., Scripts]


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    """Servers for this test only."""
    made = Servers()
    yield made
    made.close()


@pytest.fixture
async def scripts() -> AsyncIterator[Make]:
    """Makes the scripts for an address. All are closed even if a test fails, so that no other test gets the blame."""
    made: list[Scripts] = []

    def make(url: str, name: str = "test") -> Scripts:
        made.append(Scripts(connect(url, timeout_s=1), name, retention_s=1000))
        return made[-1]

    yield make
    for one in made:
        await close(one.redis)


async def accepts(store: Scripts, name: str) -> bool:
    """Whether a start can be recorded."""
    try:
        return (await StartRequests(store, Limits()).accept(asked(name, text=name))).word in {"new", "known"}
    except StoreUnavailable:
        return False


async def test_a_restart_loses_nothing_that_was_recorded(servers: Servers, scripts: Make) -> None:
    """After kill -9 and a start on the same append-only file, the client goes on, and the record is there."""
    server = await servers.alone("appendonly yes", "appendfsync always")
    store = scripts(server.url)
    assert await accepts(store, "before")
    server.kill()
    assert not await accepts(store, "meanwhile")
    await server.start()
    await accepted(store, "after")
    assert await StartRequests(store, Limits()).load_request("before") is not None


async def accepted(store: Scripts, name: str) -> None:
    """Record a start as soon as Redis accepts it."""
    await eventually(f"the start {name!r} to be recorded", lambda: accepts(store, name))


async def replicas_with_it(store: Scripts) -> int:
    """The number of replicas that have received all writes."""
    return int(await ask(store.redis, "WAIT", 1, 200))


@dataclass
class Watched:
    """A primary with a replica under a Sentinel, and their address."""

    url: str
    primary: Server
    replica: Server
    sentinel: Server


async def sentinels(servers: Servers, *, password: str = "") -> Watched:
    """Start a primary with a replica under a Sentinel."""
    secret = (f"requirepass {password}", f"masterauth {password}") if password else ()
    primary = await servers.at_a_port("appendonly yes", *secret)
    replica = await servers.at_a_port("appendonly yes", f"replicaof 127.0.0.1 {primary.port}", *secret)

    async def replicas() -> int:
        one = primary.client(password)
        try:
            return int((await one.info("replication"))["connected_slaves"])
        finally:
            await one.aclose()

    # A Sentinel asks for replicas when it starts, and then every ten seconds.
    await eventually("the replica to be connected", replicas)
    watch = await servers.at_a_port(
        f"sentinel monitor main 127.0.0.1 {primary.port} 1",
        "sentinel down-after-milliseconds main 2000",
        "sentinel failover-timeout main 3000",
        *((f"sentinel auth-pass main {password}",) if password else ()),
        sentinel=True,
    )

    async def known() -> int:
        one = watch.client()
        try:
            return len(await ask(one, "SENTINEL", "REPLICAS", "main"))
        finally:
            await one.aclose()

    await eventually("the Sentinel to know the replica", known)
    shown = f":{password}@" if password else ""
    return Watched(f"redis+sentinel://{shown}127.0.0.1:{watch.port}/main", primary, replica, watch)


async def test_a_failover_is_followed(servers: Servers, scripts: Make) -> None:
    """If the primary is killed, the same client finds the new one, which never saw our scripts, and stays with it."""
    watched = await sentinels(servers, password=PASSWORD)
    store = scripts(watched.url)
    assert await check(store.redis, "x") == ()
    assert await accepts(store, "before")
    # Replication is asynchronous: without this wait, a failover could lose what was written.
    await eventually("the replica to have what was written", lambda: replicas_with_it(store))
    watched.primary.kill()
    await accepted(store, "after")
    assert await StartRequests(store, Limits()).load_request("before") is not None
    await watched.primary.start()
    # On a busy machine, a Sentinel may believe for a moment that a server is down.
    for number in range(20):
        await accepted(store, f"again-{number}")
    await store.probe()
    one = watched.replica.client(PASSWORD)
    assert (await one.info("replication"))["role"] == "master"
    await one.aclose()


async def test_a_cluster_is_one_slot_of_it(servers: Servers, scripts: Make) -> None:
    """Scripts, pipelines and reads find the node that owns our slot, whichever node the address names."""
    for node in await servers.cluster():
        store = scripts(f"redis+cluster://127.0.0.1:{node.port}", f"of{node.port}")
        assert await check(store.redis, f"of{node.port}") == ()
        await follow_run(store, 7)
        runs = Runs(store)
        assert await runs.known("w", [7, 8]) == frozenset({7})
        assert (await DueSet(store, "polls", lease_s=10).claim(10)).rows == (("w:7",),)
        assert await runs.final_since_s(RunKey("w", 7)) == 0
        first = await StartRequests(store, Limits()).accept(asked("twice", text="other"))
        again = await StartRequests(store, Limits()).accept(asked("twice", text="other"))
        assert (first.word, again.word) == ("new", "known")
        indexes = RunIndexes(store)
        assert [one.run.id for one in (await indexes.active_of("U1", most=5)).runs] == [7]
        assert [one.run.id for one in (await indexes.active_in(["A", "B"], most=5)).runs] == [7]
        assert (await indexes.failed("U1", ["A"], most=5)).total == 0
        assert [one.slug for one in (await indexes.habits("U1", most=5)).schedules] == ["s7"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("redis+sentinel://:{password}@127.0.0.1:{watch}/other", "Redis doesn't answer"),
        ("redis+sentinel://:{password}@127.0.0.1:1/main", "Redis doesn't answer"),
        ("redis+sentinel://:wrong-one@127.0.0.1:{watch}/main", "rejects the username or the password"),
        ("redis+cluster://:{password}@127.0.0.1:1", "Redis doesn't answer"),
    ],
)
async def test_what_cannot_be_reached_is_told_in_a_sentence(servers: Servers, form: str, words: str) -> None:
    """A wrong primary, Sentinel, password or node is reported in one sentence, which never shows the password."""
    watched = await sentinels(servers, password=PASSWORD)
    redis = connect(form.format(password=PASSWORD, watch=watched.sentinel.port), timeout_s=1)
    with pytest.raises((StoreUnavailable, StoreUnfit)) as caught:
        await check(redis, "x")
    assert words in caught.value.sentence
    assert PASSWORD not in caught.value.sentence
    await close(redis)
