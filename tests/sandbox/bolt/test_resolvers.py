"""The contract, tested over a socket."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bolt_sandbox.bolt.graphql_execution import SDL
from tests.sandbox.bolt.conftest import Served

CONTRACT = Path(__file__).parents[4] / "shared" / "bolt-api" / "schema.graphql"
WHOLE_SCHEDULE = (
    "id uuid name slug schedule source owner suspended lastRunAt lastRunState nextRunAt commands gitBranch"
    " turboCi { ...d } deferredSchedule { ...d } slackOn slackNotify emailOn emailNotify"
    " notifications { emailNotifications { ...n } slackNotifications { ...n } msTeamsNotifications { ...n } }"
)
FRAGMENTS = (
    " fragment d on BoltDeferral { enabled deferredScheduleName deferredScheduleSlug deferEnvironmentSlug"
    " successfulRunOnly } fragment n on BoltNotification { channel events templateSlug templateName }"
)
LIST_RUNS = (
    "query ($slug: String, $old: String, $offset: Int!, $limit: Int!) { listBoltRuns(slug: $slug, scheduleName: $old,"
    " offset: $offset, limit: $limit) { ok runs { id state actor actorEmail parentScheduleRunId startDttm endDttm"
    " gitInfo { branch commitHash pullRequestId } } } }"
)


def test_the_schema_is_the_contract() -> None:
    """The copy of the contract is identical to the contract, byte for byte."""
    if not CONTRACT.exists():
        pytest.skip("the contract is not beside the project")
    assert SDL.read_bytes() == CONTRACT.read_bytes()


async def test_every_field_of_schedules(served: Served) -> None:
    """All fields of a schedule can be requested, and the schedule listed first is the one that succeeds quickly."""
    fields = f"{{ totalCount schedules {{ {WHOLE_SCHEDULE} }} }}"
    query = f"{{ listBoltSchedules(offset: 0, limit: 100, showInactive: false) {fields} }}"
    page = (await served.ask(query + FRAGMENTS))["listBoltSchedules"]
    first, *others = page["schedules"]
    assert (first["name"], first["slug"]) == ("Nightly full build", "nightly")
    assert page["totalCount"] == len(others) + 1
    assert first["lastRunState"] == "SUCCESS"
    unset = next(each for each in others if each["slug"] == "slow-start")
    assert unset["lastRunAt"] is unset["lastRunState"] is unset["nextRunAt"] is None
    assert unset["slackOn"] == unset["slackNotify"] == unset["emailOn"] == unset["emailNotify"] == [""]


async def test_inactive_and_suspended_schedules(served: Served) -> None:
    """Inactive schedules are listed instead of active ones; the filter selects suspended ones or the others."""
    query = (
        "query ($inactive: Boolean!, $filter: BoltScheduleFilter) { listBoltSchedules(offset: 0, limit: 100,"
        " showInactive: $inactive, filter: $filter) { schedules { slug } } }"
    )

    async def slugs(*, inactive: bool, suspended: bool | None = None) -> list[str]:
        chosen = None if suspended is None else {"suspended": suspended}
        data = await served.ask(query, {"inactive": inactive, "filter": chosen})
        return [each["slug"] for each in data["listBoltSchedules"]["schedules"]]

    assert await slugs(inactive=True) == ["nightly-2024", "legacy-export"]
    assert await slugs(inactive=False, suspended=True) == ["finance-close"]
    assert "nightly" in await slugs(inactive=False, suspended=False)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("listBoltSchedules(offset: -1, limit: 1, showInactive: false) { totalCount }", "offset"),
        ("listBoltSchedules(offset: 0, limit: 0, showInactive: false) { totalCount }", "limit"),
        ("listBoltSchedules(offset: 0, limit: 10001, showInactive: false) { totalCount }", "limit"),
        ('listBoltRuns(slug: "nightly", offset: -1, limit: 1) { ok }', "offset"),
        ('listBoltRuns(slug: "nightly", offset: 0, limit: 1001) { ok }', "limit"),
        ('listBoltRuns(slug: "nightly", scheduleName: "nightly", offset: 0, limit: 1) { ok }', "Exactly one"),
        ("listBoltRuns(offset: 0, limit: 1) { ok }", "Exactly one"),
        ("boltScheduleName { ok }", "Exactly one"),
        ('boltScheduleName(slug: "no-such") { ok }', "not found"),
        ('boltScheduleName(slug: "Nightly full build") { ok }', "not found"),
        ("boltRunStatus(runId: 7) { state }", "not found"),
        ("boltCommand(commandId: 7) { id }", "not found"),
        ("boltCommandLogs(commandId: 7) { cursor }", "not found"),
        ("boltResourceUrl(resourceId: 7) { url }", "not found"),
    ],
)
async def test_what_is_refused(served: Served, call: str, says: str) -> None:
    """Values that are out of range, ambiguous or unknown give an error with a path, and null as the data."""
    body = await served.answer(f"{{ {call} }}")
    assert body["data"] is None
    (error,) = body["errors"]
    assert says in error["message"]
    assert error["path"] == [call.partition("(")[0].partition(" ")[0]]


async def test_both_spellings_carry_the_slug(served: Served) -> None:
    """`slug` and `scheduleName` find the same schedule, for reading, starting and suspending."""
    query = '{ a: boltScheduleName(slug: "hourly") { uuid } b: boltScheduleName(scheduleName: "hourly") { uuid } }'
    data = await served.ask(query)
    assert data["a"] == data["b"]
    data = await served.ask('mutation { triggerBoltRun(scheduleName: "hourly") { ok runId } }')
    page = await served.ask(LIST_RUNS, {"old": "hourly", "offset": 0, "limit": 1})
    assert page["listBoltRuns"]["runs"][0]["id"] == data["triggerBoltRun"]["runId"]
    await served.ask('mutation { suspendBoltSchedule(scheduleName: "hourly", suspend: true) { ok } }')
    assert served.world.schedule("hourly").suspended


async def test_one_bad_id_nulls_a_batch(served: Served) -> None:
    """In a batch of aliases, one unknown run makes the data null, and its error's path names the alias."""
    run_id = await served.trigger("nightly")
    batch = f"{{ r1: boltRunStatus(runId: {run_id}) {{ state }} r2: boltRunStatus(runId: 7) {{ state }} }}"
    body = await served.answer(batch)
    assert body["data"] is None
    assert [error["path"] for error in body["errors"]] == [["r2"]]


