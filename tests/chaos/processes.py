"""A seed's processes: the replicas, and a Redis that is restarted whenever it exits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bolt_sandbox.child import printed_ports
from bot.store.connect import connect
from bot.store.embedded import find_server
from tests.chaos.seen import Exit, Upset
from tests.ports import Claim

ROOT = Path(__file__).parents[2]
PASSWORD = "chaos-Redis-Password"  # noqa: S105 - for the test's own server
READY_S = 30.0
END_S = 25.0
AGAIN_S = 0.3
# A replica that starts while Redis is away says so and exits.
AWAY_S = 5.0


def redis_program() -> str:
    """The system's redis-server, or else the server in a package."""
    return shutil.which("redis-server", path="/usr/bin:/usr/local/bin") or str(find_server().path)


@dataclass(slots=True)
class Store:
    """A Redis with an append-only file, on a Unix socket, so that nothing else can take its address while it's down."""

    folder: Path
    fsync: str
    away: list[Upset] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    # Two restarts at once would start two servers on the same files.
    _restarting: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Not below `folder`, whose path may be too long for a socket.
    _home: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="bolt-bot-chaos-")
    )

    @property
    def url(self) -> str:
        """This Redis' address."""
        return f"unix://:{PASSWORD}@{self._home.name}/socket"

    def is_away(self, within_s: float) -> bool:
        """Whether it was away within the last `within_s` seconds."""
        return any(one.until > time.time() - within_s for one in self.away)

    async def start(self) -> None:
        """Start Redis, and wait until it answers."""
        options = {
            "port": 0,
            "unixsocket": f"{self._home.name}/socket",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": self.fsync,
            "save": "",
            "requirepass": PASSWORD,
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                redis_program(), *arguments, stdout=log, stderr=log, start_new_session=True
            )
        async with asyncio.timeout(READY_S):
            while not await self._answers():  # noqa: ASYNC110 - another process, which sets no event of ours
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        client = connect(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    async def restart(self, number: signal.Signals, away_s: float) -> None:
        """End Redis, and start it again on the same data. A restart requested during another one begins after it."""
        async with self._restarting:
            since = time.time()
            self.away.append(Upset("redis", -1, since, since + away_s + READY_S))
            await self.end(number)
            await asyncio.sleep(away_s)
            await self.start()
            self.away[-1] = Upset("redis", -1, since, time.time())

    async def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()

    async def close(self) -> None:
        """End it, and remove its socket."""
        await self.end()
        self._home.cleanup()

    def client(self) -> Redis:
        """A client for this Redis."""
        return connect(self.url)


@dataclass(slots=True)
class Replica:
    """One replica: whenever its process ends, another one is started, until `stop`."""

    number: int
    folder: Path
    environment: dict[str, str]
    home: Path
    redis_was_away: Callable[[float], bool]
    exits: list[Exit] = field(default_factory=list)
    upsets: list[Upset] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    restart_after_s: float = AGAIN_S
    kills: int = 0
    # A port claimed for a bot from another checkout, which may be too old to pick a port itself.
    claim: Claim | None = None
    # The position in the log at which the current process's output begins.
    _begins: int = 0
    _killed: bool = False
    _asked: float | None = None
    _stopping: bool = False
    _paused: bool = False
    _keeper: asyncio.Task[None] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def log(self) -> Path:
        """The log of all its processes."""
        return self.folder / f"replica-{self.number}.log"

    @property
    def port(self) -> int:
        """The port of its current process, or 0 if it isn't known to listen yet."""
        return self.claim.port if self.claim else printed_ports(self.log, self._begins).get("BOLT_BOT_HTTP_PORT", 0)

    def start(self) -> None:
        """Start a process, and start it again whenever it ends."""
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self._stopping:
            await self._run()
            if not self._stopping:
                await asyncio.sleep(self.restart_after_s)

    async def _run(self) -> None:
        self._killed, self._asked, self._paused = False, None, False
        self.restart_after_s = AGAIN_S
        environment = {
            **self.environment,
            "BOLT_BOT_HTTP_PORT": str(self.claim.port if self.claim else 0),
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
        }
        with self.log.open("ab") as out:
            self._begins = out.tell()
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self.home,
                env=environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        status = await self.process.wait()
        self._note(status)

    def _note(self, status: int) -> None:
        asked = self._asked
        took = time.time() - asked if asked is not None else 0.0
        excused = "killed" if self._killed else ""
        if not excused and asked is None and status == 1 and self.redis_was_away(AWAY_S):
            excused = "Redis was away at its start"
        if not excused and asked is None and status == 0:
            excused, status = "", -1
        self.exits.append(Exit(self.number, status, took, excused))

    def kill(self, restart_after_s: float) -> None:
        """Send SIGKILL at once."""
        process = self.process
        if process is None or process.returncode is not None or self._stopping or self._killed:
            return
        self._killed, self.restart_after_s = True, restart_after_s
        self.kills += 1
        now = time.time()
        self.upsets.append(Upset("kill", self.number, now, now + restart_after_s + AGAIN_S))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)

    def drain(self, restart_after_s: float, *, kill_after_s: float | None = None) -> None:
        """Send SIGTERM and, if `kill_after_s` is given, SIGKILL while the process drains."""
        process = self.process
        if process is None or process.returncode is not None or self._asked is not None:
            return
        if not self._listens():
            # The process doesn't handle signals yet: SIGTERM would be the same as SIGKILL.
            self.kill(restart_after_s)
            return
        self._asked, self.restart_after_s = time.time(), restart_after_s
        process.terminate()
        self.upsets.append(Upset("drain", self.number, self._asked, self._asked + restart_after_s))
        if kill_after_s is not None:
            asyncio.get_running_loop().call_later(kill_after_s, self._kill_same, process, restart_after_s)

    def _kill_same(self, process: asyncio.subprocess.Process, restart_after_s: float) -> None:
        if process is self.process:
            self.kill(restart_after_s)

    def _listens(self) -> bool:
        """Whether it listens on its port; by then, it handles signals."""
        with socket.socket() as probe:
            return self.port != 0 and probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pause(self, for_s: float) -> None:
        """Send SIGSTOP now and SIGCONT later."""
        process = self.process
        if process is None or process.returncode is not None or self._paused:
            return
        self._paused = True
        now = time.time()
        self.upsets.append(Upset("pause", self.number, now, now + for_s))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(for_s, self._go_on, process)

    def _go_on(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
        if process is self.process:
            self._paused = False

    def mend(self) -> None:
        """Let it run again if it's paused."""
        if self.process is not None:
            self._go_on(self.process)

    async def until_ready(self) -> None:
        """Wait until /readyz answers 200."""
        async with asyncio.timeout(READY_S), aiohttp.ClientSession() as http:
            while not await _ready(http, self.port):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Ask it to end, and see whether it does."""
        self._stopping = True
        if self.process is not None and self.process.returncode is None:
            if self._asked is None:
                self._asked = time.time()
                self.process.terminate()
            await self._ended(self.process)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
            await asyncio.sleep(0)
        except TimeoutError:
            process.kill()
        if self._keeper is not None:
            await asyncio.wait({self._keeper}, timeout=2)

    def destroy(self) -> None:
        """Kill it at once."""
        self._stopping = True
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()


async def _ready(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
