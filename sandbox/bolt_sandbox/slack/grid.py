"""Enterprise Grid: the organization that the workspace may belong to, and the team that Slack reports for its members.

Slack reports a workspace or the organization for a member, and that says nothing about where the person acts
(docs.slack.dev, the block_suggestion payload; slackapi/bolt-js#1875; slackapi/bolt-python,
tests/slack_bolt/request/test_internals.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bolt_sandbox.slack.model import Json, User

if TYPE_CHECKING:
    from bolt_sandbox.slack.workspace import Workspace

ENTERPRISE, SIBLING = "E0SANDBOX", "T0SIBLING"


@dataclass(slots=True)
class Organization:
    """An organization. `siblings` are its other workspaces, by id, with their domains."""

    id: str = ENTERPRISE
    name: str = "Sandbox Org"
    siblings: dict[str, str] = field(default_factory=lambda: {SIBLING: "acme-eu"})


def found(ws: Workspace) -> Organization:
    """Put the workspace and a sibling in one organization, and add three people whose reported teams differ.

    `edda` is in our workspace, reported with the organization; `sven` is in both workspaces, reported with the sibling;
    `sila` is only in the sibling, and in the channel #data-eng, which both workspaces share.
    """
    if ws.organization is None:
        ws.organization = Organization()
        channel = ws.channel("data-eng")
        for user in (
            ws.add_user("edda", "Edda Enterprise", letter="W", teams=[ws.team_id], shown_as=ENTERPRISE),
            ws.add_user("sven", "Sven Sibling", letter="W", teams=[SIBLING, ws.team_id], shown_as=SIBLING),
            ws.add_user("sila", "Sila Sister", letter="W", teams=[SIBLING], shown_as=SIBLING),
        ):
            channel.members.append(user.id)
    return ws.organization


def shown_team(ws: Workspace, user: User) -> str:
    """Return the team that Slack reports for a person: a workspace, or an organization."""
    return user.shown_as or user.team or ws.team_id


def workspace_of(ws: Workspace, user: User) -> str:
    """Return the workspace in which a person acts: ours, if the person is in it."""
    if user.team or not user.teams or ws.team_id in user.teams:
        return user.team or ws.team_id
    return user.teams[0]


def enterprise_of(ws: Workspace, user: User) -> str | None:
    """Return the organization of a person, or None outside Grid."""
    if user.team:
        return user.enterprise or None
    return ws.organization.id if ws.organization else None


def workspace_shape(ws: Workspace, user: User | None) -> Json:
    """Return the `team` of an interaction: our workspace, or a person's."""
    team = workspace_of(ws, user) if user else ws.team_id
    domain = ws.team_domain if team == ws.team_id else _domain(ws, team)
    shape: Json = {"id": team, "domain": domain}
    enterprise = enterprise_shape(ws, user)
    return shape | ({"enterprise_id": enterprise["id"], "enterprise_name": enterprise["name"]} if enterprise else {})


def enterprise_shape(ws: Workspace, user: User | None) -> Json | None:
    """Return the `enterprise` of an interaction: our organization or the person's, or None outside Grid."""
    if user is not None and user.team:
        return {"id": user.enterprise, "name": "Other Org"} if user.enterprise else None
    return {"id": ws.organization.id, "name": ws.organization.name} if ws.organization else None


def enterprise_user(ws: Workspace, user: User) -> Json | None:
    """Return a profile's `enterprise_user`, or None outside Grid."""
    enterprise = enterprise_shape(ws, user)
    if enterprise is None:
        return None
    return {
        "id": user.id,
        "enterprise_id": enterprise["id"],
        "enterprise_name": enterprise["name"],
        "is_admin": False,
        "is_owner": False,
        "teams": user.teams or [user.team or ws.team_id],
    }


def _domain(ws: Workspace, team: str) -> str:
    siblings = ws.organization.siblings if ws.organization else {}
    return siblings.get(team, team.lower())
