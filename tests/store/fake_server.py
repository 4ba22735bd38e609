"""A Redis server that answers as a test says, for versions and errors that no real server here has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

# Every script and every transaction succeeds.
SCRIPTS = {
    "EVALSHA": b":1\r\n",
    "SCRIPT": b"+OK\r\n",
    "MULTI": b"+OK\r\n",
    "EXISTS": b"+QUEUED\r\n",
    "EXEC": b"*1\r\n:0\r\n",
}
GOOD = {"redis_version": "7.0.15", "maxmemory_policy": "noeviction", "aof_enabled": "1", "role": "master"}


class FakeServer:
    """A server that answers PING and INFO as a test says, and counts the commands it gets."""

    def __init__(self, answer: Callable[[str], bytes | None]) -> None:
        self._answer = answer
        self.commands: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read a connection's commands until it ends, or until it speaks something else, such as TLS."""
        while (header := await reader.readline()).startswith(b"*"):
            words = []
            for _ in range(int(header[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2].decode())
            self.commands.append(words[0].upper())
            reply = self._answer(words[0].upper())
            if reply is None:
                break
            writer.write(reply)
        writer.close()


@asynccontextmanager
async def fake(answer: Callable[[str], bytes | None]) -> AsyncIterator[FakeServer]:
    """A fake server on a free port."""
    server = FakeServer(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def telling(**facts: str) -> Callable[[str], bytes]:
    """Return the answers of a server that has this INFO and doesn't permit CONFIG."""
    info = "".join(f"{name}:{value}\r\n" for name, value in facts.items()).encode()
    known = {"PING": b"+PONG\r\n", "INFO": b"$%d\r\n%s\r\n" % (len(info), info), "CLIENT": b"+OK\r\n", **SCRIPTS}
    return lambda command: known.get(command, b"-ERR unknown command\r\n")


def well(command: str) -> bytes:
    """Answers of a healthy server."""
    return telling(**GOOD)(command)
