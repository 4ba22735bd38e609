"""Find out whether Redis can't be used because the two sides disagree about TLS: the error rarely says so.

A server that expects TLS closes a plain connection. A server that doesn't expect TLS takes the handshake's first bytes
for a command, and waits for the rest of it. A server that requires a client certificate may reset the connection before
its reason has been read.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from redis.asyncio import SSLConnection

from bot.network_failure import WANTS_CERTIFICATE, known

TRY_S = 2.0
WANTED = "it speaks TLS on that port, but REDIS_URL doesn't ask for it (rediss://)"
UNWANTED = "it doesn't speak TLS on that port (is it a plain-text port?)"


async def tls_mismatch(client: Any) -> str:  # noqa: ANN401 - redis-py's three kinds of client share no class
    """Return the cause, or "" if TLS isn't the cause. Works only for a single server at a host and port."""
    pool = getattr(client, "connection_pool", None)
    given = getattr(pool, "connection_kwargs", {})
    host, port = given.get("host"), given.get("port")
    if not host or not port:
        return ""
    try:
        async with asyncio.timeout(TRY_S):
            if not issubclass(getattr(pool, "connection_class", object), SSLConnection):
                return WANTED if await _shakes_hands(host, port) else ""
            if await _answers_in_plain_text(host, port):
                return UNWANTED
            return await _refused_after_handshake(host, port)
    except (OSError, TimeoutError):
        return ""


async def _shakes_hands(host: str, port: int) -> bool:
    _reader, writer = await asyncio.open_connection(host, port, ssl=_any_certificate())
    await _drop(writer)
    return True


async def _answers_in_plain_text(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"PING\r\n")
        return await reader.read(1) in {b"+", b"-"}
    except ConnectionError:
        return False
    finally:
        await _drop(writer)


async def _refused_after_handshake(host: str, port: int) -> str:
    """Return why a server ends an unused connection, if that's because it requires a client certificate."""
    reader, writer = await asyncio.open_connection(host, port, ssl=_any_certificate())
    try:
        await reader.read(1)
    except ssl.SSLError as error:
        return WANTS_CERTIFICATE if known(error) == WANTS_CERTIFICATE else ""
    finally:
        await _drop(writer)
    return ""


def _any_certificate() -> ssl.SSLContext:
    """Return a context for connections over which nothing is sent."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _drop(writer: asyncio.StreamWriter) -> None:
    """Close a connection at once: a proper goodbye might have to wait for the server."""
    writer.transport.abort()
    await asyncio.sleep(0)
