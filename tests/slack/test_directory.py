"""The people in the workspace, and the bot's channels: read once for all replicas, in advance."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.flows.finish_tasks import cancel_until_done
from bot.slack.affiliation import Installation
from bot.slack.call_limits import CallPace
from bot.slack.client import SlackChat
from bot.slack.directory import Directory
from bot.slack.people import Needs, SlackPeople
from bot.store.directory_cache import DirectoryCache
from bot.store.scripts import Scripts
from bot.store.slack_call_budget import SlackCallBudget
from tests.waiting import PATIENCE_S

PEOPLE, CHANNELS = 2_500, 1_200
LAST_PERSON, LAST_CHANNEL = f"U0CROWD{PEOPLE:06d}", f"C0CROWD{CHANNELS:06d}"


@pytest.fixture
async def chat(sandbox: Sandbox) -> AsyncIterator[SlackChat]:
    """The wrapper around Slack's calls."""
    made = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text, call_s=10)
    yield made
    await made.close()


class Shared(DirectoryCache):
    """The cache that replicas share; `ended` is set for each list that was read or given up on."""

    def __init__(self, scripts: Scripts) -> None:
        super().__init__(scripts)
        self.ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def end_reading(self, name: str, *, good_for_s: float) -> None:
        """End reading, and let the test know."""
        await super().end_reading(name, good_for_s=good_for_s)
        self.ended[name].set()

    async def until_read(self, *names: str) -> None:
        """Wait until these lists have been read or given up on."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(self.ended[name].wait() for name in names or ("channels", "people2")))


@pytest.fixture
def memory(redis_client: Redis) -> Shared:
    """The cache that replicas share."""
    return Shared(Scripts(redis_client, "test", retention_s=1000))


def failed(where: str, error: BaseException) -> str:
    """Fail the test, because no fault is expected."""
    raise AssertionError(where) from error


@contextlib.asynccontextmanager
async def reading(
    chat: SlackChat, memory: DirectoryCache, *, domains: bool = False, asks: SlackPeople | None = None
) -> AsyncIterator[None]:
    """Run a replica that reads the lists."""
    directory = Directory(
        chat, memory, installation=Installation("T0SANDBOX"), domains=lambda: domains, report_fault=failed
    )
    if asks is not None:
        asks.want_channels = directory.want_channels
    task = asyncio.create_task(directory.run())
    try:
        yield
    finally:
        await cancel_until_done([task])


def people(chat: SlackChat, memory: DirectoryCache, *, domains: bool = False) -> SlackPeople:
    """A replica that looks people up."""
    return SlackPeople(
        chat,
        memory,
        installation=Installation("T0SANDBOX"),
        bot_name="@bolt",
        needs=lambda: Needs(frozenset(), domains),
    )


def calls(sandbox: Sandbox, method: str, outcome: str = "ok") -> int:
    """How often a method was called."""
    return sum(call.what == method and call.outcome == outcome for call in sandbox.workspace.calls)


def read(sandbox: Sandbox) -> Callable[[], bool]:
    """Whether both lists were read to the end: three pages of people, two of public channels, one of private ones."""
    return lambda: calls(sandbox, "users.list") == 3 and calls(sandbox, "users.conversations") == 3


async def test_nobody_needs_a_question(chat: SlackChat, memory: Shared, sandbox: Sandbox) -> None:
    """After two replicas have read the lists once, roles and channels are known without another call."""
    sandbox.workspace.add_crowd(PEOPLE, CHANNELS)
    sandbox.workspace.users[LAST_PERSON].role = "admin"
    sandbox.workspace.user("gus").deleted = True
    sandbox.workspace.channel("finance").members.append(sandbox.workspace.bot.id)
    sandbox.workspace.channel(LAST_CHANNEL).connected.append("T0OTHER")
    async with reading(chat, memory), reading(chat, memory):
        await memory.until_read()
    assert read(sandbox)()
    of = people(chat, memory)
    roles, zone = frozenset({Role.ADMIN, Role.MEMBER}), "Europe/Amsterdam"
    assert await of.person(LAST_PERSON, acts=True) == Person(
        LAST_PERSON, roles, frozenset(), name=f"person-{PEOPLE}", time_zone=zone
    )
    assert (await of.person("U0GUS")).roles == frozenset()
    assert await of.channel(LAST_CHANNEL) == ChannelInfo(
        LAST_CHANNEL, f"crowd-{CHANNELS}", ChannelKind.PUBLIC, shared=True
    )
    assert await of.channel("C0FINANCE") == ChannelInfo("C0FINANCE", "finance", ChannelKind.PRIVATE, shared=False)
    assert calls(sandbox, "users.info") == calls(sandbox, "conversations.info") == 0


async def test_addresses_are_read_where_the_policy_names_one(chat: SlackChat, memory: Shared, sandbox: Sandbox) -> None:
    """Email addresses are read if the policy names a domain, even if the list was read without them before."""
    async with reading(chat, memory):
        await memory.until_read()
    async with reading(chat, memory, domains=True):
        await memory.until_read("people2:domains")
    assert (await people(chat, memory, domains=True).person("U0ADA")).domain == "acme-data.example"
    assert calls(sandbox, "users.info") == 0


async def test_a_list_that_slack_refuses_for_a_moment_is_read_on(
    chat: SlackChat, memory: Shared, sandbox: Sandbox
) -> None:
    """After a rate limit, reading a list resumes at the same page."""
    sandbox.workspace.add_crowd(PEOPLE, CHANNELS)
    sandbox.workspace.faults.add(Fault("ratelimited", "users.list", skip=1))
    async with reading(chat, memory):
        await memory.until_read()
    assert read(sandbox)()
    assert calls(sandbox, "users.list", "fault ratelimited") == 1


async def test_without_its_scope_a_list_is_left(chat: SlackChat, memory: Shared, sandbox: Sandbox) -> None:
    """A list whose scope is missing is requested only once, and channels of the other kind are still read."""
    sandbox.workspace.scopes -= {"users:read", "groups:read"}
    async with reading(chat, memory):
        await memory.until_read()
    assert calls(sandbox, "users.list", "missing_scope") == 1
    assert await people(chat, memory).channel("C0DATAENG") == ChannelInfo(
        "C0DATAENG", "data-eng", ChannelKind.PUBLIC, shared=False
    )
    assert calls(sandbox, "conversations.info") == 0


async def test_a_page_does_not_undo_what_is_newer(chat: SlackChat, memory: Shared, sandbox: Sandbox) -> None:
    """A page that was requested earlier doesn't restore a channel that has since been forgotten."""
    sandbox.workspace.faults.add(Fault("slow", "users.list", delay_s=0.4))
    sandbox.workspace.faults.add(Fault("slow", "users.conversations", delay_s=0.4))
    of = people(chat, memory)
    async with reading(chat, memory):
        await sandbox.workspace.until(
            lambda: (
                calls(sandbox, "users.list", "slow by 0.4 s") == 1
                and calls(sandbox, "users.conversations", "slow by 0.4 s") == 1
            )
        )
        await of.forget_channel("C0DATAENG")
        await memory.until_read()
    await of.channel("C0DATAENG")
    assert calls(sandbox, "conversations.info") == 1


