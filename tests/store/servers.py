"""Real Redis servers as a test needs them: alone, under a Sentinel, in a cluster. Debian's redis-server is all of them."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

SLOTS = 16384
UP_S = 10.0


def redis_server() -> str | None:
    """The program, None where this machine has none."""
    return shutil.which("redis-server")


def free_port() -> int:
    """A port that nothing listens on, nor on the one ten thousand above, which a cluster's node takes too."""
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port + 10_000 > 65_535:
                continue
            try:
                bus.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port


@dataclass
class Servers:
    """Servers in a folder, ended with `close`."""

    folder: Path
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    async def start(self, port: int, *lines: str, sentinel: bool = False) -> int:
        """Start a server with these lines of configuration, and wait until it answers; its port."""
        home = self.folder / str(port)
        home.mkdir(exist_ok=True)
        config = home / "server.conf"
        if not config.exists():
            base = (f"port {port}", f"dir {home}", "bind 127.0.0.1", 'save ""')
            config.write_text("\n".join((*(base[:3] if sentinel else base), *lines)) + "\n")
        command = [str(redis_server()), str(config), *(["--sentinel"] if sentinel else [])]
        with (home / "log").open("ab") as log:
            self.running[port] = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220, S603 - a test's own server
        await until(lambda: answers(port), UP_S)
        return port

    def kill(self, port: int) -> None:
        """End a server without a word."""
        self.running[port].kill()
        self.running.pop(port).wait()

    def close(self) -> None:
        """End them all."""
        for port in list(self.running):
            self.kill(port)

    async def cluster(self, count: int = 3) -> list[int]:
        """A cluster of so many primaries; their ports."""
        ports = [free_port() for _ in range(count)]
        for port in ports:
            await self.start(port, "cluster-enabled yes", "cluster-node-timeout 2000", "appendonly yes")
        first = client(ports[0])
        for number, port in enumerate(ports):
            node = client(port)
            begin, end = SLOTS * number // count, SLOTS * (number + 1) // count - 1
            await ask(node, "CLUSTER", "ADDSLOTSRANGE", begin, end)
            await ask(first, "CLUSTER", "MEET", "127.0.0.1", port)
            await node.aclose()
        await first.aclose()
        for port in ports:
            await until(lambda port=port: covered(port, count), UP_S)  # type: ignore[misc]
        return ports


def client(port: int, password: str | None = None) -> Redis:
    """A plain client of a server."""
    return Redis(host="127.0.0.1", port=port, password=password, decode_responses=True, socket_timeout=1, protocol=2)


async def ask(one: Redis, *words: str | int) -> Any:  # noqa: ANN401 - whatever the server says
    """Send a command that redis-py has no method for."""
    return await one.execute_command(*words)  # type: ignore[no-untyped-call]


async def answers(port: int) -> bool:
    """Whether a server answers."""
    one = client(port)
    try:
        return bool(await one.ping())
    except AuthenticationError:
        return True
    except (RedisError, OSError):
        return False
    finally:
        await one.aclose()


async def covered(port: int, count: int) -> bool:
    """Whether a node knows all others, and every slot's owner."""
    one = client(port)
    try:
        info = str(await ask(one, "CLUSTER", "INFO"))
    finally:
        await one.aclose()
    return "cluster_state:ok" in info and f"cluster_known_nodes:{count}" in info


async def until(holds: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
