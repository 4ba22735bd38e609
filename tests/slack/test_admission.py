"""The check before every listener: floods are answered once, and a handled request isn't handled again.

The limits themselves are tested in tests/store/test_admissions.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from redis.asyncio import Redis
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.model.admission import Limits
from bot.core.model.asker import Asker
from bot.core.text.message import Message
from bot.slack.admission import FLOOD, admission_middleware
from bot.slack.external_guard import OTHER_TEAM, OUTSIDE, ExternalGuard, external_guard_middleware
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app, register_fallbacks
from bot.store.admissions import Admissions
from bot.store.connect import connect
from bot.store.scripts import Scripts
from tests.slack.test_listener_app import NobodyIsAsked, click, shortcut, submission
from tests.waiting import PATIENCE_S

Json = dict[str, Any]
ME = Identity("T1", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")


class Desk:
    """An app behind the check, whose listeners count what reaches them."""

    def __init__(self, redis: Redis, limits: Limits) -> None:
        self.told: list[tuple[Asker, str]] = []
        self.done: list[str] = []
        self.fails = False
        self._later: set[asyncio.Future[None]] = set()
        admitting = admission_middleware(
            Admissions(Scripts(redis, "test", retention_s=60), limits),
            ME,
            self._tell,
            self._start,
            within_s=PATIENCE_S,
        )
        guard = ExternalGuard(ME.installation, NobodyIsAsked(), admits_external=lambda: False)
        before = (admitting, external_guard_middleware(guard, self._tell))
        self._app = build_app(AsyncWebClient(), "xoxb-1", ME, before, lambda _where, _error: "abc", self._tell)
        for listen, name in (
            (self._app.command, "/bolt"),
            (self._app.action, "known"),
            (self._app.shortcut, "known"),
            (self._app.view, "known"),
            (self._app.event, "app_mention"),
            (self._app.event, "message"),
            (self._app.event, "app_home_opened"),
            (self._app.options, "known"),
        ):
            listen(name)(self._deal)
        register_fallbacks(self._app, self._tell, "/bolt")

    async def _deal(self, body: Json) -> BoltResponse:
        self.done.append(body.get("type") or "command")
        # 503 asks Slack to deliver again, as for a message whose other delivery is still being handled.
        return BoltResponse(status=503 if self.fails else 200, body="")

    def _tell(self, asker: Asker, message: Message) -> None:
        self.told.append((asker, "".join(str(span) for span in message.text)))

    def _start(self, work: Awaitable[None], _asker: Asker) -> None:
        self._later.add(asyncio.ensure_future(work))

    async def take(self, body: Json) -> str:
        """The body of the acknowledgement, once the work that follows it is done."""
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        assert answer.status in {200, 503}
        if self._later:
            await asyncio.wait(self._later)
        return str(answer.body)


def typed(number: int, *, user: str = "U1", team: str = "T1") -> Json:
    """A slash command."""
    body = {"command": "/bolt", "text": "help", "team_id": team, "user_id": user, "channel_id": "C1"}
    return body | {"trigger_id": f"1.{user}.{number}"}


def clicked(number: int, *, team: str = "T1") -> Json:
    """A click in a channel."""
    body = click("known", team=team)
    body["actions"][0]["action_ts"] = f"{number}.5"
    return body


def used(number: int) -> Json:
    """A shortcut on a message."""
    return shortcut("known") | {"trigger_id": f"2.{number}"}


def submitted(_number: int) -> Json:
    """A modal that is submitted again after an error: the same view."""
    return submission("known", blocks=("input",))


def said(number: int, *, kind: str = "app_mention") -> Json:
    """A message to the bot."""
    event = {"type": kind, "user": "U1", "channel": "C1", "ts": f"{number}.5", "text": "<@U0BOT> help", "team": "T1"}
    if kind == "message":
        event |= {"channel": "D1", "channel_type": "im"}
    return {"type": "event_callback", "team_id": "T1", "event": event}


def written(number: int) -> Json:
    """A direct message."""
    return said(number, kind="message")


EVERYTHING = [typed, clicked, used, submitted, said, written]


@pytest.mark.parametrize("ask", EVERYTHING)
async def test_a_flood_of_each_kind_reaches_nobody(redis_client: Redis, ask: Any) -> None:  # noqa: ANN401 - one of the above
    """Requests above the limit are acknowledged but not handled; only the first is answered, except in a modal."""
    desk = Desk(redis_client, Limits(user=3))
    answers = [await desk.take(ask(number)) for number in range(6)]
    assert len(desk.done) == 3
    by_itself = [FLOOD in answer for answer in answers]
    if ask is typed:
        assert by_itself == [False, False, False, True, False, False]
    elif ask is submitted:
        # An empty acknowledgement would close the modal, with everything typed in it.
        assert by_itself == [False, False, False, True, True, True]
    else:
        assert by_itself == [False] * 6
        ((asker, words),) = desk.told
        assert (asker.user, words) == ("U1", FLOOD)
    assert len(desk.told) == (0 if ask in {typed, submitted} else 1)


async def test_kinds_count_together(redis_client: Redis) -> None:
    """All kinds of requests count toward one limit."""
    desk = Desk(redis_client, Limits(user=4))
    for ask in (typed, clicked, used, said, written):
        await desk.take(ask(1))
    assert len(desk.done) == 4


async def test_what_comes_by_itself_does_not_count(redis_client: Redis) -> None:
    """Typing in a menu and opening the Home tab don't count toward the limit."""
    desk = Desk(redis_client, Limits(user=1))
    typing = click("known") | {"type": "block_suggestion", "action_id": "known", "block_id": "b", "value": "n"}
    opened = {"type": "event_callback", "team_id": "T1", "event": {"type": "app_home_opened", "user": "U1"}}
    for _ in range(5):
        await desk.take(typing)
        await desk.take(opened)
    assert await desk.take(typed(1)) == ""
    assert len(desk.done) == 11


