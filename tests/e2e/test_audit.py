"""The audit log: every request with its decision, what became of it, and who may read it."""

from __future__ import annotations

import json
from typing import Any

from bolt_sandbox.bolt import Fault
from tests.e2e.command import bolt_bot
from tests.e2e.elsewhere import SLUG, add_schedule
from tests.e2e.stage import Stage
from tests.e2e.test_approval import TEXT, WITHIN
from tests.e2e.test_policy import policy

Json = dict[str, Any]
READERS = """\
version: 1
rules:
  - what: audit
    who: {users: [U0ADA]}
    allow: true
  - what: audit
    deny: the record is Ada's to read
  - what: start
    who: {users: [U0GRACE]}
    deny: not Grace
  - allow: true
    which: {commands: any}
"""


async def printed(stage: Stage, *arguments: str, **settings: str) -> str:
    """A command's output while the bot is running."""
    environment = {**stage.sandbox.env(), **stage.data(), **settings}
    outcome = await bolt_bot(*arguments, environment=environment)
    assert outcome.status == 0, outcome.err
    return outcome.out


async def export(stage: Stage, *arguments: str) -> list[Json]:
    """The entries of the audit log."""
    return [json.loads(line) for line in (await printed(stage, "audit", "export", *arguments)).splitlines()]


def of(entries: list[Json], request: str) -> list[str]:
    """The events of a request, in order."""
    return [one["event"] for one in entries if one.get("request") == request]


async def test_a_start_is_on_record_from_asking_to_end(stage: Stage) -> None:
    """The audit log has who, where, what, the decision, the rule, the run and the outcome; Bolt has the request."""
    await stage.start_bot()
    await stage.slash('run nightly --reason "late data"')
    await stage.until(stage.replied("succeeded"))
    entries = await export(stage)
    first = entries[0]
    assert {name: first[name] for name in first if name not in {"at", "request"}} == {
        "event": "asked",
        "user": "U0ADA",
        "user_name": "ada",
        "team": "T0SANDBOX",
        "channel": "C0DATAENG",
        "channel_name": "data-eng",
        "action": "start",
        "text": 'run "nightly" --reason "late data"',
        "schedule": "nightly",
        "decision": "allow",
        "rule": "members can do everything",
    }
    (run,) = stage.started()
    assert of(entries, first["request"]) == ["asked", "started", "ended"]
    assert [one.get("run") for one in entries] == [None, run.id, run.id]
    assert entries[-1]["outcome"] == "SUCCESS"
    assert run.reason == f"late data - ada from Slack in #data-eng (request {first['request']})"


async def test_a_refusal_is_on_record(stage: Stage) -> None:
    """Refusals by the policy and by Bolt are in the audit log."""
    await stage.start_bot()
    await stage.slash("run nightly", user="gus")
    await stage.until(stage.told_privately("can only read", user="gus"))
    stage.sandbox.bolt.faults.add(Fault("graphql_error", operation="triggerBoltRun"))
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("Bolt didn't start it"))
    entries = await export(stage)
    by_guest = [one for one in entries if one["user"] == "U0GUS"]
    assert [(one["event"], one.get("decision"), one.get("outcome")) for one in by_guest] == [
        ("asked", "deny", "guests can only read"),
        ("refused", None, by_guest[-1]["outcome"]),
    ]
    assert [one["event"] for one in entries if one["user"] == "U0ADA"] == ["asked", "refused"]


async def test_clicks_and_reads_are_on_record(stage: Stage) -> None:
    """Clicks and reads are recorded as commands, with the run's schedule."""
    add_schedule(stage)
    await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    await stage.slash("list")
    await stage.until(stage.told_privately("schedules, page"))
    await stage.click("Cancel run", user="grace")
    await stage.until(stage.replied("cancelled"))
    (run,) = stage.started()
    entries = [
        (one["event"], one.get("text") or one.get("outcome"), one.get("schedule")) for one in await export(stage)
    ]
    assert entries == [
        ("asked", f'run "{SLUG}"', SLUG),
        ("started", None, SLUG),
        ("asked", "list", None),
        ("asked", f"cancel {run.id}", SLUG),
        ("ended", "CANCELED", SLUG),
    ]


