"""The bot and the sandbox, each in a process of its own, as a benchmark needs them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[1]
READY_S = 20.0

Json = dict[str, Any]


@dataclass(slots=True)
class Process:
    """A running process with its HTTP port."""

    process: asyncio.subprocess.Process
    port: int

    def rss_mb(self) -> float:
        """Its memory and that of its children, in MB."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_rss_kb(one) for one in [str(pid), *children]) / 1000

    async def end(self) -> None:
        """End it."""
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _rss_kb(pid: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


@contextlib.asynccontextmanager
async def sandbox(speed: float = 1.0) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """A sandbox in a process of its own: its address, and the environment of a bot."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "sandbox", "--port", str(port), "--speed", str(speed)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    environment: dict[str, str] = {}
    try:
        if process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        async with asyncio.timeout(READY_S):
            while "PARADIME_APP_URL" not in environment:
                line = (await process.stdout.readline()).decode().strip()
                if line.startswith("export "):
                    name, _, value = line.removeprefix("export ").partition("=")
                    environment[name] = value.strip("'\"")
        yield f"http://127.0.0.1:{port}", environment
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def bot(environment: dict[str, str], **settings: str) -> AsyncIterator[tuple[Process, float]]:
    """A bot, and in how many seconds it was ready."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bolt-bench-") as folder:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            **environment,
            "BOLT_BOT_HTTP_HOST": "127.0.0.1",
            "BOLT_BOT_HTTP_PORT": str(port),
            "BOLT_BOT_DATA_DIR": folder,
            "BOLT_BOT_LOG_LEVEL": "warning",
            **settings,
        }
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=ROOT, env=variables, stderr=asyncio.subprocess.DEVNULL
        )
        running = Process(process, port)
        try:
            await _until_ready(port)
            yield running, time.monotonic() - began
        finally:
            await running.end()


async def _until_ready(port: int) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.01)


class Control:
    """The sandbox's control API."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def get(self, path: str) -> Json:
        """What the sandbox tells."""
        async with self._http.get(f"{self._base}/control/{path}") as answer:
            body: Json = await answer.json()
            return body

    async def post(self, path: str, body: Json) -> Json:
        """Do something in the sandbox."""
        async with self._http.post(f"{self._base}/control/{path}", json=body) as answer:
            told: Json = await answer.json()
            if answer.status >= 400:
                raise RuntimeError(f"{path}: {told}")
            return told
