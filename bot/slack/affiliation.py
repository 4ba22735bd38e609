"""Decide whether a person belongs to our organization. No other module decides this.

On Enterprise Grid the workspace or organization id in a payload proves nothing by itself: `user.team_id`, `event.team`,
`user_team` and `source_team` may name the organization (`E…`) or a sibling workspace (`T…`), even if the app is
installed in one workspace only. Slack advises treating members of the organization as native users of the workspace
(docs.slack.dev: Enterprise, Slack Connect, the block_suggestion payload; recorded payloads: slackapi/bolt-python,
tests/slack_bolt/request/test_internals.py).

Two separate questions: is a request for our installation (`is_for_installation`), and does the acting person belong
to us (`standing`). The payload answers the second question in nearly all cases; otherwise users.info does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.slack.payload_shapes import record_in, records, text_in

Json = Mapping[str, Any]


class Standing(StrEnum):
    """A person's relation to our organization. `UNKNOWN`: the facts don't say."""

    NATIVE = "native"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Installation:
    """Our installation, as auth.test describes it. `enterprise` is empty outside Enterprise Grid."""

    team: str
    enterprise: str = ""

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of our workspace and organization."""
        return frozenset({self.team, self.enterprise} - {""})


@dataclass(frozen=True, slots=True)
class Affiliation:
    """A person's workspaces (`T…`) and organizations (`E…`), as reported by Slack.

    `enterprise` is the organization of the person or of the person's workspace, or empty if Slack doesn't name it.
    """

    teams: frozenset[str] = frozenset()
    enterprise: str = ""
    is_stranger: bool = False


def standing(installation: Installation, affiliation: Affiliation) -> Standing:
    """Decide whether a person belongs to our workspace or its organization."""
    named = (affiliation.teams | {affiliation.enterprise}) - {""}
    if named & installation.ids:
        return Standing.NATIVE
    if affiliation.is_stranger:
        return Standing.FOREIGN
    if not named:
        return Standing.UNKNOWN
    of_an_organization = any(one.startswith("E") for one in named)
    if of_an_organization or not installation.enterprise:
        # From another organization, or there's no organization that both workspaces could belong to.
        return Standing.FOREIGN
    return Standing.UNKNOWN


def affiliation_in_profile(user: Json) -> Affiliation:
    """Read the affiliation in the user object of users.info or users.list."""
    enterprise_user = record_in(user, "enterprise_user")
    listed = enterprise_user.get("teams")
    teams = [*listed] if isinstance(listed, list) else []
    # On Grid, Slack sometimes leaves out team_id.
    own = text_in(user, "team_id") or text_in(record_in(user, "profile"), "team")
    return Affiliation(
        _ids(own, *teams),
        text_in(enterprise_user, "enterprise_id"),
        is_stranger=user.get("is_stranger") is True,
    )


def standing_of_profile(installation: Installation, user: Json) -> Standing:
    """Decide by users.info, the last source. A profile that doesn't name our workspace or organization is foreign."""
    found = standing(installation, affiliation_in_profile(user))
    return Standing.FOREIGN if found is Standing.UNKNOWN else found


def affiliation_in_payload(body: Json) -> Affiliation:
    """Read the acting person's affiliation from a command, an interaction or an event."""
    if body.get("type") == "event_callback":
        return _of_event(body, record_in(body, "event"))
    if isinstance(body.get("user"), dict):
        return _of_interaction(body)
    # A command names the workspace in which it was typed, with that workspace's organization.
    return Affiliation(_ids(text_in(body, "team_id")), text_in(body, "enterprise_id"))


def _of_interaction(body: Json) -> Affiliation:
    """Read the affiliation from an interaction.

    `team` may be the message's workspace instead of the person's, and is null in org-wide installations. So the
    organization of `team` applies to the person only if both are in the same workspace; `enterprise` never applies.
    """
    own, team = text_in(body["user"], "team_id"), record_in(body, "team")
    return Affiliation(_ids(own), text_in(team, "enterprise_id") if own and text_in(team, "id") == own else "")


def _of_event(body: Json, event: Json) -> Affiliation:
    """Read the affiliation from an event.

    In shared channels, a mention's `team` is the reader's, and `user_team` is the writer's, which is left out if
    they're the same.
    """
    own = text_in(event, "user_team") or text_in(event, "source_team") or text_in(event, "team")
    if not own and body.get("is_ext_shared_channel"):
        return Affiliation()
    # App Home events name no team, and their envelope names the team of the person who opens it.
    own = own or text_in(body, "team_id")
    pairs = (("team_id", "enterprise_id"), ("context_team_id", "context_enterprise_id"))
    enterprise = next((text_in(body, org) for team, org in pairs if own and text_in(body, team) == own), "")
    return Affiliation(_ids(own), enterprise)


def is_for_installation(installation: Installation, body: Json) -> bool:
    """Whether a request is for our installation: `team`, `authorizations` or the view's installation name us.

    A shared channel's payload may name the other side's workspace as well. A payload without any id is Slack's own.
    """
    view = record_in(body, "view")
    holders = [body, record_in(body, "team"), *records(body.get("authorizations"))]
    named = _ids(
        *(text_in(one, name) for one in holders for name in ("team_id", "enterprise_id")),
        text_in(body, "context_team_id"),
        text_in(body, "context_enterprise_id"),
        text_in(record_in(body, "team"), "id"),
        text_in(record_in(body, "enterprise"), "id"),
        text_in(view, "app_installed_team_id"),
        text_in(view, "team_id"),
    )
    return bool(named & installation.ids) if named else body.get("type") in {"url_verification", None}


def _ids(*values: object) -> frozenset[str]:
    return frozenset(one for one in values if isinstance(one, str) and one)
