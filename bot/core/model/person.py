"""A person's role and groups in the workspace.

`bot.slack.people` reads them, and `bot.slack.affiliation` decides who's external.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Role of a person in the workspace. An owner is also an admin, and an admin is also a member."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Person:
    """A person who makes a request.

    `groups` are the policy's user groups that the person is in, by their names in the policy. `domain` is the part of
    the email address after the @. `name` is the username, or empty if unknown. `why` is the sentence to show if
    something is unknown, and `again_s` is the number of seconds after which to ask again: 0 if that wouldn't help.
    `time_zone` is an IANA name, or empty if unknown.
    """

    user: str
    roles: frozenset[Role] | None = None
    groups: frozenset[str] | None = None
    domain: str | None = None
    why: str = ""
    name: str = ""
    again_s: float = 0.0
    time_zone: str = ""
