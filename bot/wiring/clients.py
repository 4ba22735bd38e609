"""Clients of flows and listeners: people are read from Slack, permissions from the policy, logs and runs from Bolt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.redact.row_values import without_row_values
from bot.flows.authorize import Authorizer
from bot.flows.conclude import LogReader
from bot.flows.find_owners import OwnerFinder
from bot.flows.mention_owner import OwnerMentions
from bot.flows.run_listings import RunListings
from bot.settings import Settings
from bot.slack.call_limits import CallPace
from bot.slack.directory import Directory
from bot.slack.external_guard import ExternalGuard
from bot.slack.identity import Identity
from bot.slack.memberships import SlackMemberships
from bot.slack.people import Needs, SlackPeople
from bot.slack.people_by_address import PeopleByAddress
from bot.store.audit_stream import Audit
from bot.store.directory_cache import DirectoryCache
from bot.store.owners import OwnerUsers
from bot.store.slack_call_budget import SlackCallBudget
from bot.wiring.services import Services
from bot.wiring.stores import Stores


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients. `hide` removes row values from a log's text, unless they may be shown."""

    directory_cache: DirectoryCache
    people: SlackPeople
    guard: ExternalGuard
    audit: Audit
    gate: Authorizer
    hide: Callable[[str], str]
    logs: LogReader
    listings: RunListings
    memberships: SlackMemberships
    owners: OwnerFinder

    @property
    def owner_mentions(self) -> OwnerMentions:
        """Build the mentions of schedules' owners in channels."""
        return OwnerMentions(self.owners, self.people, self.memberships)


def build_clients(settings: Settings, services: Services, identity: Identity, stores: Stores) -> Clients:
    """Build the clients, and connect Slack's client to the shared call budget and the directory."""
    cache = DirectoryCache(stores.scripts)
    people = SlackPeople(
        services.chat,
        cache,
        installation=identity.installation,
        bot_name=f"@{identity.name}",
        needs=lambda: Needs(services.policy.value.groups, services.policy.value.asks_domain),
    )
    services.chat.pace = CallPace(SlackCallBudget(stores.scripts))
    services.chat.joined = people.joined
    audit = Audit(stores.scripts, most=settings.bolt_bot_audit_entries, days=settings.bolt_bot_audit_days)
    gate = Authorizer(
        services.policy,
        people,
        stores.runs,
        services.catalog,
        audit,
        workspace=settings.workspace,
        mask=services.mask,
    )
    hide = _as_it_is if settings.bolt_bot_show_row_values else without_row_values
    return Clients(
        directory_cache=cache,
        people=people,
        guard=ExternalGuard(
            identity.installation, people, admits_external=lambda: services.policy.value.admits_external
        ),
        audit=audit,
        gate=gate,
        hide=hide,
        logs=LogReader(services.bolt, services.mask, hide=hide, hints=services.hints),
        listings=RunListings(services.bolt),
        memberships=SlackMemberships(services.chat),
        owners=OwnerFinder(
            services.owners,
            OwnerUsers(stores.scripts, settings.slack_bot_token.get_secret_value()),
            PeopleByAddress(services.chat),
            stores.discovery,
            stores.due["owners"],
        ),
    )


def build_directory(services: Services, identity: Identity, clients: Clients) -> Directory:
    """Build the reader that loads Slack's people and channels ahead of time."""
    directory = Directory(
        services.chat,
        clients.directory_cache,
        installation=identity.installation,
        domains=lambda: services.policy.value.asks_domain,
        report_fault=services.report_fault,
    )
    clients.people.want_channels = directory.want_channels
    return directory


def _as_it_is(text: str) -> str:
    return text
