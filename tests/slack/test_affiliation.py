"""Telling outsiders from members, with recorded payloads of every kind, from our organization and from outside."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.affiliation import (
    Affiliation,
    Installation,
    Standing,
    affiliation_in_payload,
    is_for_installation,
    standing,
    standing_of_profile,
)
from bot.slack.payload_shapes import has_known_shape
from tests.slack import grid

GRID = Installation("T1", "E1")
PLAIN = Installation("T1")
OURS = [pytest.param(actor, id=name) for name, actor in grid.NATIVE.items()]
OTHERS = [pytest.param(actor, id=name) for name, actor in grid.FOREIGN.items()]
DOORS = [pytest.param(door, id=name) for name, door in grid.DOORS.items()]
# The other side of a shared channel doesn't have our commands.
OTHERS_DOORS = [pytest.param(door, id=name) for name, door in grid.DOORS.items() if name != "command"]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("actor", [*OURS, *OTHERS])
def test_each_payload_is_read_and_is_for_us(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """Each payload has a known shape and is for our installation, no matter who acts."""
    assert has_known_shape(door(actor))
    assert is_for_installation(GRID, door(actor))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("actor", OURS)
def test_nobody_of_the_organization_is_foreign(door: Any, actor: grid.Actor) -> None:  # noqa: ANN401
    """Nobody in our organization is foreign; for a sibling workspace, users.info may have to be called."""
    found = standing(GRID, affiliation_in_payload(door(actor)))
    assert found is Standing.NATIVE or (actor.own == grid.SIBLING and found is Standing.UNKNOWN)


@pytest.mark.parametrize("door", OTHERS_DOORS)
@pytest.mark.parametrize("actor", OTHERS)
@pytest.mark.parametrize("home", [GRID, PLAIN], ids=["on Grid", "elsewhere"])
def test_nobody_else_is_native(door: Any, actor: grid.Actor, home: Installation) -> None:  # noqa: ANN401
    """Nobody outside our organization is native, and without an organization, users.info isn't called."""
    found = standing(home, affiliation_in_payload(door(actor)))
    known = home is PLAIN and (door is not grid.home or actor.own == grid.OTHER_TEAM)
    assert found is Standing.FOREIGN if known else found in {Standing.FOREIGN, Standing.UNKNOWN}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # A mention from a connected organization: `team` is ours.
        (
            {"team_id": "T1", "event": {"team": "T1", "user_team": "E9", "source_team": "E9"}, "shared": True},
            Standing.FOREIGN,
        ),
        # A mention by one of our own people in a shared channel names their workspace only once.
        ({"team_id": "T1", "event": {"team": "T1"}, "shared": True}, Standing.NATIVE),
        # A message from a connected workspace of an organization, in its own envelope.
        (
            {
                "team_id": "T9",
                "enterprise_id": "E9",
                "context_team_id": "T1",
                "context_enterprise_id": "E1",
                "event": {"team": "T9"},
                "shared": True,
            },
            Standing.FOREIGN,
        ),
        # The same from a sibling.
        ({"team_id": "T2", "enterprise_id": "E1", "event": {"team": "T2"}}, Standing.NATIVE),
        # Nothing says who it is.
        ({"team_id": "T1", "event": {}, "shared": True}, Standing.UNKNOWN),
        ({"team_id": "T1", "event": {}}, Standing.NATIVE),
        ({"team_id": "T1", "event": {"team": "T2"}}, Standing.UNKNOWN),
    ],
)
def test_events(body: dict[str, Any], found: Standing) -> None:
    """The team of the person who acts is read from the right field of an event."""
    shared = body.pop("shared", False)
    assert (
        standing(GRID, affiliation_in_payload({**body, "type": "event_callback", "is_ext_shared_channel": shared}))
        is found
    )


def test_the_organization_of_a_message_says_nothing_of_who_clicks() -> None:
    """The organization in a click is the message's, and says nothing about the person who clicks."""
    body = grid.click(grid.FOREIGN["of another workspace"])
    assert body["team"]["enterprise_id"] == body["enterprise"]["id"] == "E1"
    assert standing(GRID, affiliation_in_payload(body)) is Standing.UNKNOWN


def test_org_wide_installations_have_no_team() -> None:
    """An org-wide installation's modals have a null team, and name the organization instead of a workspace."""
    actor = grid.NATIVE["named by the organization"]
    body = grid.submission(actor) | {"team": None, "is_enterprise_install": True}
    body["view"] |= {"app_installed_team_id": "E1", "team_id": "E1"}
    assert has_known_shape(body)
    assert is_for_installation(GRID, body)
    assert standing(GRID, affiliation_in_payload(body)) is Standing.NATIVE
    event = grid.mention(actor)
    event["authorizations"] = [{"enterprise_id": "E1", "team_id": None, "user_id": "W0", "is_enterprise_install": True}]
    assert has_known_shape(event)
    assert is_for_installation(GRID, event)


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ({"team_id": "T1"}, Standing.NATIVE),
        ({"team_id": "T1", "is_stranger": False}, Standing.NATIVE),
        ({"team_id": "E1", "enterprise_user": {"enterprise_id": "E1", "teams": ["T1"]}}, Standing.NATIVE),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E1", "teams": ["T2"]}}, Standing.NATIVE),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T2", "T1"]}}, Standing.NATIVE),
        ({"enterprise_user": {"enterprise_id": "E1", "teams": ["T2"]}}, Standing.NATIVE),
        ({"team_id": "T2", "is_stranger": True, "enterprise_user": {"enterprise_id": "E1"}}, Standing.NATIVE),
        ({"team_id": "T9", "is_stranger": False}, Standing.FOREIGN),
        ({"team_id": "T9", "is_stranger": True}, Standing.FOREIGN),
        ({"team_id": "T9", "enterprise_user": {"enterprise_id": "E9", "teams": ["T9"]}}, Standing.FOREIGN),
        ({"profile": {"team": "T1"}}, Standing.NATIVE),
        ({"enterprise_user": None}, Standing.FOREIGN),
        ({}, Standing.FOREIGN),
    ],
)
def test_profiles(user: dict[str, Any], found: Standing) -> None:
    """The profile from users.info decides."""
    assert standing_of_profile(GRID, user) is found


def test_without_an_organization_an_empty_one_is_no_match() -> None:
    """An empty id of a workspace or an organization never matches another empty one."""
    assert standing(PLAIN, Affiliation(frozenset({"T9"}), "")) is Standing.FOREIGN
    assert standing(Installation(""), Affiliation()) is Standing.UNKNOWN
    assert not is_for_installation(Installation(""), grid.command(grid.NATIVE["of our workspace"]))
