"""A request that fails is answered in the way that Slack shows for its kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.core.model.asker import Asker
from bot.core.model.channel import ChannelInfo
from bot.core.model.person import Person
from bot.core.text.message import Message
from bot.slack.external_guard import ExternalGuard, external_guard_middleware
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app, register_fallbacks

ME = Identity("T1", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/")
URL = "https://hooks.slack.test/actions/1"
FAULT = "Something unexpected happened (reference abc). Try again."
UNKNOWN = "I don't recognize that button"
ELSEWHERE = "I belong to another workspace"
OUTSIDE = "I don't take requests from people in other organizations"


class NobodyIsAsked:
    """A directory that fails when it's asked, because the payloads alone say who people are."""

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """Fail, because the lookup isn't needed."""
        raise AssertionError((user, acts, fresh))

    async def channel(self, channel: str) -> ChannelInfo:
        """Fail, because the lookup isn't needed."""
        raise AssertionError(channel)

    async def note_group_message(self, channel: str) -> None:
        """Do nothing, because nothing is cached."""

    async def group(self, name: str) -> str | None:
        """Fail, because the lookup isn't needed."""
        raise AssertionError(name)

    async def members(self, group: str, *, fresh: bool = False) -> frozenset[str] | None:
        """Fail, because the lookup isn't needed."""
        raise AssertionError((group, fresh))

    async def forget_groups(self) -> None:
        """Do nothing, because nothing is cached."""

    async def forget_channel(self, channel: str) -> None:
        """Do nothing, because nothing is cached."""


class Intake:
    """An app with one failing listener of each kind, and its replies to people."""

    def __init__(self) -> None:
        self.told: list[tuple[Asker, str]] = []
        guard = ExternalGuard(ME.installation, NobodyIsAsked(), admits_external=lambda: False)
        before = (external_guard_middleware(guard, self._tell),)
        self._app = build_app(AsyncWebClient(), "xoxb-1", ME, before, lambda _where, _error: "abc", self._tell)

        async def fails() -> None:
            raise RuntimeError("broken")

        self._app.command("/bolt")(fails)
        self._app.action("known")(fails)
        self._app.view("known")(fails)
        self._app.shortcut("known")(fails)
        self._app.options("known")(fails)
        register_fallbacks(self._app, self._tell, "/bolt")

    def _tell(self, asker: Asker, message: Message) -> None:
        self.told.append((asker, "".join(str(span) for span in message.text)))

    async def take(self, body: dict[str, Any]) -> str:
        """The body of the acknowledgement."""
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        assert answer.status == 200
        return str(answer.body)


def click(name: str, *, team: str = "T1", here: str = "T1", **action: str) -> dict[str, Any]:
    """A click on a button in a channel, as Slack documents it."""
    return {
        "type": "block_actions",
        "team": {"id": here},
        "user": {"id": "U1", "team_id": team},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "17.1", "channel_id": "C1"},
        "response_url": URL,
        "actions": [{"type": "button", "action_id": name, "block_id": "b", "action_ts": "18.1", **action}],
    }


def shortcut(name: str, *, team: str = "T1", here: str = "T1", kind: str = "message_action") -> dict[str, Any]:
    """A shortcut: on a message, or a global one, which has neither channel nor response_url."""
    body = {"type": kind, "callback_id": name, "team": {"id": here}, "user": {"id": "U1", "team_id": team}}
    if kind == "shortcut":
        return body
    return body | {"channel": {"id": "C1"}, "message": {"ts": "17.1"}, "response_url": URL}