async def test_a_query_that_is_not_valid(served: Served) -> None:
    """An unknown field and bad syntax are answered with 400 and errors without a path, and nothing is executed."""
    for query in ("{ noSuchField }", "{ boltRunStatus(runId: ", '{ boltRunStatus(runId: "x") { state } }'):
        response = await served.post(query)
        assert response.status_code == 400
        assert "path" not in response.json()["errors"][0]
        assert "data" not in response.json()


async def test_a_query_that_is_not_valid_may_come_with_200(served: Served) -> None:
    """A setting decides the status of an answer to an invalid query."""
    served.world.invalid_status = 200
    assert (await served.answer("{ noSuchField }"))["errors"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"query": 1}', b'{"query": "{x}", "variables": []}', b"\xff"])
async def test_a_body_that_is_no_request(served: Served, body: bytes) -> None:
    """A body that is not a GraphQL request is answered with 400 and an error message."""
    response = await served.client.post("/bolt/graphql", content=body)
    assert response.status_code == 400
    assert response.text.startswith(("The body", "variables"))


async def test_a_run_advances_with_the_clock(served: Served) -> None:
    """A run goes from STARTING through RUNNING to SUCCESS, and its commands appear as they begin."""
    run_id = await served.trigger("nightly")
    assert await served.status(run_id) == {"state": "STARTING", "commands": []}
    served.clock.pass_s(1.5)
    status = await served.status(run_id)
    assert status["state"] == "RUNNING"
    (clone,) = status["commands"]
    assert clone["command"].startswith("git clone")
    assert "https://x-access-token:ghs_" in clone["command"]
    assert clone["returnCode"] is None
    assert clone["endDttm"] == ""
    served.clock.pass_s(8.6)
    status = await served.status(run_id)
    assert status["state"] == "SUCCESS"
    assert [each["command"] for each in status["commands"][1:]] == ["dbt deps", "dbt seed", "dbt run", "dbt test"]
    ids = [each["id"] for each in status["commands"]]
    assert ids == sorted(ids)
    assert all(each["returnCode"] == 0 and each["endDttm"] for each in status["commands"])
    assert {each["scheduleRunId"] for each in status["commands"]} == {run_id}


async def test_an_end_that_has_not_come_may_be_null(served: Served) -> None:
    """A missing end is null or an empty string, as the contract allows both."""
    served.world.open_end = None
    run_id = await served.trigger("nightly")
    served.clock.pass_s(1.5)
    assert (await served.status(run_id))["commands"][0]["endDttm"] is None


