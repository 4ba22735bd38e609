"""Asks a short-lived process for a picture. Bounds its time, its memory, and how many there are at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import structlog

import bot
from bot.core.errors import NoChart
from bot.core.history import History

log = structlog.get_logger()

AT_ONCE = 2
ASKED_MOST = 20
DRAW_S = 20.0
PREFIX = "bolt-bot-charts-"
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - mkdtemp makes a folder there that is nobody else's
PNG = b"\x89PNG\r\n\x1a\n"
PNG_MOST = 4_000_000
COMPLAINT_SHOWN = 2000
TOO_MANY = "So many pictures are being drawn just now that this one would wait too long."
TOO_LONG = "The picture could not be drawn in time."
NOT_DRAWN = "The picture could not be drawn."


class Charts:
    """Draws histories. The plotting library's list of fonts is kept between pictures, until `close`."""

    def __init__(self, *, draw_s: float = DRAW_S, at_once: int = AT_ONCE, asked_most: int = ASKED_MOST) -> None:
        self._draw_s = draw_s
        self._slots = asyncio.Semaphore(at_once)
        self._asked_most = asked_most
        self._asked = 0
        self._folder: str | None = None

    async def draw(self, shown: History) -> bytes:
        """A history as a PNG. Raises NoChart."""
        if self._asked >= self._asked_most:
            raise NoChart(TOO_MANY)
        self._asked += 1
        try:
            async with asyncio.timeout(self._draw_s * 2), self._slots:
                return await self._drawn(json.dumps(written(shown)).encode())
        except TimeoutError as error:
            raise NoChart(TOO_LONG) from error
        except OSError as error:
            log.error("a picture could not be drawn", why=str(error))
            raise NoChart(NOT_DRAWN) from error
        finally:
            self._asked -= 1

    def close(self) -> None:
        """Remove what is kept."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

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
            log.error("a picture could not be drawn", status=process.returncode, size=len(picture), why=why)
            raise NoChart(NOT_DRAWN)
        return picture

    def _environment(self) -> dict[str, str]:
        """Nothing of ours but what it needs: it has no use for tokens."""
        if self._folder is None:
            self._folder = scratch()
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(Path(bot.__file__).parents[1]),
            "MPLCONFIGDIR": self._folder,
            "MPLBACKEND": "agg",
            # Each thread would take memory, and a picture needs one.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "LC_ALL": "C.UTF-8",
        }


def scratch() -> str:
    """A folder to write in: in memory where the whole disk is read-only, as in a hardened container. Raises OSError."""
    try:
        return tempfile.mkdtemp(prefix=PREFIX)
    except OSError:
        return tempfile.mkdtemp(prefix=PREFIX, dir=SHARED_MEMORY)


def written(shown: History) -> dict[str, object]:
    """A history as JSON."""
    bars = [asdict(bar) | {"started_at": bar.started_at and bar.started_at.isoformat()} for bar in shown.bars]
    return {"name": shown.name, "bars": bars}
