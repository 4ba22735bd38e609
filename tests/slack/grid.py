"""Slack's payloads on Enterprise Grid and in shared channels, one of each kind, by who acts.

Shapes as recorded in slackapi/bolt-python (tests/slack_bolt/request/test_internals.py, tests/scenario_tests_async) and
slackapi/java-slack-sdk (json-logs/samples/app-backend); ids are made up. Our installation is in workspace T1 of the organization E1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

TEAM, SIBLING, ORG = "T1", "T2", "E1"
OTHER_TEAM, OTHER_ORG = "T9", "E9"
URL = "https://hooks.slack.com/actions/T1/1/x"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts: `own` is their team as Slack names it, a workspace or an organization."""

    user: str
    own: str


NATIVE = {
    "of our workspace": Actor("U1", TEAM),
    "named by the organization": Actor("W1", ORG),
    "of a sibling workspace": Actor("W2", SIBLING),
}
FOREIGN = {
    "of another workspace": Actor("U9", OTHER_TEAM),
    "of another organization": Actor("W9", OTHER_ORG),
}


def interaction(kind: str, actor: Actor, *, team: Json | None, enterprise: str | None = ORG) -> Json:
    """Return the fields that all interactions have."""
    return {
        "type": kind,
        "user": {"id": actor.user, "username": actor.user.lower(), "name": actor.user.lower(), "team_id": actor.own},
        "api_app_id": "A1",
        "token": "verification",
        "team": team,
        "enterprise": enterprise and {"id": enterprise, "name": "Acme"},
        "is_enterprise_install": False,
    }


def ours() -> Json:
    """Our workspace, as interactions name it on Grid."""
    return {"id": TEAM, "domain": "acme", "enterprise_id": ORG, "enterprise_name": "Acme"}


def view(actor: Actor, callback: str = "known") -> Json:
    """One of our modals, or the Home tab. For a foreign workspace, `team_id` is theirs; the installed team is ours."""
    theirs = actor.own if actor in FOREIGN.values() and actor.own.startswith("T") else TEAM
    return {
        "id": "V1",
        "team_id": theirs,
        "type": "modal",
        "blocks": [{"type": "input", "block_id": "b", "element": {"type": "external_select", "action_id": "known"}}],
        "private_metadata": "",
        "callback_id": callback,
        "state": {"values": {}},
        "hash": "1.x",
        "title": {"type": "plain_text", "text": "Run"},
        "root_view_id": "V1",
        "previous_view_id": None,
        "app_id": "A1",
        "external_id": "",
        "app_installed_team_id": TEAM,
        "bot_id": "B0BOT",
    }


def click(actor: Actor) -> Json:
    """A click in a channel: `team` is the message's team, whoever clicks."""
    return interaction("block_actions", actor, team=ours()) | {
        "container": {"type": "message", "message_ts": "17.1", "channel_id": "C1", "is_ephemeral": False},
        "channel": {"id": "C1", "name": "data-eng"},
        "message": {"type": "message", "ts": "17.1", "user": "U0BOT", "team": TEAM, "text": "x"},
        "trigger_id": "1.2.3",
        "response_url": URL,
        "actions": [{"type": "button", "action_id": "known", "block_id": "b", "action_ts": "18.1"}],
    }


def click_in_a_view(actor: Actor) -> Json:
    """A click in a modal or in App Home."""
    return interaction("block_actions", actor, team=ours()) | {
        "container": {"type": "view", "view_id": "V1"},
        "view": view(actor),
        "trigger_id": "1.2.3",
        "actions": [{"type": "button", "action_id": "known", "block_id": "b", "action_ts": "18.1"}],
    }


def _view_interaction(kind: str, actor: Actor) -> Json:
    """An interaction in a view. `team` is the person's team, in a shared channel possibly the other organization's."""
    if actor in FOREIGN.values() and actor.own.startswith("T"):
        team = {"id": actor.own, "domain": "other", "enterprise_id": OTHER_ORG, "enterprise_name": "Other"}
        return interaction(kind, actor, team=team, enterprise=OTHER_ORG)
    return interaction(kind, actor, team=ours())


def submission(actor: Actor) -> Json:
    """A submitted modal."""
    return _view_interaction("view_submission", actor) | {
        "trigger_id": "1.2.3",
        "view": view(actor),
        "response_urls": [],
    }


def closed(actor: Actor) -> Json:
    """A closed modal."""
    return _view_interaction("view_closed", actor) | {"view": view(actor), "is_cleared": False}