async def test_messages_of_nobody_do_not_count(redis_client: Redis) -> None:
    """Edits, bots' messages, and messages to others in channels don't count toward the limit."""
    desk = Desk(redis_client, Limits(user=1))
    chatter = said(1, kind="message")
    for number, change in enumerate(({"bot_id": "B9"}, {"edited": {}, "hidden": True}, {"channel_type": "channel"})):
        body = said(number, kind="message")
        await desk.take(body | {"event": chatter["event"] | change})
    await desk.take(written(9))
    assert len(desk.done) == 4
    assert desk.told == []


@pytest.mark.parametrize("ask", [typed, clicked, used])
async def test_what_was_dealt_with_is_not_done_twice(redis_client: Redis, ask: Any) -> None:  # noqa: ANN401 - as above
    """A second delivery is acknowledged and does nothing, in the same process or another one."""
    desk, other = Desk(redis_client, Limits()), Desk(redis_client, Limits())
    await desk.take(ask(1))
    assert [await one.take(ask(1)) for one in (desk, other, other)] == ["", "", ""]
    assert (len(desk.done), other.done) == (1, [])
    await other.take(ask(2))
    assert len(other.done) == 1


@pytest.mark.parametrize("ask", EVERYTHING)
async def test_what_was_not_acknowledged_is_dealt_with_when_it_comes_again(redis_client: Redis, ask: Any) -> None:  # noqa: ANN401
    """A request that wasn't acknowledged, as after a crash, is handled when it comes again, and counts only once."""
    desk = Desk(redis_client, Limits(user=4 if ask is submitted else 2))
    desk.fails = True
    for _ in range(3):
        await desk.take(ask(1))
    desk.fails = False
    await desk.take(ask(1))
    assert len(desk.done) == 4
    assert desk.told == []


@pytest.mark.parametrize("ask", [said, written, submitted])
async def test_what_has_a_protection_of_its_own_gets_no_mark(redis_client: Redis, ask: Any) -> None:  # noqa: ANN401
    """Messages and modals aren't marked here: messages are deduplicated later, and modals may be submitted again."""
    desk = Desk(redis_client, Limits())
    await desk.take(ask(1))
    await desk.take(ask(1))
    assert len(desk.done) == 2


async def test_a_double_click_is_two_clicks(redis_client: Redis) -> None:
    """Two clicks are told apart by their time, and clicks in different views by the view."""
    desk = Desk(redis_client, Limits())
    for body in (clicked(1), clicked(2), clicked(1)):
        await desk.take(body)
    assert len(desk.done) == 2
    for view in ("V1", "V2", "V1"):
        place = {"container": {"type": "view", "view_id": view}, "view": {"id": view}, "channel": None}
        await desk.take(clicked(3) | place)
    assert len(desk.done) == 4


async def test_strangers_are_counted_too(redis_client: Redis) -> None:
    """People from other teams are refused with the reason, and count toward a limit too."""
    desk = Desk(redis_client, Limits(user=3))
    for number in range(9):
        await desk.take(clicked(number, team="T2"))
    assert [words for _, words in desk.told] == [OUTSIDE] * 3 + [FLOOD]
    assert desk.done == []


@pytest.mark.parametrize("team", ["T2", ""])
async def test_commands_of_other_teams_are_refused(redis_client: Redis, team: str) -> None:
    """A command from another team, or from one that Slack doesn't name, is refused."""
    desk = Desk(redis_client, Limits())
    body = typed(1, team=team) | {"type": "unknown"}
    assert OTHER_TEAM in await desk.take(body)
    assert desk.done == []


async def test_with_redis_away_everything_is_let_in() -> None:
    """Without Redis, everything is let in, because missing a limit is better than missing an acknowledgement."""
    redis = connect("redis://127.0.0.1:1/0")
    desk = Desk(redis, Limits(user=1))
    for _ in range(3):
        await desk.take(typed(1))
    assert len(desk.done) == 3
    await redis.aclose()
