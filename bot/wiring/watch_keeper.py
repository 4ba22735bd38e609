"""Build the flow that keeps the stored watches in line with the watches file."""

from __future__ import annotations

from prometheus_client import Counter

from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.keep_watches import WatchKeeper
from bot.slack.identity import Identity
from bot.wiring.clients import Clients
from bot.wiring.services import Services
from bot.wiring.stores import Stores

LOST = Counter(
    "bolt_bot_watches_lost", "How many times this process found that Redis no longer had a record of watches."
)


def build_watch_keeper(services: Services, identity: Identity, stores: Stores, clients: Clients) -> WatchKeeper:
    """Build the keeper, with the watches that were read from the file at startup."""
    return WatchKeeper(
        services.watches,
        stores.watches,
        IncidentCloser(stores.incidents, stores.discovery),
        clients.audit,
        team=identity.team,
        now=services.bolt.time,
        lost=LOST.inc,
        report_fault=services.report_fault,
    )