async def test_an_approval_is_on_record(stage: Stage) -> None:
    """The audit log shows who approved a start."""
    await stage.start_bot(policy(stage, TEXT.format(within=WITHIN)))
    await stage.slash("run nightly")
    await stage.until(stage.card_says("is waiting for approval"))
    await stage.click("Approve", user="grace")
    await stage.until(stage.replied("succeeded"))
    entries = await export(stage)
    assert [(one["event"], one["user"]) for one in entries if one["event"] != "ended"] == [
        ("asked", "U0ADA"),
        ("approved", "U0GRACE"),
        ("started", "U0ADA"),
    ]
    assert entries[0]["decision"] == "approve"


async def test_those_who_may_read_it_in_slack(stage: Stage) -> None:
    """Readers see the newest entries first and can filter by person, schedule and time; each refusal is logged."""
    await stage.start_bot(policy(stage, READERS))
    await stage.slash("run nightly", user="grace")
    await stage.until(stage.told_privately("not Grace", user="grace"))
    await stage.slash("list", user="gus")
    await stage.until(stage.told_privately("schedules, page", user="gus"))
    await stage.slash("audit", user="grace")
    await stage.until(stage.told_privately("the record is Ada's to read", user="grace"))
    await stage.slash("audit --since 1h")
    await stage.until(stage.told_privately("in the audit log"))
    told = str(stage.private()[-1].blocks)
    assert told.index("audit") < told.index("list") < told.index('run "nightly"')
    stage.sandbox.workspace.privates.clear()
    await stage.slash("audit --user @gus")
    await stage.until(stage.told_privately("in the audit log"))
    assert 'run "nightly"' not in str(stage.private()[-1].blocks)
    stage.sandbox.workspace.privates.clear()
    await stage.mention("list", user="gus")
    await stage.until(stage.told_privately("schedules, page", user="gus"))
    await stage.mention("audit --user <@U0GUS>")
    await stage.until(stage.told_privately("The newest 2 entries in the audit log by"))
    assert [(one["user"], one["user_name"]) for one in await export(stage)][-2:] == [("U0GUS", "gus"), ("U0ADA", "ada")]
    stage.sandbox.workspace.privates.clear()
    await stage.slash("audit --schedule hourly")
    await stage.until(stage.told_privately("The audit log has no matching entries"))
    await stage.slash("audit --since yesterday")
    await stage.until(stage.told_privately("--since needs a time or a date"))


async def test_it_is_exported_from_a_moment_on(embedded: Stage) -> None:
    """`--since` exports nothing older; the entries are read from the Redis that the running bot has started."""
    await embedded.start_bot()
    await embedded.slash("list")
    await embedded.until(embedded.told_privately("schedules, page"))
    assert len(await export(embedded, "--since", "1h")) == 1
    assert await export(embedded, "--since", "2999-01-01") == []


async def test_no_secret_is_on_record(stage: Stage) -> None:
    """A secret that somebody types is neither in the audit log nor in the bot's log."""
    await stage.start_bot()
    await stage.slash('run nightly --command "dbt run --vars password=hunter2hunter2"')
    await stage.until(stage.card_says("Nightly"))
    await stage.until(lambda: bool(stage.started()))
    assert "hunter2hunter2" not in json.dumps(await export(stage))
    assert "hunter2hunter2" not in stage.bots[0].printed()


async def test_a_decision_is_explained_from_what_slack_and_bolt_tell(stage: Stage) -> None:
    """`policy explain` decides as the bot would, from facts about the person, the channel and the schedule's owner."""
    settings = policy(stage, READERS)
    asked = ("--channel", "C0DATAENG", "--action", "start", "--schedule", "nightly")
    told = await printed(stage, "policy", "explain", "--user", "U0GRACE", *asked, **settings)
    assert "where:  C0DATAENG data-eng, public, not shared\n" in told
    assert told.endswith("refused: not Grace\n")
    told = await printed(stage, "policy", "explain", "--user", "U0ADA", *asked, **settings)
    assert "who:    U0ADA, roles: member, user groups: none" in told
    assert told.endswith("allowed\n")
