"""Draw a picture in a short-lived process, with limits on its time, its memory, and how many run at once.

In the bot's own process, the library would hold the interpreter's lock for as long as it draws, so everything else
would wait. A fault in the library's machine code ends only the short-lived process.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from pathlib import Path

import structlog

from bot.charts import rasterize
from bot.charts.digest import digest_picture
from bot.charts.fonts import FILES
from bot.charts.history import history_picture
from bot.charts.shapes import Picture
from bot.charts.svg import svg
from bot.core.model.errors import ChartFailed
from bot.core.runs.history import History
from bot.core.watching.digest_chart import DigestChart

log = structlog.get_logger()

# In the extra `charts`.
LIBRARY = "resvg_py"
AT_ONCE = 2
ASKED_MOST = 20
DRAW_S = 15.0
PNG = b"\x89PNG\r\n\x1a\n"
PNG_MOST = 4_000_000
COMPLAINT_SHOWN = 2000
TOO_MANY = "Too many charts are being drawn right now."
TOO_LONG = "The chart couldn't be drawn in time."
NOT_DRAWN = "The chart couldn't be drawn."
NOT_INSTALLED = "I can't draw charts here. Ask whoever runs this bot to install bolt-bot[charts]."


class Charts:
    """Draws charts. `library` is the package that has to be installed for drawing."""

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
        return await self._png(history_picture(shown))

    async def draw_digest(self, shown: DigestChart) -> bytes:
        """Draw the bars of a digest as a PNG. Raises ChartFailed."""
        return await self._png(digest_picture(shown))

    @property
    def is_installed(self) -> bool:
        """Whether the package is installed."""
        return self._found() is not None

    def _found(self) -> Path | None:
        """The folder that the package is in, or None if it isn't installed."""
        found = importlib.util.find_spec(self._library)
        return Path(found.origin).parents[1] if found is not None and found.origin is not None else None

    async def _png(self, picture: Picture) -> bytes:
        """Turn a picture into a PNG, after waiting for its turn."""
        found = self._found()
        if found is None:
            raise ChartFailed(NOT_INSTALLED)
        if self._asked >= self._asked_most:
            raise ChartFailed(TOO_MANY)
        self._asked += 1
        try:
            async with asyncio.timeout(self._draw_s * 3), self._slots:
                return await self._drawn(svg(picture).encode(), found)
        except TimeoutError as error:
            raise ChartFailed(TOO_LONG) from error
        except OSError as error:
            log.error("a picture couldn't be drawn", why=str(error))
            raise ChartFailed(NOT_DRAWN) from error
        finally:
            self._asked -= 1

    async def _drawn(self, asked: bytes, library: Path) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            rasterize.__file__,
            library,
            *FILES.values(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # The process gets no token or anything else that it doesn't need.
            env={},
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
