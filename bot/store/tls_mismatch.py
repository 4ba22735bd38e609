"""Find out whether a Redis doesn't answer because only one side speaks TLS: neither side says so by itself.

A server that expects TLS closes a plain connection, and one that doesn't waits for the end of what looks like a command.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from redis.asyncio import SSLConnection

TRY_S = 2.0
WANTED = "it speaks TLS on that port, and REDIS_URL doesn't ask for it (rediss://)"
UNWANTED = "it doesn't speak TLS on that port (is it a plain-text port?)"


async def tls_mismatch(client: Any) -> str:  # noqa: ANN401 - redis-py's three kinds of client share no class
    """Return the cause, empty if it's another one. Only for a client of a single server at a host and port."""
    pool = getattr(client, "connection_pool", None)
    given = getattr(pool, "connection_kwargs", {})
    host, port = given.get("host"), given.get("port")
    if not host or not port:
        return ""
    try:
        async with asyncio.timeout(TRY_S):
            if issubclass(getattr(pool, "connection_class", object), SSLConnection):
                return UNWANTED if await _answers_in_plain_text(host, port) else ""
            return WANTED if await _shakes_hands(host, port) else ""
    except (OSError, TimeoutError):
        return ""


async def _shakes_hands(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    # Nothing is sent, so any certificate will do.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _reader, writer = await asyncio.open_connection(host, port, ssl=context)
    # Without a farewell, for which the server might be waited for.
    writer.transport.abort()
    await asyncio.sleep(0)
    return True


async def _answers_in_plain_text(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"PING\r\n")
        return await reader.read(1) in {b"+", b"-"}
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)