async def test_both_time_formats(served: Served) -> None:
    """Times come as ISO 8601 with an offset and without one, and both mean UTC."""
    run_id = await served.trigger("nightly")
    served.clock.pass_s(11)
    times = [each["startDttm"] for each in (await served.status(run_id))["commands"]]
    with_offset = [each for each in times if each.endswith("+00:00")]
    assert with_offset
    assert len(with_offset) < len(times)
    without = [each for each in times if " " in each and "+" not in each]
    assert len(with_offset) + len(without) == len(times)
    naive = [datetime.fromisoformat(each).replace(tzinfo=None) for each in times]
    assert naive == sorted(naive)


async def test_options_of_a_start(served: Served) -> None:
    """A start's branch, pull request and commands apply to its run; its reason is kept, but not returned."""
    options: dict[str, Any] = {"branch": "feature/x", "prNumber": 482, "commands": ["dbt run -s a", "python x.py"]}
    run_id = await served.trigger("nightly", reason="asked by ada", **options)
    served.clock.pass_s(60)
    status = await served.status(run_id)
    assert [each["command"] for each in status["commands"]][2:] == ["dbt run -s a", "python x.py"]
    page = await served.ask(LIST_RUNS, {"slug": "nightly", "offset": 0, "limit": 1})
    (run,) = page["listBoltRuns"]["runs"]
    assert run["gitInfo"]["branch"] == "feature/x"
    assert run["gitInfo"]["pullRequestId"] == "482"
    assert (run["actor"], run["actorEmail"]) == ("API key sandbox", None)
    assert served.world.run(run_id).reason == "asked by ada"


async def test_a_commit_for_a_branch(served: Served) -> None:
    """A run on a commit shows its hash at once; a run on a branch shows one only after cloning."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    await served.trigger("nightly", branch=commit)
    await served.trigger("nightly")
    page = await served.ask(LIST_RUNS, {"slug": "nightly", "offset": 0, "limit": 2})
    on_branch, on_commit = (each["gitInfo"] for each in page["listBoltRuns"]["runs"])
    assert on_commit == {"branch": None, "commitHash": commit, "pullRequestId": None}
    assert on_branch == {"branch": "main", "commitHash": None, "pullRequestId": None}
    served.clock.pass_s(30)
    page = await served.ask(LIST_RUNS, {"slug": "nightly", "offset": 0, "limit": 1})
    assert len(page["listBoltRuns"]["runs"][0]["gitInfo"]["commitHash"]) == 40


async def test_continuing_on_error(served: Served) -> None:
    """A failed command ends the run unless the run or the command says to continue; the run has failed either way."""
    stops = await served.trigger("nightly", commands=["fail", "echo"])
    goes_on = await served.trigger("nightly", commands=["fail", "echo"], go=True)
    configs = [{"command": "fail", "continueOnError": True}, {"command": "fail"}, {"command": "echo"}]
    one_goes_on = await served.trigger("nightly", configs=configs)
    served.clock.pass_s(60)
    codes = {}
    for run_id in (stops, goes_on, one_goes_on):
        status = await served.status(run_id)
        assert status["state"] == "ERROR"
        codes[run_id] = [each["returnCode"] for each in status["commands"]][2:]
    assert codes == {stops: [1], goes_on: [1, 0], one_goes_on: [1, 1]}


async def test_commands_and_configs_together(served: Served) -> None:
    """A start with both commands and commandConfigs is refused."""
    query = 'mutation { triggerBoltRun(slug: "nightly", commands: ["a"], commandConfigs: [{command: "a"}]) { runId } }'
    assert "At most one" in (await served.refused(query))["message"]


async def test_a_second_run_may_be_refused(served: Served) -> None:
    """The schedule that always runs refuses with AlreadyRunningException; most others start alongside an active run."""
    error = await served.refused('mutation { triggerBoltRun(slug: "already-running") { runId } }')
    assert "AlreadyRunningException" in error["message"]
    assert error["path"] == ["triggerBoltRun"]
    assert await served.trigger("nightly") < await served.trigger("nightly")


async def test_cancel_only_asks(served: Served) -> None:
    """After a cancel, the run goes on for a moment; then it's CANCELED and its command has failed."""
    run_id = await served.trigger("backfill")
    served.clock.pass_s(10)
    cancel = f"mutation {{ cancelBoltRun(scheduleRunId: {run_id}) {{ ok }} }}"
    assert await served.ask(cancel) == {"cancelBoltRun": {"ok": True}}
    assert (await served.status(run_id))["state"] == "RUNNING"
    served.clock.pass_s(3)
    status = await served.status(run_id)
    assert status["state"] == "CANCELED"
    assert status["commands"][-1]["returnCode"] not in (None, 0)
    assert status["commands"][-1]["endDttm"]


