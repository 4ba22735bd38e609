"""Draw a chart in a short-lived process, with limits on its time, its memory, and the number at once."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import stat
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import structlog

import bot
from bot.core.insight.history import History
from bot.core.model.errors import ChartFailed

log = structlog.get_logger()

# In the extra `charts`.
LIBRARY = "matplotlib"
AT_ONCE = 2
ASKED_MOST = 20
DRAW_S = 30.0
# The only writable place in a hardened container.
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the folder's owner and mode are checked
PNG = b"\x89PNG\r\n\x1a\n"
PNG_MOST = 4_000_000
COMPLAINT_SHOWN = 2000
TOO_MANY = "Too many charts are being drawn right now."
TOO_LONG = "The chart couldn't be drawn in time."
NOT_DRAWN = "The chart couldn't be drawn."
NOT_INSTALLED = "I can't draw charts here. Whoever runs me can add them by installing bolt-bot[charts]."


class Charts:
    """Draws charts of histories."""

    def __init__(
        self,
        *,
        draw_s: float = DRAW_S,
        at_once: int = AT_ONCE,
        asked_most: int = ASKED_MOST,
        library: str = LIBRARY,
    ) -> None:
        self._draw_s = draw_s
        self._library = library
        self._slots = asyncio.Semaphore(at_once)
        self._asked_most = asked_most
        self._asked = 0

    async def draw(self, shown: History) -> bytes:
        """Draw a history as a PNG. Raises ChartFailed."""
        if importlib.util.find_spec(self._library) is None:
            raise ChartFailed(NOT_INSTALLED)
        if self._asked >= self._asked_most:
            raise ChartFailed(TOO_MANY)
        self._asked += 1
        try:
            async with asyncio.timeout(self._draw_s * 3), self._slots:
                return await self._drawn(json.dumps(written(shown)).encode())
        except TimeoutError as error:
            raise ChartFailed(TOO_LONG) from error
        except OSError as error:
            log.error("a picture couldn't be drawn", why=str(error))
            raise ChartFailed(NOT_DRAWN) from error
        finally:
            self._asked -= 1

    async def _drawn(self, asked: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.charts.draw",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(),
        )
        try:
            async with asyncio.timeout(self._draw_s):
                picture, complaint = await process.communicate(asked)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0 or not picture.startswith(PNG) or len(picture) > PNG_MOST:
            why = complaint.decode(errors="replace")[-COMPLAINT_SHOWN:]
            log.error("a picture couldn't be drawn", status=process.returncode, size=len(picture), why=why)
            raise ChartFailed(NOT_DRAWN)
        return picture

    @staticmethod
    def _environment() -> dict[str, str]:
        """Return only the variables that the process needs, without any tokens."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(Path(bot.__file__).parents[1]),
            "MPLCONFIGDIR": cache_folder(),
            "MPLBACKEND": "agg",
            # More threads would take memory, and a chart needs only one.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "LC_ALL": "C.UTF-8",
        }


def cache_folder() -> str:
    """Return the folder for the plotting library's font cache. Raises OSError if no folder is writable."""
    parents = [SHARED_MEMORY]
    with contextlib.suppress(FileNotFoundError):
        parents.insert(0, tempfile.gettempdir())
    for parent in parents:
        folder = Path(parent) / f"bolt-bot-charts-{os.geteuid()}"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            # Another user may have created a folder with that name.
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
                return str(folder)
    raise PermissionError("none of our folders is writable")


def written(shown: History) -> dict[str, object]:
    """Convert a history to JSON."""
    bars = [asdict(bar) | {"started_at": bar.started_at and bar.started_at.isoformat()} for bar in shown.bars]
    return {"name": shown.name, "bars": bars}
