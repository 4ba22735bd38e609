"""Convert the world's records to the API's JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLResolveInfo

from bolt_sandbox.bolt.context import Context
from bolt_sandbox.bolt.model import Run, Schedule
from bolt_sandbox.bolt.output import STDERR, STDOUT, LogLine, as_text, printed
from bolt_sandbox.bolt.run_state import CommandView, RunView, observe, resources
from bolt_sandbox.bolt.world import BoltWorld

Json = dict[str, Any]


def schedule_json(world: BoltWorld, schedule: Schedule) -> Json:
    """Return a BoltSchedule."""
    last, next_at = world.last_run(schedule.slug), world.next_slot(schedule)
    return {
        "id": schedule.id,
        "uuid": schedule.uuid,
        "name": schedule.name,
        "slug": schedule.slug,
        "schedule": schedule.cron,
        "source": schedule.source,
        "owner": schedule.owner,
        "suspended": schedule.suspended,
        "lastRunAt": written(last[0], schedule.id) if last else None,
        "lastRunState": last[1] if last else None,
        "nextRunAt": written(next_at, schedule.id) if next_at else None,
        "commands": schedule.commands,
        "gitBranch": schedule.git_branch,
        "turboCi": schedule.turbo_ci,
        "deferredSchedule": schedule.deferral,
        "slackOn": schedule.slack[0],
        "slackNotify": schedule.slack[1],
        "emailOn": schedule.email[0],
        "emailNotify": schedule.email[1],
        "notifications": schedule.notifications,
    }


def run_json(run: Run, now: datetime) -> Json:
    """Return a BoltRun."""
    view = observe(run, now)
    return {
        "id": run.id,
        "state": view.state,
        "actor": run.actor.name,
        "actorEmail": run.actor.email,
        "parentScheduleRunId": run.parent_id,
        "startDttm": written(run.created_at, run.id),
        "endDttm": written(view.ended_at, run.id) if view.ended_at else None,
        "gitInfo": {
            "branch": run.branch,
            "commitHash": run.commit if run.commit_was_given or _is_cloned(view) else None,
            "pullRequestId": None if run.pull_request is None else str(run.pull_request),
        },
    }


def written(moment: datetime, number: int) -> str:
    """Format a time in one of the API's two ways: with an offset for even numbers, and without one for odd numbers."""
    in_utc = moment.astimezone(UTC)
    if number % 2 == 0:
        return in_utc.isoformat(timespec="microseconds")
    return in_utc.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def command_json(world: BoltWorld, run: Run, view: RunView, command: CommandView) -> Json:
    """Return a BoltCommand. Large fields are computed only if requested."""

    def text(stream: str) -> Callable[[GraphQLResolveInfo[Context]], str]:
        if command.ended_at is None and not world.tells_running_output:
            return lambda _info: ""
        return lambda _info: as_text(log_lines(world, run, command), stream)

    return {
        "id": command.id,
        "command": command.step.command,
        "startDttm": written(command.started_at, command.id),
        "endDttm": written(command.ended_at, command.id) if command.ended_at else world.open_end,
        "stdout": text(STDOUT),
        "stderr": text(STDERR),
        "returnCode": command.return_code,
        "scheduleRunId": run.id,
        "resources": lambda _info: [{"id": each.id, "path": each.path} for each in resources(view, command)],
    }


def log_lines(world: BoltWorld, run: Run, command: CommandView) -> list[LogLine]:
    """Return the lines that a command has printed by now."""
    return printed(world.log_source(run, command), command.elapsed_s, stopped=command.was_stopped)


def _is_cloned(view: RunView) -> bool:
    return bool(view.commands) and view.commands[0].ended_at is not None