def typing(actor: Actor) -> Json:
    """Typing in a modal's menu."""
    return _view_interaction("block_suggestion", actor) | {
        "container": {"type": "view", "view_id": "V1"},
        "action_id": "known",
        "block_id": "b",
        "value": "n",
        "view": view(actor),
    }


def message_shortcut(actor: Actor) -> Json:
    """A shortcut from a message's menu."""
    return interaction("message_action", actor, team=ours()) | {
        "callback_id": "known",
        "trigger_id": "1.2.3",
        "response_url": URL,
        "message_ts": "17.1",
        "channel": {"id": "C1", "name": "data-eng"},
        "message": {"type": "message", "ts": "17.1", "user": "U0BOT", "team": TEAM, "text": "x"},
    }


def shortcut(actor: Actor) -> Json:
    """A shortcut from the global menu. On Grid, the organization isn't in its `team` but in `enterprise`."""
    return interaction("shortcut", actor, team={"id": TEAM, "domain": "acme"}) | {
        "callback_id": "known",
        "trigger_id": "1.2.3",
        "action_ts": "1.5",
    }


def command(actor: Actor) -> Json:
    """A command, with the workspace it's typed in. The other side of a shared channel doesn't have our commands."""
    typed_in = actor.own if actor.own.startswith("T") else TEAM
    return {
        "token": "verification",
        "team_id": typed_in,
        "team_domain": "acme",
        "enterprise_id": ORG,
        "enterprise_name": "Acme",
        "channel_id": "C1",
        "channel_name": "data-eng",
        "user_id": actor.user,
        "user_name": actor.user.lower(),
        "command": "/bolt",
        "text": "help",
        "api_app_id": "A1",
        "is_enterprise_install": "false",
        "response_url": URL,
        "trigger_id": "1.2.3",
    }


INTERACTIONS: dict[str, Callable[[Actor], Json]] = {
    "click": click,
    "click in a view": click_in_a_view,
    "submission": submission,
    "closed": closed,
    "typing": typing,
    "message shortcut": message_shortcut,
    "shortcut": shortcut,
}


def envelope(inner: Json, **fields: Any) -> Json:  # noqa: ANN401 - JSON
    """An event in its envelope, as our organization's workspace gets it."""
    return {
        "token": "verification",
        "team_id": TEAM,
        "enterprise_id": ORG,
        "context_team_id": TEAM,
        "context_enterprise_id": ORG,
        "api_app_id": "A1",
        "event": inner,
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": 1700000000,
        "authorizations": [
            {
                "enterprise_id": ORG,
                "team_id": TEAM,
                "user_id": "U0BOT",
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        **fields,
    }


def mention(actor: Actor) -> Json:
    """A mention: `team` is our workspace; if the writer's team is a different one, it's in `user_team`."""
    inner: Json = {"type": "app_mention", "user": actor.user, "text": "<@U0BOT> help", "ts": "17.1", "channel": "C1"}
    inner |= {"event_ts": "17.1", "team": TEAM}
    if actor.own != TEAM:
        inner |= {"user_team": actor.own, "source_team": actor.own, "user_profile": {"team": actor.own}}
    return envelope(inner, is_ext_shared_channel=actor in FOREIGN.values())


def direct_message(actor: Actor) -> Json:
    """A direct message: `team` is the writer's."""
    inner = {"type": "message", "user": actor.user, "text": "help", "ts": "17.1", "channel": "D1", "event_ts": "17.1"}
    inner |= {"team": actor.own, "channel_type": "im"}
    if actor in FOREIGN.values() and actor.own.startswith("T"):
        fields: Json = {"team_id": actor.own, "enterprise_id": OTHER_ORG, "is_ext_shared_channel": True}
        return envelope(inner, **fields)
    return envelope(inner)


def home(actor: Actor) -> Json:
    """An opened App Home: only the envelope names a workspace, which is where the person belongs."""
    inner = {"type": "app_home_opened", "user": actor.user, "channel": "D1", "tab": "home", "event_ts": "17.1"}
    if not actor.own.startswith("T"):
        return envelope(inner, is_ext_shared_channel=actor in FOREIGN.values())
    organization = OTHER_ORG if actor.own == OTHER_TEAM else ORG
    return envelope(inner, team_id=actor.own, enterprise_id=organization)


EVENTS: dict[str, Callable[[Actor], Json]] = {"mention": mention, "direct message": direct_message, "home": home}
DOORS = {**INTERACTIONS, **EVENTS, "command": command}
