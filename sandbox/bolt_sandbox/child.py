"""Run the bot as a child process of the sandbox, which can be killed and restarted from outside.

The calls that do so are described in `bolt_sandbox.control`.
"""

from __future__ import annotations

import asyncio
import ctypes
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import aiohttp

READY_S = 30.0
STOP_S = 25.0
POLL_S = 0.1
PR_SET_PDEATHSIG = 1

_PORT = re.compile(r"^(BOLT_BOT_(?:HTTP|ADMIN)_PORT)=(\d+)$", re.MULTILINE)

ChildState = Literal["stopped", "starting", "running", "stopping"]


def printed_ports(log: Path, begins: int = 0) -> dict[str, int]:
    """Return the ports that a bot has printed, by setting. Empty until it listens.

    Only ports that the system has picked are printed. `begins` is where the bot's output begins in the file, in
    bytes.
    """
    try:
        with log.open("rb") as file:
            file.seek(begins)
            said = file.read().decode(errors="replace")
    except FileNotFoundError:
        return {}
    # The last line may be incomplete and lack digits.
    whole = said[: said.rfind("\n") + 1]
    return {name: int(port) for name, port in _PORT.findall(whole)}


class Child:
    """The bot as a child process, with its output in a file. `changed` is called when its state changes."""

    def __init__(
        self,
        environment: dict[str, str],
        log: Path,
        *,
        command: Sequence[str],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._environment = environment
        self._log = log
        self._command = command
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._watched: asyncio.Task[None] | None = None
        # Two callers that start the bot at the same time start only one process.
        self._turn = asyncio.Lock()
        self._closed = False
        self._failures: asyncio.Queue[int] = asyncio.Queue()
        self.state: ChildState = "stopped"
        self.starts = 0
        # The position in the log at which the current process's output begins.
        self._begins = 0

    @property
    def port(self) -> int | None:
        """Return the port that the bot has printed, or None until it listens."""
        return printed_ports(self._log, self._begins).get("BOLT_BOT_HTTP_PORT")

    @property
    def pid(self) -> int | None:
        """Return its process id, or None if it isn't running."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def wanted(self) -> bool:
        """Whether the bot was started and hasn't been asked to stop since."""
        return self._watched is not None

    async def start(self) -> None:
        """Start the bot, if it isn't running. Ctrl-C in the terminal reaches only this process, which stops the bot."""
        async with self._turn:
            await self._start()

    async def restart(self) -> None:
        """Stop the bot and start it again, without any other call in between."""
        async with self._turn:
            await self._stop()
            await self._start()

    async def close(self) -> None:
        """Stop the bot for good: it can't be started again."""
        self._closed = True
        await self.stop()

    async def _start(self) -> None:
        if self._closed or self.pid is not None:
            return
        self.starts += 1
        with self._log.open("ab") as log:
            self._begins = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_dies_with_its_parent(),
            )
        self._is("starting")
        self._watched = asyncio.create_task(self._watch(self._process))

    async def failed(self) -> int:
        """Wait until the bot ends without being asked to. Returns its exit status."""
        return await self._failures.get()

    async def ready(self) -> bool:
        """Wait until /readyz answers 200. Returns False if the bot ended first, or took longer than READY_S."""
        try:
            async with asyncio.timeout(READY_S), aiohttp.ClientSession() as session:
                while self.pid is not None:
                    if (port := self.port) and await _is_ok(session, f"http://127.0.0.1:{port}/readyz"):
                        return True
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return False
        return False

    async def kill(self) -> None:
        """Send SIGKILL, which is like a crash. The signal is sent at once, even while the bot is stopping."""
        self._unwatch()
        if self._process is not None and self.pid is not None:
            self._process.kill()
        await self.stop()

    async def stop(self) -> None:
        """Send SIGTERM, and SIGKILL if that has no effect."""
        async with self._turn:
            await self._stop()

    async def _stop(self) -> None:
        self._unwatch()
        if self._process is not None and self.pid is not None:
            self._is("stopping")
            await _terminate(self._process)
        self._is("stopped")

    def _unwatch(self) -> None:
        """Stop treating the bot's end as a failure."""
        if self._watched is not None:
            self._watched.cancel()
            self._watched = None

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        # The wait has no limit, because Slack may be unavailable for any length of time.
        while process.returncode is None:
            if await self.ready():
                self._is("running")
                break
        status = await process.wait()
        self._is("stopped")
        self._failures.put_nowait(status)

    def _is(self, state: ChildState) -> None:
        if state != self.state:
            self.state = state
            self._changed()


def _dies_with_its_parent() -> Callable[[], None] | None:
    """Return the child's preexec function: it asks the kernel to send the child SIGTERM when the demo is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _terminate(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _is_ok(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as reply:
            return reply.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
