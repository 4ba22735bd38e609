"""Redis restarts, fails over and is a cluster: real servers, and the same client goes on by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.core.errors import StoreAway, StoreUnfit
from bot.core.run import RunKey
from bot.flows.store_ports import Limits
from bot.store.connect import alive, check, close, connect
from bot.store.due import DueSet
from bot.store.indexes import Indexes
from bot.store.requests import Requests
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from tests.store.record import asked, follow_run
from tests.store.servers import Servers, ask, client, free_port, redis_server, until

pytestmark = pytest.mark.skipif(redis_server() is None, reason="there is no redis-server on PATH")

BACK_S = 30.0
PASSWORD = "a-password-of-theirs"  # noqa: S105 - a test's own server

Make = Callable[..., Scripts]


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Servers]:
    """Servers of this test alone."""
    made = Servers(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def scripts() -> AsyncIterator[Make]:
    """Makes the scripts of a deployment on an address. Closed also where a test fails: it must not look like another's fault."""
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
        return (await Requests(store, Limits()).accept(asked(name, text=name))).word in {"new", "known"}
    except StoreAway:
        return False


async def test_a_restart_loses_nothing_that_was_recorded(servers: Servers, scripts: Make) -> None:
    """kill -9 and a start on the same append-only file: the client goes on, and the record is there."""
    port = await servers.start(free_port(), "appendonly yes", "appendfsync always")
    store = scripts(f"redis://127.0.0.1:{port}/0")
    assert await accepts(store, "before")
    servers.kill(port)
    assert not await accepts(store, "meanwhile")
    await servers.start(port)
    await until(lambda: accepts(store, "after"), BACK_S)
    assert await Requests(store, Limits()).load("before") is not None


async def replicated(store: Scripts) -> bool:
    """Whether a replica has what was written."""
    return int(await ask(store.redis, "WAIT", 1, 200)) == 1


async def sentinels(servers: Servers, *, password: str = "") -> tuple[str, list[int]]:
    """A primary with a replica under a Sentinel: their address, and the ports of primary and replica."""
    primary, replica, watch = free_port(), free_port(), free_port()
    secret = (f"requirepass {password}", f"masterauth {password}") if password else ()
    await servers.start(primary, "appendonly yes", *secret)
    await servers.start(replica, "appendonly yes", f"replicaof 127.0.0.1 {primary}", *secret)
    await servers.start(
        watch,
        f"sentinel monitor main 127.0.0.1 {primary} 1",
        "sentinel down-after-milliseconds main 2000",
        "sentinel failover-timeout main 3000",
        *((f"sentinel auth-pass main {password}",) if password else ()),
        sentinel=True,
    )

    async def replicates() -> bool:
        one = client(watch)
        try:
            found = await ask(one, "SENTINEL", "REPLICAS", "main")
        finally:
            await one.aclose()
        return len(found) == 1

    await until(replicates, BACK_S)
    shown = f":{password}@" if password else ""
    return f"redis+sentinel://{shown}127.0.0.1:{watch}/main", [primary, replica]


async def test_a_failover_is_followed(servers: Servers, scripts: Make) -> None:
    """The primary is killed: the same client finds the new one, which never saw our scripts, and keeps to it."""
    url, (primary, replica) = await sentinels(servers, password=PASSWORD)
    store = scripts(url)
    assert await check(store.redis, store.key("x")) == ()
    assert await accepts(store, "before")
    # Replication is asynchronous: what is waited for here is what a failover could lose.
    await until(lambda: replicated(store), BACK_S)
    servers.kill(primary)
    await until(lambda: accepts(store, "after"), BACK_S)
    assert await Requests(store, Limits()).load("before") is not None
    await servers.start(primary)
    # On a busy machine a Sentinel may take a server for down for a moment.
    for number in range(20):
        await until(lambda number=number: accepts(store, f"again-{number}"), BACK_S)  # type: ignore[misc]
    assert await alive(store.redis, store.key("x"))
    one = client(replica, PASSWORD)
    assert (await one.info("replication"))["role"] == "master"
    await one.aclose()


async def test_a_cluster_is_one_slot_of_it(servers: Servers, scripts: Make) -> None:
    """Scripts, pipelines and reads find the owner of our slot, whichever node is named first."""
    ports = await servers.cluster()
    for port in ports:
        store = scripts(f"redis+cluster://127.0.0.1:{port}", f"of{port}")
        assert await check(store.redis, store.key("x")) == ()
        await follow_run(store, 7)
        runs = Runs(store)
        assert await runs.known("w", [7, 8]) == frozenset({7})
        assert (await DueSet(store, "polls", lease_s=10).claim(10)).rows == (("w:7",),)
        assert await runs.final_since_s(RunKey("w", 7)) == 0
        first = await Requests(store, Limits()).accept(asked("twice", text="other"))
        again = await Requests(store, Limits()).accept(asked("twice", text="other"))
        assert (first.word, again.word) == ("new", "known")
        indexes = Indexes(store)
        assert [one.run.id for one in (await indexes.active_of("U1", most=5)).runs] == [7]
        assert [one.run.id for one in (await indexes.active_in(["A", "B"], most=5)).runs] == [7]
        assert (await indexes.failed("U1", ["A"], most=5)).total == 0
        assert [one.slug for one in (await indexes.habits("U1", most=5)).schedules] == ["s7"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("redis+sentinel://:{password}@127.0.0.1:{watch}/other", "Redis does not answer"),
        ("redis+sentinel://:{password}@127.0.0.1:1/main", "Redis does not answer"),
        ("redis+sentinel://:wrong-one@127.0.0.1:{watch}/main", "refuses the user or the password"),
        ("redis+cluster://:{password}@127.0.0.1:1", "Redis does not answer"),
    ],
)
async def test_what_cannot_be_reached_is_told_in_a_sentence(servers: Servers, form: str, words: str) -> None:
    """Another primary's name, no Sentinel, a wrong password, no node: nothing of the address is shown."""
    url, _ = await sentinels(servers, password=PASSWORD)
    watch = url.rpartition(":")[2].partition("/")[0]
    redis = connect(form.format(password=PASSWORD, watch=watch), timeout_s=1)
    with pytest.raises((StoreAway, StoreUnfit)) as caught:
        await check(redis, "x")
    assert words in caught.value.sentence
    assert PASSWORD not in caught.value.sentence
    assert "127.0.0.1" not in caught.value.sentence
    await close(redis)
