"""What `bolt-bot doctor` says: whether everything that the bot needs is there."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.app import credentials
from bot.core.errors import BoltError, SlackError, StoreAway, StoreUnfit
from bot.core.redact import Redactor
from bot.paradime.client import BoltClient
from bot.settings import Settings
from bot.slack.client import SlackChat
from bot.slack.preflight import TokenRefusedError, check_app_token, identify
from bot.store.connect import check, connect


async def diagnose(settings: Settings) -> AsyncIterator[tuple[str, bool, str]]:
    """What `bolt-bot doctor` says: a name, whether it is well, and a sentence, for each thing that the bot needs."""
    yield "settings", True, "complete"
    mask = Redactor(settings.secrets(), settings.patterns()).mask
    yield await _diagnose_redis(settings)
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, mask)
    try:
        identity = await identify(chat)
        yield "Slack", True, f"I am @{identity.name} in team {identity.team}"
        if settings.slack_app_token is not None:
            await check_app_token(chat, settings.slack_app_token.get_secret_value())
            yield "Socket Mode", True, "the app token opens connections"
    except (TokenRefusedError, SlackError) as error:
        yield "Slack", False, mask(str(error))
    finally:
        await chat.close()
    bolt = BoltClient(settings.paradime_api_endpoint, credentials(settings))
    try:
        yield "Bolt", True, f"{len(await bolt.schedules())} active schedules"
    except BoltError as error:
        yield "Bolt", False, mask(error.sentence)
    finally:
        await bolt.aclose()


async def _diagnose_redis(settings: Settings) -> tuple[str, bool, str]:
    if settings.redis_url is None:
        return "Redis", True, f"an embedded one in {settings.bolt_bot_data_dir}"
    client = connect(settings.redis_url.get_secret_value())
    try:
        warnings = await check(client)
    except (StoreAway, StoreUnfit) as refused:
        return "Redis", False, refused.sentence
    finally:
        await client.aclose()
    return "Redis", True, " ".join(warnings) or "noeviction, append-only file on"
