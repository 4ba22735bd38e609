"""The bot's process: how it starts, reacts to signals, and ends with a status.

The parts are started and stopped in `bot.app`, in order.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable

from bot.app import App, CannotServeError
from bot.core.redact.masker import Masker
from bot.flows.finish_tasks import cancel_until_done
from bot.logging import StartLines, configure_logging, log_uncaught
from bot.settings import Settings

STDIN = 0


async def run_bot(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit status."""
    masker = Masker(settings.secrets(), settings.patterns())
    configure_logging(settings.bolt_bot_log_format, settings.bolt_bot_log_level, masker.mask)
    log_uncaught()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    bot = App(settings, masker.mask)
    has_terminal = os.isatty(STDIN)

    def hang_up() -> None:
        # The kernel also sends SIGHUP when the terminal is closed.
        if has_terminal and not os.isatty(STDIN):
            stopped.set()
        bot.reload_files()

    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        await _unless_stopped(bot.start(), stopped)
        # Objects from startup live as long as the process. Scanning them in each garbage collection paused it for 40
        # ms.
        gc.collect()
        gc.freeze()
        await bot.run_until(stopped)
    except CannotServeError as refused:
        StartLines(settings.bolt_bot_log_format).fatal(masker.mask(str(refused)))
        return 1
    finally:
        await bot.stop()
    return 0


async def _unless_stopped(starting: Awaitable[None], stopped: asyncio.Event) -> None:
    """Await startup, which waits while Slack or Bolt is unavailable. SIGTERM ends that wait."""
    start = asyncio.ensure_future(starting)
    stop = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({start, stop}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            return
    finally:
        start.cancel()
        stop.cancel()
    await cancel_until_done([start])
    if not start.cancelled():
        start.result()
