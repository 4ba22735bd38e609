"""Read the watches of all channels, for `bolt-bot watches export`."""

from __future__ import annotations

from bot.cli.open_redis import open_redis
from bot.core.model.watch import Watch
from bot.settings import Settings
from bot.store.scripts import Scripts
from bot.store.watches import Watches


async def stored_watches(settings: Settings) -> tuple[Watch, ...]:
    """Return every watch, by channel and number. Raises StoreUnavailable and StoreUnfit."""
    async with open_redis(settings) as redis:
        return await Watches(Scripts(redis, settings.bolt_bot_name, retention_s=1)).all_watches()
