"""A slow network: a proxy on this machine that delays whatever is sent through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

CHUNK = 65_536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Slow:
    """The proxy: `there` opens a connection to the real server, and each request arrives there `added_s` later."""

    there: Callable[[], Awaitable[Streams]]
    added_s: float

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        on_reader, on_writer = await self.there()
        sides = {
            asyncio.create_task(self._late(reader, on_writer)),
            asyncio.create_task(_copy(on_reader, writer)),
        }
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)
            writer.close()
            on_writer.close()

    async def _late(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on the received data in order, each part with the same delay."""
        loop = asyncio.get_running_loop()
        parts: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def pass_on() -> None:
            while (part := await parts.get())[1]:
                await asyncio.sleep(part[0] - loop.time())
                writer.write(part[1])
                await writer.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(pass_on())
            data = b"?"
            while data:
                data = await reader.read(CHUNK)
                parts.put_nowait((loop.time() + self.added_s, data))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def slow(there: Callable[[], Awaitable[Streams]], added_s: float) -> AsyncIterator[int]:
    """Run a proxy to the server that `there` connects to. Yields the proxy's port."""
    server = await asyncio.start_server(Slow(there, added_s).take, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
