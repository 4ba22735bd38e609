"""Build the stores in Redis.

The limits that settings don't change are in `bot.core.model.admission` and `bot.store.lanes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.model.admission import Limits
from bot.flows.run_stores import RunStores
from bot.settings import Settings
from bot.store.admissions import Admissions
from bot.store.digests import Digests
from bot.store.discovery import Discovery
from bot.store.discovery_hints import DiscoveryHints
from bot.store.due_sets import DueSet
from bot.store.incidents import Incidents
from bot.store.lanes import EditLane, PostLane, SlackBudget
from bot.store.listing_gaps import ListingGaps
from bot.store.notices import Notices
from bot.store.outages import Outages
from bot.store.run_followers import RunFollowers
from bot.store.run_indexes import RunIndexes
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_queue import StartQueue
from bot.store.start_requests import StartRequests
from bot.store.uploads import Uploads
from bot.store.watches import Watches
from bot.wiring.services import Services

DAY_S = 86_400
UPLOAD_LEASE_S = 60.0


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores in Redis, by kind of record."""

    scripts: Scripts
    budget: SlackBudget
    admissions: Admissions
    requests: StartRequests
    runs: Runs
    due: dict[str, DueSet]
    edits: EditLane
    posts: PostLane
    run_followers: RunFollowers
    start_queue: StartQueue
    uploads: Uploads
    indexes: RunIndexes
    watches: Watches
    discovery: Discovery
    discovery_hints: DiscoveryHints
    gaps: ListingGaps
    incidents: Incidents
    outages: Outages
    digests: Digests
    notices: Notices

    @property
    def of_runs(self) -> RunStores:
        """The stores that a run passes through."""
        return RunStores(self.requests, self.start_queue, self.runs, self.run_followers)


def build_stores(settings: Settings, services: Services, gaps_s: Mapping[str, float]) -> Stores:
    """Build the stores, all on the same scripts.

    `gaps_s` has each due set's minimum time between two claims, by name.
    """
    scripts = Scripts(
        services.redis,
        settings.bolt_bot_name,
        retention_s=round(settings.bolt_bot_retention_days * DAY_S),
        watch=services.watch_redis,
    )
    lease_s = settings.bolt_bot_lease_s
    limits = Limits.for_budget(
        settings.bolt_bot_user_limit,
        settings.bolt_bot_channel_limit,
        posts_a_minute=settings.bolt_bot_posts_a_minute,
        deadline_s=settings.bolt_bot_start_deadline_s,
    )
    budget = SlackBudget.of(settings.bolt_bot_edits_a_minute, settings.bolt_bot_posts_a_minute)
    return Stores(
        scripts=scripts,
        budget=budget,
        admissions=Admissions(scripts, limits),
        requests=StartRequests(scripts, limits),
        runs=Runs(scripts),
        due={name: DueSet(scripts, name, lease_s=lease_s, gap_s=gap_s) for name, gap_s in gaps_s.items()},
        edits=EditLane(scripts, budget, lease_s=lease_s),
        # Sending a file takes longer than sending a message.
        posts=PostLane(scripts, budget, lease_s=lease_s, upload_lease_s=max(min(UPLOAD_LEASE_S, 6 * lease_s), lease_s)),
        run_followers=RunFollowers(scripts),
        start_queue=StartQueue(scripts),
        uploads=Uploads(scripts),
        indexes=RunIndexes(scripts),
        watches=Watches(scripts),
        discovery=Discovery(scripts),
        discovery_hints=DiscoveryHints(scripts),
        gaps=ListingGaps(scripts),
        incidents=Incidents(scripts),
        outages=Outages(scripts),
        digests=Digests(scripts),
        notices=Notices(scripts),
    )
