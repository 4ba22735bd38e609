"""Checks of `bolt-bot doctor`: the settings, and the services that the bot needs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.app import credentials
from bot.core.model.errors import BoltError, SlackError, StoreUnavailable, StoreUnfit
from bot.core.redact.masker import Redactor
from bot.logging import configure_logging, log_uncaught
from bot.paradime.client import BoltClient
from bot.settings import Settings, load_policy
from bot.slack.client import SlackChat
from bot.slack.identity import Identity, TokenRefusedError, check_app_token, identify
from bot.slack.people import NoPeopleCache, SlackPeople
from bot.store.connect import check, connect

# A name, whether it's all right, and a sentence.
Finding = tuple[str, bool, str]


async def diagnose(settings: Settings) -> AsyncIterator[Finding]:
    """Run the checks. Yields a masked finding for each thing that the bot needs."""
    mask = Redactor(settings.secrets(), settings.patterns()).mask
    # Warnings of libraries and details of unexpected errors must be masked too.
    configure_logging(settings.bolt_bot_log_format, "warning", mask)
    log_uncaught()
    chat = SlackChat(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, mask)
    bolt = BoltClient(settings.paradime_api_endpoint, credentials(settings))
    yield "settings", True, "complete"
    try:
        for findings in (_redis(settings), _slack(settings, chat), _bolt(bolt)):
            async for name, good, sentence in findings:
                yield name, good, mask(sentence)
    finally:
        await chat.close()
        await bolt.aclose()


async def _redis(settings: Settings) -> AsyncIterator[Finding]:
    if settings.redis_url is None:
        yield "Redis", True, f"embedded, in {settings.bolt_bot_data_dir}"
        return
    client = connect(settings.redis_url.get_secret_value())
    try:
        warnings = await check(client, settings.bolt_bot_name)
    except (StoreUnavailable, StoreUnfit) as refused:
        yield "Redis", False, refused.sentence
    else:
        yield "Redis", True, " ".join(warnings) or "noeviction, append-only file on"
    finally:
        await client.aclose()


async def _slack(settings: Settings, chat: SlackChat) -> AsyncIterator[Finding]:
    try:
        identity = await identify(chat)
        yield "Slack", True, f"I'm @{identity.name} in team {identity.team}"
        yield await _policy(settings, chat, identity)
        if settings.slack_app_token is not None:
            await check_app_token(chat, settings.slack_app_token.get_secret_value())
            yield "Socket Mode", True, "the app token opens connections"
    except (TokenRefusedError, SlackError) as error:
        yield "Slack", False, str(error)


async def _policy(settings: Settings, chat: SlackChat, identity: Identity) -> Finding:
    """Check that the policy can be applied: that people's data and the user groups it names can be read."""
    rules = load_policy(settings.bolt_bot_policy_file)
    people = SlackPeople(
        chat,
        NoPeopleCache(),
        installation=identity.installation,
        bot_name=f"@{identity.name}",
        groups=rules.groups,
        # The bot's own account has no address.
        domains=False,
    )
    me = await people.person(identity.bot_user)
    if me.why:
        return "policy", False, f"{me.why}."
    missing = [name for name in sorted(rules.groups) if await people.group(name) is None]
    if missing:
        return "policy", False, f"The policy names user groups that Slack doesn't have: {', '.join(missing)}."
    return (
        "policy",
        True,
        "none is set, so the default rules apply" if rules.is_default else f"{len(rules.rules)} rules",
    )


async def _bolt(bolt: BoltClient) -> AsyncIterator[Finding]:
    try:
        yield "Bolt", True, f"{len(await bolt.schedules())} active schedules"
    except BoltError as error:
        yield "Bolt", False, error.sentence
