"""With recorded payloads of each kind, people from the organization are let in and others are turned away."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.core.model.asker import Asker
from bot.core.model.person import Person
from bot.core.text.message import Message
from bot.core.views import buttons
from bot.slack import actions
from bot.slack.affiliation import Affiliation, affiliation_in_payload
from bot.slack.external_guard import OUTSIDE, UNSURE, ExternalGuard, external_guard_middleware
from bot.slack.identity import Identity
from bot.slack.listener_app import build_app, register_fallbacks
from bot.slack.people import roles
from tests.slack import grid
from tests.slack.test_listener_app import NobodyIsAsked

ME = Identity("T1", "U0BOT", "B0BOT", "bolt", "https://acme.slack.com/", enterprise="E1")
# As users.info returns them.
PROFILES: dict[str, dict[str, Any]] = {
    "U1": {"team_id": "T1", "enterprise_user": {"enterprise_id": "E1", "teams": ["T1"]}},
    "W1": {"team_id": "E1", "enterprise_user": {"enterprise_id": "E1", "teams": ["T1"]}},
    "W2": {"team_id": "T2", "enterprise_user": {"enterprise_id": "E1", "teams": ["T2", "T1"]}},
    "U9": {"team_id": "T9", "is_stranger": False},
    "W9": {"team_id": "E9", "enterprise_user": {"enterprise_id": "E9", "teams": ["T9"]}, "is_stranger": False},
}
LISTENED = "listened"
INTERACTIONS = [pytest.param(door, id=name) for name, door in grid.INTERACTIONS.items()]
EVENTS = [pytest.param(door, id=name) for name, door in grid.EVENTS.items()]
OURS = [pytest.param(actor, id=name) for name, actor in grid.NATIVE.items()]
OTHERS = [pytest.param(actor, id=name) for name, actor in grid.FOREIGN.items()]


class Directory(NobodyIsAsked):
    """The people, according to users.info; with `away`, nothing is known."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.asked: list[str] = []

    async def person(self, user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        """A person with the roles of their profile."""
        assert not acts
        assert not fresh
        self.asked.append(user)
        return Person(user, None if self.away else frozenset(roles(PROFILES[user], ME.installation)))


class App:
    """An app behind the guard, whose listeners say that they were reached."""

    def __init__(self, people: Directory, *, admits_external: bool = False) -> None:
        self.told: list[str] = []
        self.reached: list[str] = []
        self.guard = ExternalGuard(ME.installation, people, admits_external=lambda: admits_external)
        before = (external_guard_middleware(self.guard, self._tell),)
        self._app = build_app(AsyncWebClient(), "xoxb-1", ME, before, lambda _where, _error: "abc", self._tell)
        for listen in (self._app.action, self._app.view, self._app.shortcut, self._app.options):
            listen("known")(self._deal)
        self._app.view_closed("known")(self._deal)
        self._app.command("/bolt")(self._deal)
        register_fallbacks(self._app, self._tell, "/bolt")

    def listen_to_all_actions(self) -> None:
        """Register every button that the bot has. A listener that is reached fails, because it finds no flows."""
        nothing: Any = SimpleNamespace()
        actions.register(self._app, nothing)

    async def _deal(self, body: dict[str, Any]) -> BoltResponse:
        self.reached.append(str(body.get("type")))
        return BoltResponse(status=200, body=LISTENED)

    def _tell(self, _asker: Asker, message: Message) -> None:
        self.told.append("".join(str(span) for span in message.text))

    async def take(self, body: dict[str, Any]) -> str:
        """The body of the acknowledgement."""
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        assert answer.status == 200
        return str(answer.body)


@pytest.mark.parametrize("door", [*INTERACTIONS, pytest.param(grid.command, id="command")])
@pytest.mark.parametrize("actor", OURS)
async def test_people_of_the_organization_come_in(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """People from the organization are let in, and only those of a sibling workspace have to be looked up."""
    people = Directory()
    app = App(people)
    assert await app.take(door(actor)) == LISTENED
    assert app.told == []
    assert not people.asked or actor.own == grid.SIBLING


@pytest.mark.parametrize("door", INTERACTIONS)
@pytest.mark.parametrize("actor", OTHERS)
async def test_others_are_turned_away(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """People from other organizations get a refusal in the form for each kind of request, and reach no listener."""
    app = App(Directory())
    answer, body = await app.take(door(actor)), door(actor)
    assert app.reached == []
    match body["type"]:
        case "block_suggestion":
            assert json.loads(answer) == {"options": []}
        case "view_submission":
            assert json.loads(answer) == {"response_action": "errors", "errors": {"b": OUTSIDE}}
        case "view_closed":
            assert "options" not in answer
        case _:
            assert (answer, app.told) == ("", [OUTSIDE])


@pytest.mark.parametrize("door", EVENTS)
@pytest.mark.parametrize("actor", [*OURS, *OTHERS])
async def test_events_ask_the_guard_themselves(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """For events, the guard gives the same answer from the same facts."""
    why_not = await App(Directory()).guard.why_not(actor.user, affiliation_in_payload(door(actor)))
    assert why_not == (OUTSIDE if actor in grid.FOREIGN.values() else "")


@pytest.mark.parametrize("door", INTERACTIONS)
async def test_who_cannot_be_looked_up_is_refused_with_the_reason(door: Any) -> None:  # noqa: ANN401
    """A person who can't be looked up is refused with the reason, and a menu stays empty."""
    app = App(Directory(away=True))
    answer = await app.take(door(grid.NATIVE["of a sibling workspace"]))
    assert app.reached == []
    assert (
        UNSURE in [*app.told, *json.loads(answer or "{}").get("errors", {}).values()]
        or "options" in answer
        or "text" in answer
    )


@pytest.mark.parametrize("door", INTERACTIONS)
@pytest.mark.parametrize("actor", OTHERS)
async def test_where_the_policy_has_rules_for_them_it_decides(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """If the policy has rules for outsiders, they pass here and nobody is looked up."""
    people = Directory()
    assert await App(people, admits_external=True).take(door(actor)) == LISTENED
    assert people.asked == []


async def test_org_wide_installations_name_no_team() -> None:
    """Modals of an org-wide installation, whose `team` is null, are let in."""
    actor = grid.NATIVE["named by the organization"]
    body = grid.submission(actor) | {"team": None, "is_enterprise_install": True}
    assert await App(Directory()).take(body) == LISTENED
    assert await App(Directory()).take(grid.typing(actor) | {"team": None}) == LISTENED


async def test_the_log_names_where_those_who_are_turned_away_belong() -> None:
    """The log names the workspace and organization of people who are turned away, so that a wrong setup is noticed."""
    guard = ExternalGuard(ME.installation, Directory(), admits_external=lambda: False)
    with capture_logs() as lines:
        assert await guard.why_not("U9", Affiliation(frozenset({"T9"}), "E9")) == OUTSIDE
    assert [(line["user"], line["of"]) for line in lines] == [("U9", ["E9", "T9"])]


WATCH_BUTTONS = sorted(
    {
        value
        for name, value in vars(buttons).items()
        if name.startswith(("INCIDENT_", "OUTAGE_")) and isinstance(value, str)
    }
)


@pytest.mark.parametrize("action_id", WATCH_BUTTONS)
@pytest.mark.parametrize("kind", ["button", "static_select"])
async def test_every_button_and_menu_of_watches_is_behind_it(action_id: str, kind: str) -> None:
    """No button or menu of a watch reaches its listener for outsiders."""
    app = App(Directory())
    app.listen_to_all_actions()
    actor = grid.FOREIGN["of another workspace"]
    option = {"value": "v", "text": {"type": "plain_text", "text": "v"}}
    action = {"action_id": action_id, "block_id": "b", "type": kind, "value": "v", "selected_option": option}
    assert await app.take(grid.click(actor) | {"actions": [action | {"action_ts": "1.5"}]}) == ""
    assert app.told == [OUTSIDE]
