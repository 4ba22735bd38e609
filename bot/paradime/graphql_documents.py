"""GraphQL documents. `{slug}` is the name of the argument for a slug: `slug`, or `scheduleName` on older backends."""

from __future__ import annotations

from collections.abc import Sequence

_DEFERRAL = "enabled deferredScheduleName deferredScheduleSlug deferEnvironmentSlug successfulRunOnly"
_OLD_DEFERRAL = "enabled deferredScheduleName successfulRunOnly"
_OLD_SCHEDULE = """
    id uuid name schedule source owner lastRunAt lastRunState nextRunAt commands gitBranch
    slackOn slackNotify emailOn emailNotify
"""

SCHEDULES = f"""
query Schedules($offset: Int!, $limit: Int!, $inactive: Boolean!, $filter: BoltScheduleFilter) {{
  listBoltSchedules(offset: $offset, limit: $limit, showInactive: $inactive, filter: $filter) {{
    totalCount
    schedules {{
      {_OLD_SCHEDULE} slug suspended
      turboCi {{ {_DEFERRAL} }}
      deferredSchedule {{ {_DEFERRAL} }}
      notifications {{
        emailNotifications {{ channel events templateName }}
        slackNotifications {{ channel events templateName }}
        msTeamsNotifications {{ channel events templateName }}
      }}
    }}
  }}
}}
"""

# The fields of a schedule that every backend knows.
OLD_SCHEDULES = f"""
query Schedules($offset: Int!, $limit: Int!, $inactive: Boolean!) {{
  listBoltSchedules(offset: $offset, limit: $limit, showInactive: $inactive) {{
    totalCount
    schedules {{
      {_OLD_SCHEDULE}
      turboCi {{ {_OLD_DEFERRAL} }}
      deferredSchedule {{ {_OLD_DEFERRAL} }}
    }}
  }}
}}
"""

# The fields that change when a schedule runs: few, because they're requested every few seconds.
ACTIVITY = """
query Activity($offset: Int!, $limit: Int!, $inactive: Boolean!) {
  listBoltSchedules(offset: $offset, limit: $limit, showInactive: $inactive) {
    totalCount
    schedules { slug uuid lastRunAt lastRunState nextRunAt suspended }
  }
}
"""

OLD_ACTIVITY = """
query Activity($offset: Int!, $limit: Int!, $inactive: Boolean!) {
  listBoltSchedules(offset: $offset, limit: $limit, showInactive: $inactive) {
    totalCount
    schedules { name uuid lastRunAt lastRunState nextRunAt }
  }
}
"""

CHECK = """
query Check { listBoltSchedules(offset: 0, limit: 1, showInactive: false) { totalCount } }
"""

COMMAND = """
query Command($id: Int!) {
  boltCommand(commandId: $id) {
    id command startDttm endDttm returnCode stdout stderr scheduleRunId resources { id path }
  }
}
"""

RUN_OF_COMMAND = """
query RunOfCommand($id: Int!) { boltCommand(commandId: $id) { scheduleRunId } }
"""

LOGS = """
query Logs($id: Int!, $cursor: String) {
  boltCommandLogs(commandId: $id, cursor: $cursor) { lines { stream line } cursor finished }
}
"""

RESOURCE_URL = """
query ResourceUrl($id: Int!) { boltResourceUrl(resourceId: $id) { ok url } }
"""

CANCEL = """
mutation Cancel($id: Int!) { cancelBoltRun(scheduleRunId: $id) { ok } }
"""

RETRY = """
mutation Retry($id: Int!) { retryBoltRun(scheduleRunId: $id) { ok runId } }
"""

RETRY_ALL = """
mutation RetryAll($id: Int!) { retryAllBoltRun(scheduleRunId: $id) { ok runId } }
"""


def schedule(slug: str) -> str:
    """Query one schedule. Only backends that know the newer spelling have the field `suspended`."""
    newer = " suspended" if slug == "slug" else ""
    return f"""
query Schedule($slug: String) {{
  boltScheduleName({slug}: $slug) {{ ok latestRunId commands owner schedule uuid source{newer} }}
}}
"""


def runs(slug: str) -> str:
    """Query a page of a schedule's runs, newest first."""
    return f"""
query Runs($slug: String, $offset: Int!, $limit: Int!) {{
  listBoltRuns({slug}: $slug, offset: $offset, limit: $limit) {{
    ok
    runs {{
      id state actor actorEmail parentScheduleRunId startDttm endDttm gitInfo {{ branch commitHash pullRequestId }}
    }}
  }}
}}
"""


def newest_runs(slug: str, count: int, type_name: str = "") -> str:
    """Query the newest runs of `count` schedules in one request, with aliases: s<n>, whose slug is the variable $s<n>.

    `type_name`: the backend's name for the type of a page of runs, see `statuses`.
    """
    fields = (
        "ok runs { id state actor actorEmail parentScheduleRunId startDttm endDttm"
        " gitInfo { branch commitHash pullRequestId } }"
    )
    each = "...Page" if type_name else f"__typename {fields}"
    named = ", ".join(f"$s{number}: String" for number in range(count))
    selections = "\n".join(
        f"  s{number}: listBoltRuns({slug}: $s{number}, offset: $offset, limit: $limit) {{ {each} }}"
        for number in range(count)
    )
    shared = f"fragment Page on {type_name} {{ {fields} }}\n" if type_name else ""
    return f"query NewestRuns($offset: Int!, $limit: Int!, {named}) {{\n{selections}\n}}\n{shared}"


def trigger(slug: str) -> str:
    """Start a run."""
    return f"""
mutation Trigger(
  $slug: String, $commands: [String!], $branch: String, $prNumber: Int, $reason: String, $continueOnError: Boolean
) {{
  triggerBoltRun(
    {slug}: $slug, commands: $commands, branch: $branch, prNumber: $prNumber, reason: $reason,
    continueOnError: $continueOnError
  ) {{ ok runId }}
}}
"""


def suspend(slug: str) -> str:
    """Pause or resume a schedule."""
    return f"""
mutation Suspend($slug: String, $suspend: Boolean!) {{
  suspendBoltSchedule({slug}: $slug, suspend: $suspend) {{ ok }}
}}
"""


def statuses(run_ids: Sequence[int], type_name: str = "") -> str:
    """Query the statuses of many runs in one request, with aliases: r<id>. Logs aren't included: they may be megabytes.

    `type_name` is the backend's name for the type of a status. If it's known, the fields are written once, as a
    fragment; if it's empty, the query asks for the name as well.
    """
    fields = "state commands { id command startDttm endDttm returnCode }"
    each = "...Status" if type_name else f"__typename {fields}"
    selections = "\n".join(f"  r{int(run_id)}: boltRunStatus(runId: {int(run_id)}) {{ {each} }}" for run_id in run_ids)
    shared = f"fragment Status on {type_name} {{ {fields} }}\n" if type_name else ""
    return f"query Statuses {{\n{selections}\n}}\n{shared}"


def resources(command_ids: Sequence[int]) -> str:
    """Query the artifacts of many commands in one request, with aliases: c<id>. The commands' output isn't queried."""
    selections = "\n".join(
        f"  c{int(one)}: boltCommand(commandId: {int(one)}) {{ resources {{ id path }} }}" for one in command_ids
    )
    return f"query Resources {{\n{selections}\n}}\n"