async def test_cancelling_a_finished_run(served: Served) -> None:
    """A setting decides whether cancelling a finished run is an error; the run stays as it was."""
    run_id = await served.trigger("nightly")
    served.clock.pass_s(30)
    cancel = f"mutation {{ cancelBoltRun(scheduleRunId: {run_id}) {{ ok }} }}"
    assert "already finished with SUCCESS" in (await served.refused(cancel))["message"]
    served.world.cancel_finished = "ok"
    assert (await served.ask(cancel))["cancelBoltRun"]["ok"]
    served.clock.pass_s(30)
    assert (await served.status(run_id))["state"] == "SUCCESS"


async def test_retries(served: Served) -> None:
    """A retry is a new run of the failed commands, or of all of them, with the old run as its parent."""
    old = await served.trigger("hourly")
    refused = await served.refused(f"mutation {{ retryBoltRun(scheduleRunId: {old}) {{ runId }} }}")
    assert "not finished" in refused["message"]
    served.clock.pass_s(15)
    assert (await served.status(old))["state"] == "ERROR"
    retried = await served.ask(f"mutation {{ retryBoltRun(scheduleRunId: {old}) {{ ok runId }} }}")
    again = await served.ask(f"mutation {{ retryAllBoltRun(scheduleRunId: {old}) {{ ok runId }} }}")
    latest = await served.ask('mutation { retryBoltRunFromFailure(slug: "hourly") { ok runId } }')
    served.clock.pass_s(30)
    own = {}
    for name, data in (("retryBoltRun", retried), ("retryAllBoltRun", again), ("retryBoltRunFromFailure", latest)):
        run_id = data[name]["runId"]
        assert served.world.run(run_id).parent_id == old
        status = await served.status(run_id)
        own[name] = (status["state"], [each["command"] for each in status["commands"]][2:])
    assert own == {
        "retryBoltRun": ("SUCCESS", ["dbt retry"]),
        "retryAllBoltRun": ("ERROR", ["dbt seed", "dbt run --select +fct_revenue+"]),
        "retryBoltRunFromFailure": ("SUCCESS", ["dbt retry"]),
    }
    assert (await served.status(old))["state"] == "ERROR"


async def test_suspending(served: Served) -> None:
    """Schedules that are defined in a YAML file can't be suspended or resumed here."""
    error = await served.refused('mutation { suspendBoltSchedule(slug: "finance-close", suspend: false) { ok } }')
    assert "YAML" in error["message"]
    await served.ask('mutation { suspendBoltSchedule(slug: "nightly", suspend: true) { ok } }')
    assert (await served.ask('{ boltScheduleName(slug: "nightly") { suspended } }'))["boltScheduleName"]["suspended"]


async def test_a_log_in_pages(served: Served) -> None:
    """A log comes in bounded pages, grows while the command is running, and is finished once all of it was read."""
    run_id = await served.trigger("noisy")
    served.clock.pass_s(2.8 + 2.5)
    command = (await served.status(run_id))["commands"][-1]
    assert command["returnCode"] is None
    query = (
        "query ($id: Int!, $cursor: String) { boltCommandLogs(commandId: $id, cursor: $cursor)"
        " { lines { stream line } cursor finished } }"
    )
    cursor, lines, pages = "0:0", list[str](), 0
    while True:
        page = (await served.ask(query, {"id": command["id"], "cursor": cursor}))["boltCommandLogs"]
        assert len(page["lines"]) <= 500
        lines += [each["line"] for each in page["lines"]]
        cursor, pages = page["cursor"], pages + 1
        if page["finished"]:
            break
        if not page["lines"]:
            served.clock.pass_s(1)
    assert pages > 40
    whole = await served.ask(f"{{ boltCommand(commandId: {command['id']}) {{ stdout stderr returnCode }} }}")
    assert whole["boltCommand"]["stdout"].splitlines() == lines
    assert whole["boltCommand"]["returnCode"] == 1
    assert "cursor" in (await served.refused(query, {"id": command["id"], "cursor": "x"}))["message"]


