"""A lease: a claim on due members, valid as long as its holder renews it.

The token is the score that the claim left in the due set: finishing works only as long as that score is unchanged.
The scripts `claim_due.lua` and `renew_leases.lua` make and renew leases, which last BOLT_BOT_LEASE_S.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model.errors import BotError

Renew = Callable[["Lease"], Awaitable[int]]


@dataclass(slots=True)
class Lease:
    """A claim on `members` of the due set `due`. `until` is on the monotonic clock, in seconds.

    A lease that is `in_flight` must run out: something was sent under it, and the outcome isn't known before that.
    """

    due: str
    members: tuple[str, ...]
    token: int
    until: float
    lease_s: float
    in_flight: bool = False
    _renewing: asyncio.Task[None] | None = field(default=None, repr=False)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)

    @property
    def member(self) -> str:
        """The only member of a claim on a single member."""
        return self.members[0]

    def is_valid_for(self, for_s: float = 0) -> bool:
        """Whether the lease is valid for this many more seconds by our own clock. Check just before sending."""
        return time.monotonic() + for_s < self.until

    def since_s(self, moment: datetime) -> float:
        """Seconds since a time on Redis' clock. The token holds that clock's time at the claim."""
        return self.token / 1_000_000 - (self.until - time.monotonic()) - moment.timestamp()

    def subset(self, members: tuple[str, ...]) -> Lease:
        """The same claim on some of its members. The new lease isn't renewed."""
        return Lease(self.due, members, self.token, self.until, self.lease_s)

    def start_renewing(self, renew: Renew) -> None:
        """Renew at every third of the lease until `stop_renewing`."""
        self._stopped.clear()
        self._renewing = asyncio.create_task(self._keep_renewing(renew), name=f"lease {self.due}")

    async def stop_renewing(self) -> int:
        """Stop renewing, and return the token to finish with.

        A renewal in progress is never cancelled, because its outcome decides which token is valid. A caller that is
        cancelled while waiting for the renewal may call this again.
        """
        renewing = self._renewing
        if renewing is not None:
            self._stopped.set()
            await asyncio.wait({renewing})
            self._renewing = None
            renewing.result()
        return self.token

    def replace_token(self, token: int, lease_s: float) -> None:
        """Replace the lease's token with the score that a script gave this claim just before something is sent."""
        self.token = token
        self.in_flight = True
        self.until = time.monotonic() + lease_s

    async def _keep_renewing(self, renew: Renew) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.lease_s / 3):
                    await self._stopped.wait()
            if not self._stopped.is_set():
                await self._renew(renew)

    async def _renew(self, renew: Renew) -> None:
        began = time.monotonic()
        try:
            self.token = await renew(self)
        except BotError:
            # The lease expires unless a later renewal succeeds. Finishing an expired lease fails, because of its token.
            return
        self.until = began + self.lease_s
