"""Resolvers of Query and Mutation over a world.

`bolt_sandbox.bolt.world` carries the operations out, and `bolt_sandbox.bolt.shapes` writes the JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from bolt_sandbox.bolt.context import Context
from bolt_sandbox.bolt.model import Refused, Start
from bolt_sandbox.bolt.output import STDERR, STDOUT
from bolt_sandbox.bolt.shapes import command_json, log_lines, run_json, schedule_json
from bolt_sandbox.bolt.world import BoltWorld

SCHEDULES_MOST, RUNS_MOST, LOG_LINES_MOST = 10_000, 1000, 500

Json = dict[str, Any]
Resolver = Callable[..., Any]

# Queries


def list_bolt_schedules(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """ListBoltSchedules."""
    _check_page(args, SCHEDULES_MOST)
    world = _world(info)
    wanted = (args.get("filter") or {}).get("suspended")
    found = [
        each for each in world.schedules(active=not args["showInactive"]) if wanted is None or each.suspended == wanted
    ]
    if world.listing.out_of_order:
        found.reverse()
    page = found[args["offset"] : args["offset"] + args["limit"]]
    return {
        "schedules": [schedule_json(world, each) for each in page],
        "totalCount": len(found),
    }


def bolt_schedule_name(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """BoltScheduleName."""
    world = _world(info)
    schedule = world.schedule(_slug(args))
    newest = world.newest_run(schedule.slug)
    return {
        "ok": True,
        "latestRunId": newest.id if newest else None,
        "commands": schedule.commands,
        "owner": schedule.owner,
        "schedule": schedule.cron,
        "uuid": schedule.uuid,
        "source": schedule.source,
        "suspended": schedule.suspended,
    }


def list_bolt_runs(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """ListBoltRuns."""
    slug = _slug(args)
    _check_page(args, RUNS_MOST)
    runs, shown_at = _world(info).listed_runs(slug)
    page = runs[args["offset"] : args["offset"] + args["limit"]]
    return {"ok": True, "runs": [run_json(each, shown_at) for each in page]}


def bolt_run_status(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """BoltRunStatus."""
    context = info.context
    run = context.run(args["runId"])
    view = context.world.view(run.id)
    return {
        "state": view.state,
        "commands": [command_json(context.world, run, view, each) for each in view.commands],
    }


def bolt_command(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """BoltCommand."""
    context = info.context
    run, view, command = context.world.command(args["commandId"])
    context.run(run.id)
    return command_json(context.world, run, view, command)


def bolt_command_logs(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """BoltCommandLogs. The cursor is the number of lines read from stdout and from stderr."""
    context = info.context
    run, _view, command = context.world.command(args["commandId"])
    context.run(run.id)
    read_out, read_err = _read_cursor(args.get("cursor") or "0:0")
    lines = log_lines(context.world, run, command)
    out = [line.text for line in lines if line.stream == STDOUT]
    err = [line.text for line in lines if line.stream == STDERR]
    page_out = out[read_out : read_out + LOG_LINES_MOST]
    page_err = err[read_err : read_err + LOG_LINES_MOST - len(page_out)]
    read_out, read_err = (
        min(read_out, len(out)) + len(page_out),
        min(read_err, len(err)) + len(page_err),
    )
    page = [(STDOUT, text) for text in page_out] + [(STDERR, text) for text in page_err]
    return {
        "lines": [{"stream": stream, "line": text} for stream, text in page],
        "cursor": f"{read_out}:{read_err}",
        "finished": command.ended_at is not None and (read_out, read_err) == (len(out), len(err)),
    }


def bolt_resource_url(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """BoltResourceUrl."""
    context = info.context
    run = context.world.run_of_resource(args["resourceId"])
    if run is not None:
        context.run(run.id)
    token = context.world.presign(args["resourceId"])
    return {"ok": True, "url": f"{context.base_url}/artifacts/{token}"}


# Mutations


def trigger_bolt_run(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """TriggerBoltRun."""
    context = info.context
    actor, slug = context.writer(), _slug(args)
    commands, configs = args.get("commands"), args.get("commandConfigs")
    if commands is not None and configs is not None:
        raise Refused("At most one of commands and commandConfigs may be given")
    asked = [(text, None) for text in commands or ()]
    asked += [(each["command"], each.get("continueOnError")) for each in configs or ()]
    start = Start(
        branch=args.get("branch"),
        pull_request=args.get("prNumber"),
        commands=tuple(asked),
        continue_on_error=bool(args.get("continueOnError")),
        reason=args.get("reason"),
    )
    return {"ok": True, "runId": context.world.start(slug, start, actor).id}


def cancel_bolt_run(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """CancelBoltRun."""
    context = info.context
    actor = context.writer()
    context.world.cancel(context.run(args["scheduleRunId"]).id, actor)
    return {"ok": True}


def retry_bolt_run(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """RetryBoltRun."""
    context = info.context
    actor = context.writer()
    return {
        "ok": True,
        "runId": context.world.retry(context.run(args["scheduleRunId"]).id, actor).id,
    }


def retry_all_bolt_run(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """RetryAllBoltRun."""
    context = info.context
    actor = context.writer()
    return {
        "ok": True,
        "runId": context.world.retry_all(context.run(args["scheduleRunId"]).id, actor).id,
    }


def retry_bolt_run_from_failure(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """RetryBoltRunFromFailure."""
    context = info.context
    actor = context.writer()
    return {
        "ok": True,
        "runId": context.world.retry_from_failure(_slug(args), actor).id,
    }


def suspend_bolt_schedule(info: GraphQLResolveInfo[Context], **args: Any) -> Json:
    """SuspendBoltSchedule."""
    context = info.context
    context.writer()
    context.world.suspend(_slug(args), suspend=args["suspend"])
    return {"ok": True}


def _world(info: GraphQLResolveInfo[Context]) -> BoltWorld:
    return info.context.world


def _slug(args: Json) -> str:
    slug, older = args.get("slug"), args.get("scheduleName")
    if bool(slug) == bool(older):
        raise Refused("Exactly one of slug and scheduleName is required")
    return str(slug or older)


def _check_page(args: Json, most: int) -> None:
    if args["offset"] < 0:
        raise Refused("offset must be 0 or more")
    if not 1 <= args["limit"] <= most:
        raise Refused(f"limit must be between 1 and {most}")


def _read_cursor(cursor: str) -> tuple[int, int]:
    out, colon, err = cursor.partition(":")
    if not (colon and out.isdecimal() and err.isdecimal()):
        raise Refused("The cursor is not one that was returned")
    return int(out), int(err)


ROOT: dict[str, Resolver] = {
    "listBoltSchedules": list_bolt_schedules,
    "boltScheduleName": bolt_schedule_name,
    "listBoltRuns": list_bolt_runs,
    "boltRunStatus": bolt_run_status,
    "boltCommand": bolt_command,
    "boltCommandLogs": bolt_command_logs,
    "boltResourceUrl": bolt_resource_url,
    "triggerBoltRun": trigger_bolt_run,
    "cancelBoltRun": cancel_bolt_run,
    "retryBoltRun": retry_bolt_run,
    "retryAllBoltRun": retry_all_bolt_run,
    "retryBoltRunFromFailure": retry_bolt_run_from_failure,
    "suspendBoltSchedule": suspend_bolt_schedule,
}
