"""
Ports for servers that can neither take over a bound socket nor bind port 0 and say what they got, as Redis under a Sentinel.

Everything else binds port 0. Such a server has to be given a port before it binds it, and has to find it free again after a
restart. Two things keep it so. A port is claimed with a lock on a file, so no other test has it. And it lies below the range from
which the system hands out ports (32768 and up on Linux), so neither port 0 nor an outgoing connection takes it. What listens
there by its own choice is seen when the server itself says so at its first start; then the next port is claimed.
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

# A node of a cluster takes the port ten thousand above as well.
FIRST, LAST = 20_000, 21_999
TAKEN = "Address already in use"


@dataclass(frozen=True, slots=True)
class Claim:
    """A port that is ours until it is released, or until this process ends."""

    port: int
    _lock: IO[str]

    def release(self) -> None:
        """Let others have it."""
        self._lock.close()


def claims() -> Iterator[Claim]:
    """One claim after the other, each of a port that no other test has. Whoever takes one releases it."""
    folder = Path(tempfile.gettempdir()) / f"bolt-bot-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Not everyone begins at the same one.
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
