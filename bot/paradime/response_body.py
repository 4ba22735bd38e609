"""Read a response's body with a limit on its decompressed size.

httpx decompresses each chunk as a whole, and as often as a server says (`gzip, gzip`): 64 kB from the network may
become gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

# The one encoding that we request, decompressed here in bounded steps.
ACCEPTED = "gzip"
GZIP_WINDOW = 16 + zlib.MAX_WBITS
STEP = 64 * 1024


class BodyTooLarge(Exception):  # noqa: N818 - an answer, which never leaves this layer
    """The body is larger than allowed. The rest isn't read."""


class BodyUnreadable(Exception):  # noqa: N818 - as above
    """The body is corrupt, or has an encoding that we didn't request."""


async def read_body(response: httpx.Response, most: int) -> bytes:
    """Return the decompressed body. Raises BodyTooLarge (above `most` bytes), BodyUnreadable or httpx.HTTPError."""
    parts: list[bytes] = []
    size = 0
    async for part in _unpacked(response):
        size += len(part)
        if size > most:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def _unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return response.aiter_bytes()
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(response.aiter_raw())
    raise BodyUnreadable


async def _gunzipped(packed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    begun = False
    try:
        async for one in packed:
            rest = one
            while rest:
                if unpacking.eof:
                    # Another gzip member follows in the same body.
                    unpacking = zlib.decompressobj(GZIP_WINDOW)
                begun = True
                part = unpacking.decompress(rest, STEP)
                rest = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
                if part:
                    yield part
    except zlib.error as error:
        raise BodyUnreadable from error
    if begun and not unpacking.eof:
        raise BodyUnreadable
