"""A proxy like a company's (CONNECT to any host, with a password if one is set), and TLS in front of a port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class ConnectProxy:
    """Connects every host to one local port, so that a test can act as Slack. `asked` lists the requested hosts."""

    to: int
    login: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def allowed(self) -> bytes:
        """The header of clients that know the password."""
        return b"Basic " + base64.b64encode(self.login.encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        target = re.match(rb"CONNECT (\S+) ", head)
        if target is None:
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
        elif self.login and self.allowed not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        else:
            self.asked.append(target[1].decode())
            there = await asyncio.open_connection("127.0.0.1", self.to)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await join((reader, writer), there)
        writer.close()


async def join(one: Streams, other: Streams) -> None:
    """Pass bytes both ways until either side ends."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    await asyncio.gather(pass_on(one[0], other[1]), pass_on(other[0], one[1]))


@asynccontextmanager
async def connect_proxy(to: int, login: str = "") -> AsyncIterator[ConnectProxy]:
    """A proxy on a free port."""
    proxy = ConnectProxy(to, login)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()


@asynccontextmanager
async def tls_before(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """A port with TLS in front of a port without it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join((reader, writer), await asyncio.open_connection("127.0.0.1", port))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
