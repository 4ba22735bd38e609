"""The parts of one process: its stores, clients, flows, workers and listeners, built in that order.

This is the only package that knows all the parts. `bot.app` opens and closes their connections (Redis, Slack, Bolt,
HTTP) and passes them in as `Services`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.flows.keep_watches import WatchKeeper
from bot.flows.webhook_hints import WebhookHints
from bot.settings import Settings
from bot.slack.directory import Directory
from bot.slack.external_guard import ExternalGuard
from bot.slack.identity import Identity
from bot.slack.listener_context import ListenerContext
from bot.store.admissions import Admissions
from bot.store.backlog_metrics import BacklogMetrics
from bot.store.socket_count import SocketCount
from bot.wiring.backlog import build_backlog
from bot.wiring.base import Base
from bot.wiring.clients import build_clients, build_directory
from bot.wiring.flows import build_flows
from bot.wiring.listeners import build_hints, build_listener_context
from bot.wiring.services import Services
from bot.wiring.stores import build_stores
from bot.wiring.wakeups import Wakeups
from bot.wiring.watch_keeper import build_watch_keeper
from bot.wiring.work_table import DUE_SETS, LANES
from bot.wiring.workers import build_lookout, build_workers, woken
from bot.workers.lookout import Lookout
from bot.workers.worker import Worker

__all__ = ["Parts", "Services", "build"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that the app runs: workers by name, the context with which listeners call flows, and hints if set up.

    `admissions` and the `guard` are asked before any listener. The `directory` reads Slack's people and channels.
    `watch_keeper` applies the watches file. The `lookout` wakes workers.
    `probe` checks that Redis executes every command that the bot uses. `held` counts all processes' connections to
    Slack. `backlog` has the metrics of the data in Redis.
    """

    workers: dict[str, Worker]
    lookout: Lookout
    listener_context: ListenerContext
    admissions: Admissions
    guard: ExternalGuard
    hints: WebhookHints | None
    probe: Callable[[], Awaitable[None]]
    held: Callable[[int], Awaitable[int]]
    directory: Directory
    watch_keeper: WatchKeeper
    backlog: BacklogMetrics


def build(settings: Settings, services: Services, identity: Identity) -> Parts:
    """Build all parts, each from those built before it."""
    rows = (*DUE_SETS, *LANES)
    wakeups = Wakeups(woken(rows))
    stores = build_stores(settings, services, {row.name: row.gap_s(settings) for row in DUE_SETS})
    clients = build_clients(settings, services, identity, stores)
    base = Base(settings, services, identity, stores, clients, wakeups)
    flows = build_flows(base)
    wakeups.workers = build_workers(rows, base, flows)
    return Parts(
        workers=wakeups.workers,
        lookout=build_lookout(rows, base),
        listener_context=build_listener_context(base, flows),
        admissions=stores.admissions,
        guard=clients.guard,
        hints=build_hints(base),
        probe=stores.scripts.probe,
        held=SocketCount(stores.scripts).share_count,
        directory=build_directory(services, identity, clients),
        watch_keeper=build_watch_keeper(services, identity, stores, clients),
        backlog=build_backlog(stores),
    )
