"""The base from which flows, workers and listeners are built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.model.run import CardRef
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.links import Links
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries
from bot.flows.whom_to_mention import IncidentPeople
from bot.settings import Settings
from bot.slack.identity import Identity, card_url
from bot.wiring.clients import Clients
from bot.wiring.services import Services
from bot.wiring.stores import Stores
from bot.wiring.wakeups import Wakeups


@dataclass(frozen=True, slots=True)
class Base:
    """Everything built before the flows, and values derived from it."""

    settings: Settings
    services: Services
    identity: Identity
    stores: Stores
    clients: Clients
    wakeups: Wakeups

    @property
    def bot_name(self) -> str:
        """The bot's name as people mention it."""
        return f"@{self.identity.name}"

    def mask_log(self, text: str) -> str:
        """Mask a log's text, and remove row values unless they may be shown."""
        return self.services.mask(self.clients.hide(text))

    def card_url(self, card: CardRef) -> str | None:
        """Return the address of a card's message, or None if the workspace's address isn't known."""
        return card_url(self.identity, card.channel, card.ts)

    @staticmethod
    def now() -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    @property
    def links(self) -> Links:
        """The web addresses that messages link to."""
        return Links(self.settings.paradime_app_url, self.card_url)

    @property
    def incident_people(self) -> IncidentPeople:
        """The people whom an incident's messages name and notify."""
        return IncidentPeople(self.clients.people, self.stores.watches, self.clients.owner_mentions)

    @property
    def incident_retries(self) -> IncidentRetries:
        """The retries that an incident's message shows."""
        return IncidentRetries(self.stores.requests, self.stores.runs, workspace=self.settings.workspace)

    @property
    def incident_closer(self) -> IncidentCloser:
        """The flow that closes incidents that no watch covers anymore."""
        return IncidentCloser(self.stores.incidents, self.stores.discovery)

    @property
    def quiet_hours(self) -> QuietHours:
        """The quiet hours of watches."""
        return QuietHours(self.stores.watches, now=self.now)
