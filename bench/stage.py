"""The environment of a measurement: sandboxes, Redis, the bot and rivals, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bolt_sandbox.child import printed_ports
from bot.store.embedded import EmbeddedRedis

ROOT = Path(__file__).parents[1]
# Long enough for a busy machine: this isn't the limit for how soon the bot is ready, which is measured elsewhere.
READY_S = 120.0
READY_LINE = "ready"
# If click, greenlet and rich are installed, as they are with the development tools, httpx and structlog load them: 7 MB
# that the image doesn't need.
AS_INSTALLED = """
import sys
sys.modules.update({"click": None, "greenlet": None, "rich": None})
from bot.cli import main
sys.exit(main(["run"]))
"""

Json = dict[str, Any]
Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `quick`: on a small scale, only to check that measuring works."""

    quick: bool = False

    def size(self, whole: int, quick: int) -> int:
        """Return how many of something to use: `quick` with --quick, or else `whole`."""
        return quick if self.quick else whole


@dataclass(slots=True)
class Process:
    """A running bot, with the file that its output goes to."""

    process: asyncio.subprocess.Process
    said: Path

    @property
    def port(self) -> int:
        """Return the bot's HTTP port, or 0 until it listens."""
        return printed_ports(self.said).get("BOLT_BOT_HTTP_PORT", 0)

    @property
    def children(self) -> list[str]:
        """Return the ids of the processes that it has started, except forks that don't run another program yet."""
        pid = self.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        itself = _command_line(str(pid))
        return [child for child in found if _command_line(child) not in {itself, b""}]

    def rss_mb(self) -> float:
        """Return the memory of the bot and its child processes, in MB."""
        return sum(_rss_kb(one) for one in [str(self.process.pid), *self.children]) / 1000

    async def end(self) -> None:
        """End it."""
        await _end(self.process)


class Control:
    """A client for a sandbox's control API."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def get(self, path: str) -> Json:
        """Read something from the sandbox."""
        async with self._http.get(f"{self.base}/control/{path}") as answer:
            body: Json = await answer.json()
            return body

    async def post(self, path: str, body: Json) -> Json:
        """Send a request to the sandbox's control API. Raises RuntimeError if the sandbox refuses it."""
        async with self._http.post(f"{self.base}/control/{path}", json=body) as answer:
            told: Json = await answer.json()
            if answer.status >= 400:
                raise RuntimeError(f"{path}: {told}")
            return told

    async def asked(self) -> NewRequest:
        """Return the counts of requests to Bolt so far."""
        counts = await self.get("bolt/requests")
        return NewRequest(counts["total"], counts["by_operation"], counts["fields_by_operation"])


@dataclass(frozen=True, slots=True)
class NewRequest:
    """Counts of requests to Bolt: all of them, those with each operation, and the calls to each operation in them."""

    total: int
    requests: Mapping[str, int]
    fields: Mapping[str, int]

    def since(self, before: NewRequest, operation: str) -> tuple[int, int]:
        """Return how many requests called an operation since `before`, and how many times it was called in them."""
        requests = self.requests.get(operation, 0) - before.requests.get(operation, 0)
        return requests, self.fields.get(operation, 0) - before.fields.get(operation, 0)


@dataclass(frozen=True, slots=True)
class Worlds:
    """A Slack and a Bolt, the environment of a bot that connects them, and Bolt's process."""

    slack: Control
    bolt: Control
    environment: Environment
    bolt_pid: int


@contextlib.asynccontextmanager
async def worlds() -> AsyncIterator[Worlds]:
    """Run Slack and Bolt in a process each, so that computing Bolt's answers doesn't delay Slack."""
    async with sandbox() as (slack_base, slack, _), sandbox() as (bolt_base, bolt, bolt_pid):
        environment = slack | {name: value for name, value in bolt.items() if name.startswith("PARADIME_")}
        async with control(slack_base) as slack_control, control(bolt_base) as bolt_control:
            yield Worlds(slack_control, bolt_control, environment, bolt_pid)