async def test_artifacts_and_their_expiry(served: Served) -> None:
    """A file is downloaded without credentials from a URL that works for a minute."""
    run_id = await served.trigger("data-quality-tests")
    served.clock.pass_s(5)
    assert (await served.status(run_id))["commands"][-1]["resources"] == []
    served.clock.pass_s(10)
    command = (await served.status(run_id))["commands"][-1]
    paths = {each["path"]: each["id"] for each in command["resources"]}
    assert set(paths) == {"target/manifest.json", "target/run_results.json"}
    query = f"{{ boltResourceUrl(resourceId: {paths['target/run_results.json']}) {{ ok url }} }}"
    url = (await served.ask(query))["boltResourceUrl"]["url"]
    assert url.startswith(str(served.client.base_url))
    results = (await served.client.get(url)).json()
    assert "fail" in [each["status"] for each in results["results"]]
    served.clock.pass_s(59)
    assert (await served.client.get(url)).status_code == 200
    served.clock.pass_s(1)
    assert (await served.client.get(url)).status_code == 403
    assert (await served.client.get("/bolt/artifacts/made-up")).status_code == 403


async def test_the_page_of_a_run(served: Served) -> None:
    """The page that links lead to shows the run, with foreign text escaped."""
    run_id = await served.trigger("nightly", commands=["echo <script>alert(1)</script>"])
    served.clock.pass_s(30)
    page = await served.client.get(f"/bolt/run_id/{run_id}")
    assert "SUCCESS" in page.text
    assert "<script>" not in page.text
    assert (await served.client.get("/bolt/run_id/7")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-API-KEY": "sandbox", "X-API-SECRET": "sandbox"}, 200),
        ({"X-API-KEY": "viewer", "X-API-SECRET": "viewer"}, 200),
        ({"Authorization": "Bearer prdm_wsp_sandbox"}, 200),
        ({"Authorization": "Bearer prdm_cmp_sandbox", "X-Paradime-Workspace": "sandbox"}, 200),
        ({"Authorization": "Bearer prdm_cmp_sandbox"}, 401),
        ({"Authorization": "Bearer prdm_cmp_sandbox", "X-Paradime-Workspace": "other"}, 401),
        ({"Authorization": "Bearer sandbox"}, 401),
        ({"X-API-KEY": "sandbox", "X-API-SECRET": "wrong"}, 401),
        ({"X-API-KEY": "sandbox", "X-API-SECRET": "prdm_wsp_sandbox"}, 401),
        ({}, 401),
    ],
)
async def test_credentials(served: Served, headers: dict[str, str], status: int) -> None:
    """Each form of credentials is accepted, and anything else is refused with an error message."""
    response = await served.post('{ boltScheduleName(slug: "nightly") { ok } }', headers=headers)
    assert response.status_code == status
    assert status == 200 or response.text.startswith("Unauthorized")


async def test_a_viewer_may_not_write(served: Served) -> None:
    """Every mutation with a read-only key is refused, and nothing changes."""
    viewer = {"X-API-KEY": "viewer", "X-API-SECRET": "viewer"}
    run_id = await served.trigger("backfill")
    before = len(served.world.runs())
    for call in (
        'triggerBoltRun(slug: "nightly") { runId }',
        f"cancelBoltRun(scheduleRunId: {run_id}) {{ ok }}",
        f"retryBoltRun(scheduleRunId: {run_id}) {{ runId }}",
        f"retryAllBoltRun(scheduleRunId: {run_id}) {{ runId }}",
        'retryBoltRunFromFailure(slug: "hourly") { runId }',
        'suspendBoltSchedule(slug: "nightly", suspend: true) { ok }',
    ):
        body = (await served.post(f"mutation {{ {call} }}", headers=viewer)).json()
        assert "Bolt schedules admin" in body["errors"][0]["message"]
    assert len(served.world.runs()) == before
    assert served.world.run(run_id).stop is None


async def test_every_request_is_recorded(served: Served) -> None:
    """Each request is recorded: what it asked for, how it was answered, and when."""
    run_id = await served.trigger("nightly")
    await served.ask(
        f"{{ a: boltRunStatus(runId: {run_id}) {{ state }} b: boltRunStatus(runId: {run_id}) {{ state }} }}"
    )
    await served.post("{ x }", headers={})
    assert [each.operations for each in served.records] == [("triggerBoltRun",), ("boltRunStatus",) * 2, ("x",)]
    assert [each.status for each in served.records] == [200, 200, 401]
    assert served.records[0].at == served.clock()
    assert str(served.records[1]).startswith("bolt: boltRunStatus x2: 200, ")
    assert served.world.calls.total == 3
    assert served.world.calls.by_operation["boltRunStatus"] == 1
    assert served.world.calls.fields_by_operation["boltRunStatus"] == 2
