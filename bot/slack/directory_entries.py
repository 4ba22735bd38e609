"""Encode cached people and channels: compactly for people (there may be 50,000), as JSON for channels."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role

Json = dict[str, Any]

# Change the number if the meaning of an entry changes, so that two versions running side by side each read their own.
PEOPLE_LIST = "people2"
NAME_MOST = 80
_LETTERS = {Role.OWNER: "o", Role.ADMIN: "a", Role.MEMBER: "m", Role.GUEST: "g", Role.EXTERNAL: "e"}
_ROLES = {letter: role for role, letter in _LETTERS.items()}
# The domain of an address: not requested, and not visible to us.
_NOT_KEPT, _NOT_SEEN = "?", "-"
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,60}")


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person as returned by Slack at `at` (Unix seconds). `has_domain`: the email domain was requested.

    `name` is the username, and `time_zone` is an IANA name; both may be empty.
    """

    roles: frozenset[Role]
    domain: str | None
    at: float
    has_domain: bool
    name: str = ""
    time_zone: str = ""


def person_entry(known: KnownPerson) -> str:
    """Encode a person."""
    letters = "".join(sorted(_LETTERS[role] for role in known.roles))
    domain = (_NOT_SEEN if known.domain is None else known.domain) if known.has_domain else _NOT_KEPT
    zone = known.time_zone if _ZONE.fullmatch(known.time_zone) else ""
    return f"{int(known.at)}:{letters}:{domain}:{zone}:{known.name[:NAME_MOST]}"


def read_person(entry: str) -> KnownPerson | None:
    """Decode a person. Returns None if the entry isn't valid."""
    at, letters, domain, zone, name = (*entry.split(":", 4), "", "", "", "")[:5]
    if not at.isdecimal() or not set(letters) <= set(_ROLES):
        return None
    roles = frozenset(_ROLES[letter] for letter in letters)
    return KnownPerson(
        roles, None if domain in {_NOT_KEPT, _NOT_SEEN} else domain, float(at), domain != _NOT_KEPT, name, zone
    )


@dataclass(frozen=True, slots=True)
class KnownChannel:
    """A channel as returned by Slack at `at` (Unix seconds).

    `is_ours`: the bot is a member, so Slack reports changes.
    """

    name: str
    kind: ChannelKind
    shared: bool
    at: float
    is_ours: bool = False


def known_channel(channel: Json, at: float, *, is_ours: bool | None = None) -> KnownChannel:
    """Read a channel from Slack's JSON. `is_ours` is for users.conversations, which leaves out `is_member`."""
    direct = channel.get("is_im") or channel.get("is_mpim")
    kind = ChannelKind.DIRECT if direct else ChannelKind.PRIVATE if channel.get("is_private") else ChannelKind.PUBLIC
    ours = bool(channel.get("is_member")) if is_ours is None else is_ours
    # The only field about sharing that is reliable.
    return KnownChannel(str(channel.get("name") or ""), kind, bool(channel.get("is_ext_shared")), at, ours)


def channel_entry(known: KnownChannel) -> str:
    """Encode a channel. Older versions can read the entry too."""
    return json.dumps({"name": known.name, "kind": known.kind, "shared": known.shared, "at": int(known.at)})


def read_channel(entry: str, now: float) -> KnownChannel:
    """Decode a channel. An entry from an older version is a few minutes old at most."""
    kept = json.loads(entry)
    return KnownChannel(kept["name"], ChannelKind(kept["kind"]), bool(kept["shared"]), float(kept.get("at", now)))