@contextlib.asynccontextmanager
async def control(base: str) -> AsyncIterator[Control]:
    """Open a client for the control API of the sandbox at an address."""
    made = Control(base)
    try:
        yield made
    finally:
        await made.close()


@contextlib.asynccontextmanager
async def sandbox(speed: float = 1.0) -> AsyncIterator[tuple[str, Environment, int]]:
    """Run a sandbox in a process of its own. Yields its address, a bot's environment, and the process's id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "sandbox", "--speed", str(speed)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    environment: Environment = {}
    try:
        async with asyncio.timeout(READY_S):
            while "PARADIME_APP_URL" not in environment:
                line = await _line(process)
                if line.startswith("export "):
                    name, _, value = line.removeprefix("export ").partition("=")
                    environment[name] = value.strip("'\"")
        # The address at which it serves everything, with the port that the system picked.
        yield environment["PARADIME_APP_URL"], environment, process.pid
    finally:
        await _end(process)


@contextlib.asynccontextmanager
async def redis_server() -> AsyncIterator[str]:
    """Run an empty Redis that syncs its append-only file every second, like the embedded one. Yields its address."""
    with tempfile.TemporaryDirectory(prefix="bolt-bench-") as folder:
        server = EmbeddedRedis(Path(folder))
        try:
            yield await server.start()
        finally:
            await server.stop()


@contextlib.asynccontextmanager
async def bot(environment: Environment, **settings: str) -> AsyncIterator[tuple[Process, float]]:
    """Run a bot; yield it and how many seconds it took to get ready. Without REDIS_URL, it uses its embedded Redis."""
    with tempfile.TemporaryDirectory(prefix="bolt-bench-") as folder:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            **environment,
            "BOLT_BOT_HTTP_HOST": "127.0.0.1",
            "BOLT_BOT_HTTP_PORT": "0",
            "BOLT_BOT_DATA_DIR": folder,
            "BOLT_BOT_LOG_LEVEL": "warning",
            **settings,
        }
        said = Path(folder) / "bench.log"
        began = time.monotonic()
        with said.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", AS_INSTALLED, cwd=ROOT, env=variables, stdout=log, stderr=log
            )
        running = Process(process, said)
        try:
            await _until_ready(running)
            yield running, time.monotonic() - began
        finally:
            await running.end()


@contextlib.asynccontextmanager
async def helper(
    *command: str, environment: Environment | None = None, given: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a rival as a process of its own, and wait until it has printed `ready`. `given` is its standard input."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if process.stdin is None:
            raise RuntimeError("a rival has no standard input")
        process.stdin.write(given.encode())
        process.stdin.write_eof()
        async with asyncio.timeout(READY_S):
            while await _line(process) != READY_LINE:
                pass
        yield process
    finally:
        await _end(process)


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used so far, in seconds (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_s() -> float:
    """Return the processor time that all of the machine's processes have used so far, in seconds (proc(5), stat).

    User time already includes the time that guests used; waiting for a disk counts as idle.
    """
    user, nice, system, _idle, _iowait, *others = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return sum((user, nice, system, *others[:3])) / os.sysconf("SC_CLK_TCK")


def say(what: str) -> None:
    """Report a measurement's progress on standard error."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
    sys.stderr.flush()


async def _line(process: asyncio.subprocess.Process) -> str:
    """Return the next line that a process prints. Raises RuntimeError if the process has ended."""
    line = await process.stdout.readline() if process.stdout is not None else b""
    if not line:
        raise RuntimeError("a process of the measurement has ended too early")
    return line.decode().strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def _until_ready(running: Process) -> None:
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(READY_S):
            while running.process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{running.port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.01)
    except TimeoutError:
        pass
    raise RuntimeError(f"the bot is not ready: {_last_lines(running.said)}")


def _last_lines(said: Path) -> str:
    return " / ".join(said.read_text(errors="replace").splitlines()[-3:]) or "it decides nothing"


def _rss_kb(pid: str) -> int:
    """Return a process's memory in kB, or 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def _command_line(pid: str) -> bytes:
    """Return a process's arguments, or nothing if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
