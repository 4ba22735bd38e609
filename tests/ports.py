"""
Ports for servers that can neither take over a bound socket nor bind port 0 and report it, like Redis with a Sentinel.

Everything else binds port 0. Such a server has to be given its port before it starts, and the port has to be free again
after a restart. Two measures keep it free. A port is claimed with a lock on a file, so no other test uses it. The port
is also below the range that the system assigns (32768 and up on Linux), so neither port 0 nor an outgoing connection
takes it. If something else listens there, the server itself says so at its first start, and then the next port is
claimed.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# A cluster node also takes the port that is ten thousand higher.
FIRST, LAST = 20_000, 21_999
TAKEN = "Address already in use"


@dataclass(frozen=True, slots=True)
class Claim:
    """A port that's ours until it's released or this process ends."""

    port: int
    _lock: IO[str]

    def release(self) -> None:
        """Release the port for others."""
        self._lock.close()


def claims() -> Iterator[Claim]:
    """One claim after another, each of a port that no other test has. The caller has to release it."""
    folder = Path(tempfile.gettempdir()) / f"bolt-bot-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Processes start at different ports.
    start = os.getpid() % (LAST - FIRST)
    for number in itertools.count(start):
        port = FIRST + number % (LAST - FIRST + 1)
        lock = (folder / str(port)).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        yield Claim(port, lock)
