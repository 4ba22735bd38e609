"""Finding out who in Slack owns a schedule: by the owners file, or by its owner's email address, looked up in advance.

`bot.flows.mention_owner` decides how the owner is then named.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot.core.model.current import Current
from bot.core.model.errors import SlackError, SlackRefused, SlackThrottled
from bot.core.model.run_end import WatchedSchedule
from bot.core.text.email_addresses import address_in
from bot.core.watching.owners import Owners
from bot.flows.lease import Lease
from bot.flows.ports.slack import PeopleByAddress
from bot.flows.ports.store import Due
from bot.flows.ports.watch_store import Discovery, OwnerUsers

log = structlog.get_logger()

# How long to remember who has an address (or that nobody does), and how long to remember that Slack refused to say,
# perhaps because a scope is missing.
KEPT_S = 86_400.0
REFUSED_S = 3600.0
AWAY_S = 30.0


class OwnerFinder:
    """Finds the owners of schedules. Only `look_up` and `find_now` ask Slack."""

    def __init__(
        self, owners: Current[Owners], known: OwnerUsers, people: PeopleByAddress, discovery: Discovery, due: Due
    ) -> None:
        self._owners = owners
        self._known = known
        self._people = people
        self._discovery = discovery
        self._due = due

    async def owner_of(self, schedule: WatchedSchedule) -> str:
        """The id of the user or user group that owns a schedule, or "" if it isn't known yet."""
        named = self._owners.value.id_of(schedule)
        address = self._address(schedule)
        if named is not None or address is None:
            return named or ""
        return (await self._known.users_of([address])).get(address, "")

    async def look_ahead(self, schedules: Iterable[WatchedSchedule]) -> None:
        """Request that unknown owners be looked up in the background. Raises StoreUnavailable."""
        slugs: dict[str, str] = {}
        for schedule in schedules:
            address = self._address(schedule)
            if address is not None:
                slugs.setdefault(address, schedule.slug)
        known = await self._known.users_of(list(slugs))
        await self._known.want([slug for address, slug in slugs.items() if address not in known])

    async def look_up(self, lease: Lease) -> None:
        """Look up the owner of the claimed schedule."""
        record = (await self._discovery.load_schedules([lease.member])).get(lease.member)
        address = self._address(record.schedule) if record else None
        if address is None or address in await self._known.users_of([address]):
            await self._known.finish(lease)
            return
        try:
            user = await self._people.user_with(address)
        except SlackThrottled as throttled:
            await self._due.hold(throttled.retry_after_s)
            await self._due.give_back(lease, delay_s=throttled.retry_after_s)
        except SlackRefused as refused:
            log.warning("the owner of a schedule can't be looked up", schedule=lease.member, why=refused.code)
            await self._known.finish(lease, (address, ""), for_s=REFUSED_S)
        except SlackError as away:
            log.info("the owner of a schedule can't be looked up now", schedule=lease.member, why=str(away))
            await self._due.give_back(lease, delay_s=AWAY_S)
        else:
            await self._known.finish(lease, (address, user), for_s=KEPT_S)

    async def find_now(self, schedule: WatchedSchedule) -> str | None:
        """Like `owner_of`, but asks Slack if need be. None if Slack doesn't answer now."""
        address = self._address(schedule)
        if address is None or address in await self._known.users_of([address]):
            return await self.owner_of(schedule)
        try:
            user = await self._people.user_with(address)
        except SlackError as error:
            log.info("an owner can't be looked up now", schedule=schedule.slug, why=str(error))
            return None
        await self._known.keep(address, user, for_s=KEPT_S)
        return user

    def _address(self, schedule: WatchedSchedule) -> str | None:
        """The address to look up, or None if there's none, or if the owners file already says who the owner is."""
        if not schedule.owner or self._owners.value.id_of(schedule) is not None:
            return None
        return address_in(schedule.owner)
