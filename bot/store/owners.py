"""Users by email address, as reported by Slack.

A keyed hash replaces each address, so that it can't be guessed from Redis.

`bot.flows.find_owners` decides who owns a schedule.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from bot.flows.lease import Lease
from bot.store.scripts import Scripts

MILLISECONDS = 1000


class OwnerUsers:
    """Implements the flows' `OwnerUsers` port. `secret` is the key of the hashes; a different key finds no user."""

    def __init__(self, scripts: Scripts, secret: str) -> None:
        self._scripts = scripts
        self._key = hashlib.sha256(f"owners of schedules:{secret}".encode()).digest()

    async def users_of(self, addresses: Sequence[str]) -> dict[str, str]:
        """The users' ids by address, or "" if Slack knows none. Addresses that weren't looked up are left out."""
        if not addresses:
            return {}
        keys = [self._scripts.key("owner", self._hash(one)) for one in addresses]
        found = await self._scripts.ask(self._scripts.redis.mget(keys))
        return {address: user for address, user in zip(addresses, found, strict=True) if user is not None}

    async def want(self, slugs: Sequence[str]) -> None:
        """Have the owners of these schedules looked up."""
        if slugs:
            await self._scripts.run("want_owners", *slugs)

    async def keep(self, address: str, user: str, *, for_s: float) -> None:
        """Store which user has an address, or "" if nobody has it."""
        name = self._scripts.key("owner", self._hash(address))
        await self._scripts.ask(self._scripts.redis.set(name, user, px=round(for_s * MILLISECONDS)))

    async def finish(self, lease: Lease, found: tuple[str, str] | None = None, *, for_s: float = 0) -> None:
        """Finish a claim on a schedule whose owner was looked up. `found` is an address and its user, as for `keep`."""
        address, user = found or ("", "")
        name = self._hash(address) if address else ""
        token = await lease.stop_renewing()
        await self._scripts.run("finish_owner", lease.member, token, name, user, round(for_s * MILLISECONDS))

    def _hash(self, address: str) -> str:
        return hmac.new(self._key, address.lower().encode(), hashlib.sha256).hexdigest()
