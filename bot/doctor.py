"""What `bolt-bot doctor` says: whether everything that the bot needs is there."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.app import credentials
from bot.core.errors import BoltError, SlackError, StoreAway, StoreUnfit
from bot.core.redact import Redactor
from bot.paradime.client import BoltClient
from bot.settings import Settings, policy
from bot.slack.client import SlackChat
from bot.slack.people import NoMemory, SlackPeople
from bot.slack.preflight import Identity, TokenRefusedError, check_app_token, identify
from bot.store.connect import check, connect


async def diagnose(settings: Settings) -> AsyncIterator[tuple[str, bool, str]]:
    """What `bolt-bot doctor` says: a name, whether it is well, and a sentence, for each thing that the bot needs."""
    yield "settings", True, "complete"
    mask = Redactor(settings.secrets()).mask
    yield await _diagnose_redis(settings)
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, mask)
    try:
        identity = await identify(chat)
        yield "Slack", True, f"I am @{identity.name} in team {identity.team}"
        async for told in _diagnose_policy(settings, chat, identity):
            yield told
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


async def _diagnose_policy(
    settings: Settings, chat: SlackChat, identity: Identity
) -> AsyncIterator[tuple[str, bool, str]]:
    """Whether the policy can be decided: who people are, and the user groups that it names."""
    rules = policy(settings.bolt_bot_policy_file)
    people = SlackPeople(
        chat,
        NoMemory(),
        team=identity.team,
        bot_name=f"@{identity.name}",
        groups=rules.groups,
        # Our own account has no address.
        domains=False,
    )
    me = await people.person(identity.bot_user)
    if me.why:
        yield "policy", False, f"{me.why}."
        return
    missing = [name for name in sorted(rules.groups) if await people.group(name) is None]
    if missing:
        yield "policy", False, f"Slack knows no user group {', '.join(missing)}, which the policy names."
        return
    yield "policy", True, "none is set, so the usual rules hold" if rules.is_default else f"{len(rules.rules)} rules"


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