async def test_a_page_does_not_undo_a_person_who_was_asked_about_since(chat: SlackChat, memory: Shared) -> None:
    """The entry of a person who was looked up after the page was requested stays; older entries are replaced."""
    newer, older = f"{time.time() + 60:.0f}:m:?", f"{time.time() - 60:.0f}:m:?"
    await memory.keep_people("people2", {"U0ADA": newer, "U0GRACE": older})
    async with reading(chat, memory):
        await memory.until_read()
    assert await memory.recall_person("people2", "U0ADA") == newer
    assert await memory.recall_person("people2", "U0GRACE") not in {older, None}


async def test_who_is_gone_from_the_list_for_a_day_is_dropped(chat: SlackChat, memory: Shared) -> None:
    """A person who has been missing from the list for a day is dropped, so that the cache doesn't grow forever."""
    await memory.keep_people("people2", {"U0LONGAGO": "1000:m:?"})
    async with reading(chat, memory):
        await memory.until_read()
    assert await memory.recall_person("people2", "U0LONGAGO") is None
    assert await memory.recall_person("people2", "U0ADA") is not None


async def test_if_the_limit_is_used_up_the_list_of_channels_is_read_sooner(
    chat: SlackChat, memory: Shared, sandbox: Sandbox, redis_client: Redis
) -> None:
    """If the limit is used up, the list of channels, with those joined since, is read sooner, but not each time."""
    of = people(chat, memory)
    async with reading(chat, memory, asks=of):
        await memory.until_read()
        await sandbox.workspace.until(lambda: calls(sandbox, "users.conversations") == 2)
        sandbox.workspace.add_crowd(0, 3)
        chat.pace = CallPace(SlackCallBudget(Scripts(redis_client, "test", retention_s=1000)))
        await chat.pace.hold("conversations.info", 60)
        assert (await of.channel(f"C0CROWD{3:06d}")).again_s
        await memory.until_read("channels-sooner")
        for number in (1, 2, 3):
            assert (await of.channel(f"C0CROWD{number:06d}")).name == f"crowd-{number}"
        assert (await of.channel("C0NOBODY")).again_s
    assert calls(sandbox, "users.conversations") == 4
    assert calls(sandbox, "conversations.info") == 0
