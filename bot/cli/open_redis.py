"""Open the bot's Redis for a command that reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from bot.settings import Settings
from bot.store.connect import close, connect
from bot.store.embedded import EmbeddedRedis


@asynccontextmanager
async def open_redis(settings: Settings) -> AsyncIterator[Redis]:
    """Open the bot's Redis. An embedded Redis is started unless the bot is running."""
    if settings.redis_url is not None:
        redis = connect(settings.redis_url.get_secret_value())
        try:
            yield redis
        finally:
            await close(redis)
        return
    embedded = EmbeddedRedis(settings.bolt_bot_data_dir)
    running = await embedded.running()
    redis = connect(running or await embedded.start())
    try:
        yield redis
    finally:
        await close(redis)
        await embedded.stop()
