"""The services that the parts are built on, opened and closed by `bot.app`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.charts.child import Charts
from bot.core.logs.hints.hint import Table
from bot.core.model.current import Current
from bot.core.policy.rules import Policy
from bot.core.watching.owners import Owners
from bot.core.watching.watches_file import FileWatch
from bot.flows.cooperative import Intake
from bot.flows.private_replies import PrivateReplies
from bot.flows.schedule_catalog import ScheduleCatalog
from bot.paradime.client import BoltClient
from bot.paradime.download import Downloader
from bot.slack.client import SlackChat
from bot.slack.tasks import TaskRegistry
from bot.store.scripts import OutcomeObserver
from bot.workers.worker import ReportFault


@dataclass(frozen=True, slots=True)
class Services:
    """Open services. `report_fault` logs an unexpected error and returns its reference.

    Values read from files may be replaced, so any part that needs one holds its `Current`. `intake` counts the requests
    from Slack that aren't acknowledged yet.
    """

    redis: Redis
    bolt: BoltClient
    chat: SlackChat
    answers: PrivateReplies
    catalog: ScheduleCatalog
    charts: Charts
    downloads: Downloader
    tasks: TaskRegistry
    intake: Intake
    mask: Callable[[str], str]
    policy: Current[Policy]
    hints: Current[Table]
    owners: Current[Owners]
    watches: Current[Sequence[FileWatch]]
    watch_redis: OutcomeObserver
    report_fault: ReportFault
