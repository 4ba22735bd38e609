"""Who somebody is in the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the workspace. An owner is an admin too, and an admin a member."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `groups`: those of the policy's user groups that the person is in, called as the policy calls them.

    `domain` is what stands behind the @ of the e-mail address, `name` the username, empty if it isn't known, `why` what is to be told
    where something is not known, and `again_s` after how many seconds it may be known: 0 if asking again would not help.
    """

    user: str
    roles: frozenset[Role] | None = None
    groups: frozenset[str] | None = None
    domain: str | None = None
    why: str = ""
    name: str = ""
    again_s: float = 0.0
