"""Real Redis servers for tests: alone, under a Sentinel or in a cluster, all of them Debian's redis-server.

Most tests need only the Redis that all of them share, through the fixtures `redis_url` and `redis_client` in
tests/conftest.py.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.ports import TAKEN, Claim, claims
from tests.waiting import eventually

SLOTS = 16384


def redis_server() -> str | None:
    """The path of the program, or None if it isn't installed."""
    return shutil.which("redis-server")


@dataclass
class Server:
    """A server with these lines of configuration: only on a Unix socket, or at a claimed port."""

    home: Path
    lines: tuple[str, ...]
    claim: Claim | None = None
    sentinel: bool = False
    process: subprocess.Popen[bytes] | None = None
    tls: Claim | None = None

    @property
    def tls_port(self) -> int:
        """The port where it speaks TLS, or 0 if it doesn't."""
        return self.tls.port if self.tls else 0

    @property
    def port(self) -> int:
        """The server's port, or 0 if it listens only on a Unix socket."""
        return self.claim.port if self.claim else 0

    @property
    def url(self) -> str:
        """The server's address, for REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0" if self.claim else f"unix://{self.home}/socket"

    def client(self, password: str | None = None) -> Redis:
        """A plain client for it."""
        return Redis.from_url(self.url, password=password, decode_responses=True, socket_timeout=1, protocol=2)

    async def start(self) -> None:
        """Start it, or start it again on its data, and wait until it answers. Raises OSError if its port is taken."""
        config = self.home / "server.conf"
        if not config.exists():
            address = (
                (f"port {self.port}", "bind 127.0.0.1") if self.claim else ("port 0", f"unixsocket {self.home}/socket")
            )
            kept = () if self.sentinel else ('save ""',)
            config.write_text("\n".join((*address, f"dir {self.home}", *kept, *self.lines)) + "\n")
        command = [str(redis_server()), str(config), *(["--sentinel"] if self.sentinel else [])]
        log = self.home / "log"
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)  # noqa: ASYNC220, S603 - a test's own server
        await eventually(f"{self.url} to answer", self._answers_or_ended)
        if self.process.poll() is None:
            return
        said = log.read_text(errors="replace")
        if TAKEN in said:
            raise OSError(f"{TAKEN}: {self.port or self.tls_port}")
        raise AssertionError(f"redis-server ended at once:\n{said}")

    async def _answers_or_ended(self) -> bool:
        # Read its log first, because another process may have the port, and would answer.
        return self._ended() or (self._listens() and (await self.answers() or self._ended()))

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _listens(self) -> bool:
        said = (self.home / "log").read_text(errors="replace")
        return ("Sentinel ID is" if self.sentinel else "eady to accept connections") in said

    async def answers(self) -> bool:
        """Whether the server answers."""
        one = self.client()
        try:
            return bool(await one.ping())
        except (RedisError, OSError) as error:
            return "Authentication required" in str(error)
        finally:
            await one.aclose()

    def kill(self) -> None:
        """Kill it outright."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Servers:
    """Servers that belong together, and are stopped with `close`."""

    # Not pytest's own directory, whose path is too long for a socket.
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="bolt-bot-tests-")
    )
    all: list[Server] = field(default_factory=list)
    _claims: Iterator[Claim] = field(default_factory=claims)

    def _home(self) -> Path:
        home = Path(self.folder.name) / str(len(self.all))
        home.mkdir()
        return home

    async def alone(self, *lines: str) -> Server:
        """Start a server on a Unix socket, whose address nothing else takes while the server is down."""
        server = Server(self._home(), lines)
        self.all.append(server)
        await server.start()
        return server

    async def with_tls(self, *lines: str) -> Server:
        """Start a server on a Unix socket and, with TLS, on the next free port."""
        for claim in self._claims:
            server = Server(self._home(), (f"tls-port {claim.port}", "bind 127.0.0.1", *lines), tls=claim)
            self.all.append(server)
            try:
                await server.start()
            except OSError:
                continue
            return server
        raise AssertionError("claims never end")

    async def at_a_port(self, *lines: str, sentinel: bool = False) -> Server:
        """Start a server that others have to find at a port: the next free one."""
        for claim in self._claims:
            server = Server(self._home(), lines, claim, sentinel)
            self.all.append(server)
            try:
                await server.start()
            except OSError:
                continue
            return server
        raise AssertionError("claims never end")

    def close(self) -> None:
        """Stop all servers, and release their ports."""
        for server in self.all:
            server.kill()
            for claim in (server.claim, server.tls):
                if claim is not None:
                    claim.release()
        self.folder.cleanup()

    async def cluster(self, count: int = 3) -> list[Server]:
        """Start a cluster with this many primaries."""
        lines = ("cluster-enabled yes", "cluster-node-timeout 2000", "appendonly yes")
        nodes = await asyncio.gather(*(self.at_a_port(*lines) for _ in range(count)))
        first = nodes[0].client()
        for number, one in enumerate(nodes):
            node = one.client()
            begin, end = SLOTS * number // count, SLOTS * (number + 1) // count - 1
            await ask(node, "CLUSTER", "ADDSLOTSRANGE", begin, end)
            await ask(first, "CLUSTER", "MEET", "127.0.0.1", one.port)
            await node.aclose()
        await first.aclose()
        for one in nodes:
            await eventually(
                f"{one.url} to know {count} nodes and every slot's owner", cluster_info(one), covers(count)
            )
        return nodes


async def ask(one: Redis, *words: str | int) -> Any:  # noqa: ANN401 - any reply of the server
    """Send a command that redis-py has no method for."""
    return await one.execute_command(*words)  # type: ignore[no-untyped-call]


def cluster_info(server: Server) -> Callable[[], Awaitable[str]]:
    """A function that asks a node what it knows about its cluster."""

    async def look() -> str:
        one = server.client()
        try:
            return str(await ask(one, "CLUSTER", "INFO"))
        finally:
            await one.aclose()

    return look


def covers(count: int) -> Callable[[str], bool]:
    """Whether a node's information shows a complete cluster of this size."""
    return lambda info: "cluster_state:ok" in info and f"cluster_known_nodes:{count}" in info