def submission(name: str, *, team: str = "T1", blocks: tuple[str, ...] = ()) -> dict[str, Any]:
    """A submitted modal."""
    shown = [{"type": kind, "block_id": f"{kind}.{number}"} for number, kind in enumerate(blocks)]
    view = {"type": "modal", "callback_id": name, "blocks": shown, "title": {"type": "plain_text", "text": "Run"}}
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": team},
        "view": view,
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (click("known"), FAULT),
        (click("unknown"), UNKNOWN),
        (click("known", team="T2"), OUTSIDE),
        (click("known", team="T2", here="T2"), ELSEWHERE),
        (shortcut("known"), FAULT),
        (shortcut("unknown"), UNKNOWN),
        (shortcut("known", team="T2"), OUTSIDE),
        (shortcut("known", team="T2", here="T2"), ELSEWHERE),
    ],
)
async def test_a_click_is_answered_by_its_response_url(body: dict[str, Any], words: str) -> None:
    """A click is answered through its response_url, because Slack shows nothing from its acknowledgement."""
    intake = Intake()
    assert await intake.take(body) == ""
    ((asker, told),) = intake.told
    assert words in told
    assert (asker.user, asker.channel, asker.response_url) == ("U1", "C1", URL)


async def test_what_comes_from_no_channel_is_answered_too() -> None:
    """A global shortcut, which has no channel and no response_url, is answered too."""
    intake = Intake()
    assert await intake.take(shortcut("known", kind="shortcut")) == ""
    ((asker, told),) = intake.told
    assert (asker.user, asker.channel, told) == ("U1", "", FAULT)


async def test_a_link_is_opened_by_slack_itself() -> None:
    """A click on a link button that isn't known is acknowledged without a message, because Slack opens the link."""
    intake = Intake()
    assert await intake.take(click("unknown", url="https://example.test")) == ""
    assert intake.told == []


async def test_who_clicked_may_be_unknown() -> None:
    """A click without a user is acknowledged without a message."""
    intake = Intake()
    assert await intake.take(click("known") | {"user": {"team_id": "T1"}}) == ""
    assert intake.told == []


@pytest.mark.parametrize(
    ("name", "team", "words"), [("known", "T1", FAULT), ("unknown", "T1", UNKNOWN), ("known", "T2", OUTSIDE)]
)
async def test_a_modal_stays_open_and_says_why(name: str, team: str, words: str) -> None:
    """A modal shows the error at its first input and keeps the typed text; one without inputs is replaced."""
    intake = Intake()
    at_input = await intake.take(submission(name, team=team, blocks=("section", "input", "input")))
    assert '"response_action": "errors"' in at_input
    assert '"input.1": "' + words in at_input
    in_its_place = await intake.take(submission(name, team=team, blocks=("section",)))
    assert '"response_action": "update"' in in_its_place
    assert words in in_its_place
    assert intake.told == []


async def test_a_command_is_answered_by_its_acknowledgement() -> None:
    """A command is answered in its acknowledgement."""
    intake = Intake()
    body = {"command": "/bolt", "text": "", "team_id": "T1", "user_id": "U1", "channel_id": "C1", "response_url": URL}
    assert FAULT in await intake.take(body)
    assert intake.told == []


@pytest.mark.parametrize(("sent", "shown"), [("/dbt", "/dbt"), ("/<!channel>", "another command")])
async def test_a_command_of_another_name(sent: str, shown: str) -> None:
    """A command with a name other than the setting's is reported to the person, and in the log once a minute."""
    intake = Intake()
    body = {"command": sent, "text": "", "team_id": "T1", "user_id": "U1", "channel_id": "C1", "response_url": URL}
    with capture_logs() as lines:
        for _ in range(2):
            assert f"I'm set up for /bolt, but Slack sent me {shown}." in await intake.take(body)
    (line,) = lines
    assert "isn't BOLT_BOT_COMMAND" in line["event"]
    assert (line["sent"], line["expected"], line["log_level"]) == (shown, "/bolt", "warning")


@pytest.mark.parametrize("action", ["known", "unknown"])
@pytest.mark.parametrize("team", ["T1", "T2"])
@pytest.mark.parametrize("here", ["T1", "T2"])
async def test_whoever_types_into_a_menu_gets_a_list_of_options(action: str, team: str, here: str) -> None:
    """A menu always gets a list of options, even after a fault or a refusal, because anything else breaks it."""
    intake = Intake()
    body = {"type": "block_suggestion", "team": {"id": here}, "user": {"id": "U1", "team_id": team}}
    assert json.loads(await intake.take(body | {"action_id": action, "block_id": "b", "value": "n"})) == {"options": []}
    assert intake.told == []
