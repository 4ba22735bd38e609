"""Facts from Slack and Bolt, for `bolt-bot policy explain`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import credentials
from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelInfo
from bot.core.model.errors import BoltError
from bot.core.model.person import Person
from bot.core.policy.explanation import PolicyArguments, from_given, target
from bot.core.policy.rules import Policy, Target
from bot.core.redact.masker import Masker
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.paradime.client import BoltClient
from bot.settings import Settings
from bot.slack.client import SlackChat
from bot.slack.identity import identify
from bot.slack.people import Needs, NoPeopleCache, SlackPeople


async def read_facts(settings: Settings, policy: Policy, given: PolicyArguments) -> tuple[Person, ChannelInfo, Target]:
    """Read the facts from Slack and Bolt.

    Facts that are given take precedence. Raises SlackError, TokenRefusedError, BoltError.
    """
    person, channel_info, wanted = from_given(given)
    async with _people(settings, policy) as people:
        if given.role is None:
            person = await people.person(given.user)
        if given.kind is None:
            channel_info = await people.channel(given.channel)
    if given.schedule:
        wanted = target(given, await _schedule(settings, given.schedule))
    return person, channel_info, wanted


@asynccontextmanager
async def _people(settings: Settings, policy: Policy) -> AsyncIterator[SlackPeople]:
    chat = SlackChat(
        settings.slack_bot_token.get_secret_value(),
        settings.slack_api_url,
        Masker(settings.secrets(), settings.patterns()).mask,
    )
    try:
        me = await identify(chat)
        yield SlackPeople(
            chat,
            NoPeopleCache(),
            installation=me.installation,
            bot_name=f"@{me.name}",
            needs=lambda: Needs(policy.groups, policy.asks_domain),
        )
    finally:
        await chat.close()


async def _schedule(settings: Settings, name: str) -> Schedule | None:
    bolt = BoltClient(settings.paradime_api_endpoint, credentials(settings))
    try:
        found = await ScheduleCatalog(bolt).find_schedule(name)
    except BoltError:
        return None
    finally:
        await bolt.aclose()
    return found if isinstance(found, Schedule) else None
