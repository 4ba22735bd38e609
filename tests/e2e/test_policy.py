"""The policy is checked for each command and each click, and each refusal is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.elsewhere import SLUG, add_schedule, starts
from tests.e2e.modal import open_form
from tests.e2e.stage import Stage

GUESTS_READ = "guests can only read"
MEMBERS = """\
version: 1
rules:
  - name: only the data team starts
    who: {groups: ["@data-team"]}
    what: [start, retry, cancel, pause]
    which: {commands: ["dbt run --select *"]}
    allow: true
  - name: everybody looks
    what: [read, logs, artifacts]
    allow: true
  - deny: ask the data team
"""
APPROVED = """\
version: 1
rules:
  - name: members ask
    who: {roles: [guest]}
    deny: members ask
  - name: leads approve
    what: [start]
    approve: {by: "@data-leads"}
  - name: everybody looks
    what: [read]
    allow: true
"""


def policy(stage: Stage, text: str) -> dict[str, str]:
    """Write a policy file with this text, and return its setting."""
    file = stage.folder / "policy.yaml"
    file.write_text(text)
    return {"BOLT_BOT_POLICY_FILE": str(file)}


def stay(stage: Stage, user: str) -> None:
    """Take a person out of the data team."""
    group = stage.sandbox.workspace.usergroups["S0DATATEAM"]
    group.users.remove(stage.sandbox.workspace.user(user).id)


def looked_up(stage: Stage) -> int:
    """How many people were looked up in Slack."""
    return sum(call.what == "users.info" and call.outcome == "ok" for call in stage.sandbox.workspace.calls)


# --- without a file ---


async def test_a_guest_only_reads(stage: Stage) -> None:
    """A guest's commands that change something are refused with the reason and the next step; reading works."""
    failed = next(run for run in stage.sandbox.bolt.runs() if stage.sandbox.bolt.view(run.id).state == "FAILED")
    await stage.start_bot()
    for text in ("run nightly", f"retry {failed.id}", f"cancel {failed.id}", "pause nightly"):
        told = (await stage.answer_to(stage.slash(text, user="gus"), "gus")).text
        assert GUESTS_READ in told, text
        assert "Nothing was" in told
        assert "/bolt whoami shows what you can do." in told
    assert not stage.cards()
    assert not stage.started()
    await stage.slash("list", user="gus")
    await stage.until(stage.told_privately("schedules, page", user="gus"))


async def test_a_guest_s_click_is_asked_about_anew(stage: Stage) -> None:
    """A guest can see a card's buttons, but a click is checked and refused."""
    add_schedule(stage)
    await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    await stage.click("Cancel run", user="gus")
    await stage.until(stage.told_privately(GUESTS_READ, user="gus"))
    assert stage.asked("cancelBoltRun") == 0
    await stage.click("Cancel run")
    await stage.until(stage.card_says("was cancelled"))


def unknown(stage: Stage, *, count: int | None = None) -> None:
    """Slack returns no list of people, and fails `count` times to say who somebody is, or always by default."""
    stage.sandbox.workspace.faults.add(SlackFault("error", "users.list", count=None))
    stage.sandbox.workspace.faults.add(SlackFault("error", "users.info", count=count))


async def test_who_cannot_be_looked_up_does_not_start(stage: Stage) -> None:
    """A person who can't be identified before a start's deadline is refused, with the reason; reading still works."""
    unknown(stage)
    await stage.start_bot({"BOLT_BOT_START_DEADLINE_S": "5"})
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("so I couldn't find out who you are"))
    assert "Nothing was started" in stage.private()[-1].text
    await stage.slash("list")
    await stage.until(stage.told_privately("schedules, page"))
    assert not stage.cards()
    stage.sandbox.workspace.faults.clear()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("Nightly"))


async def test_a_start_waits_until_it_is_known_who_asks(stage: Stage) -> None:
    """A start waits while Slack doesn't say who asks, and the policy's decision is recorded once."""
    unknown(stage, count=1)
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("Nightly"))
    assert not stage.private()
    assert looked_up(stage) == 1
    assert bot.printed().count("audit_event=asked") == 1


async def test_a_demotion_is_seen_when_a_start_is_approved(stage: Stage) -> None:
    """The asker's role is read again on approval: someone who has become a guest can't start."""
    await stage.start_bot(policy(stage, APPROVED))
    await stage.slash("run nightly")
    await stage.until(stage.card_says("approval"))
    stage.sandbox.workspace.user("ada").role = "guest"
    await stage.click("Approve", user="grace")
    await stage.until(stage.card_says("wasn't started. You can't start this here: members ask"))
    assert not stage.started()


@pytest.mark.parametrize(
    ("scope", "words"),
    [("users:read", "the scope users:read is missing"), ("channels:read", "the scope channels:read is missing")],
)
async def test_a_missing_scope_is_named(stage: Stage, scope: str, words: str) -> None:
    """Without a scope that the policy needs, a start is refused, and the answer names the scope."""
    stage.sandbox.workspace.scopes.discard(scope)
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.told_privately(words))
    assert not stage.cards()
    assert not stage.started()


async def test_nothing_is_posted_where_others_look_in(stage: Stage) -> None:
    """In a shared channel, starts and charts are refused; private answers aren't."""
    workspace = stage.sandbox.workspace
    await stage.sandbox.slack.admin.share("data-eng", "T0OTHER")
    await stage.start_bot()
    for text in ("run nightly", "history nightly"):
        await stage.slash(text)
        await stage.until(stage.told_privately("shared with another organization"))
        workspace.privates.clear()
    await stage.slash("show nightly")
    await stage.until(stage.told_privately("Nightly"))
    assert not stage.cards()
    assert not stage.started()


async def test_a_channel_that_becomes_shared_is_known_at_once(stage: Stage) -> None:
    """When Slack reports that a channel is shared or no longer shared, the policy applies to that at once."""
    workspace = stage.sandbox.workspace
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("Nightly"))
    await stage.sandbox.slack.admin.share("data-eng", "T0OTHER")
    await stage.slash("run hourly")
    await stage.until(stage.told_privately("shared with another organization"))
    await stage.sandbox.slack.admin.unshare("data-eng", "T0OTHER")
    workspace.privates.clear()
    await stage.slash("run hourly")
    await stage.until(lambda: len(stage.cards()) == 2)


# --- with one ---


async def test_a_group_decides(stage: Stage) -> None:
    """Members of the group can start, others are told whom to ask, and new members can start at once."""
    stay(stage, "grace")
    await stage.start_bot(policy(stage, MEMBERS))
    await stage.slash("run nightly", user="grace")
    await stage.until(
        stage.told_privately("You can't start this here: ask the data team (rule “rule 3”)", user="grace")
    )
    await stage.slash("run nightly")
    await stage.until(stage.card_says("Nightly"))
    await stage.sandbox.slack.admin.set_members("data-team", ["ada", "grace"])
    await stage.slash("run hourly", user="grace")
    await stage.until(lambda: len(stage.started()) == 2)


async def test_a_group_that_cannot_be_read_starts_nothing(stage: Stage) -> None:
    """If a group can't be read, not even its members can start; reading still works."""
    stage.sandbox.workspace.scopes.discard("usergroups:read")
    await stage.start_bot(policy(stage, MEMBERS))
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("the scope usergroups:read is missing"))
    await stage.slash("list")
    await stage.until(stage.told_privately("schedules, page"))
    assert not stage.started()


async def test_commands_are_off_unless_they_are_on_the_list(stage: Stage) -> None:
    """Commands are refused unless each of them is on the list."""
    await stage.start_bot(policy(stage, MEMBERS))
    await stage.slash('run nightly --command "dbt run --select staging" --command "dbt test"')
    await stage.until(stage.told_privately("ask the data team"))
    assert not stage.cards()
    await stage.slash('run nightly --command "dbt run --select staging"')
    await stage.until(lambda: bool(stage.started()))
    (run,) = stage.started()
    assert [step.command for step in run.steps][-1] == "dbt run --select staging"


async def test_a_rule_about_schedules_holds_for_their_runs(stage: Stage) -> None:
    """A rule about schedules also covers runs started elsewhere; if the schedule is unknown, nothing is cancelled."""
    add_schedule(stage)
    text = f"""\
version: 1
rules:
  - what: cancel
    which: {{schedules: [{SLUG}]}}
    deny: the warehouse is not to be stopped
  - allow: true
    which: {{commands: any}}
"""
    run = starts(stage)
    await stage.start_bot(policy(stage, text))
    await stage.slash(f"cancel {run.id}")
    await stage.until(stage.told_privately("I couldn't find out the schedule"))
    await stage.slash(f"run {SLUG}")
    await stage.until(lambda: any("Follow this run" in str(one.blocks) for one in stage.private()))
    await stage.click("Follow this run")
    await stage.until(stage.card_says("is running"))
    await stage.click("Cancel run")
    await stage.until(stage.told_privately("the warehouse is not to be stopped"))
    assert stage.asked("cancelBoltRun") == 0


async def test_a_form_is_asked_about_when_it_is_sent(stage: Stage) -> None:
    """The policy is checked when a form is submitted: its sender may have left the group since it opened."""
    await stage.start_bot(policy(stage, MEMBERS))
    form = await open_form(stage)
    await form.choose("nightly")
    await stage.sandbox.slack.admin.set_members("data-team", ["grace"])
    await form.submit()
    await stage.until(stage.told_privately("ask the data team"))
    assert not stage.started()


async def test_whoami_says_what_one_may_do_and_why(stage: Stage) -> None:
    """`whoami` says for each action whether it's allowed, and by which rule."""
    await stage.start_bot(policy(stage, MEMBERS))
    await stage.slash("whoami")
    await stage.until(stage.told_privately("a member of this workspace, in @data-team"))
    told = stage.private()[-1].text
    assert "*Start schedules*: yes (rule “only the data team starts”)" in told
    assert "*Read the audit log*: no, ask the data team (rule “rule 3”)" in told
    await stage.slash("whoami", user="gus")
    await stage.until(stage.told_privately("a guest in this workspace", user="gus"))
    assert "*Start schedules*: no, ask the data team" in stage.private("gus")[-1].text


async def test_whoami_without_a_policy(stage: Stage) -> None:
    """Without a policy, `whoami` shows the default rules, without rule names."""
    await stage.start_bot()
    await stage.slash("whoami")
    await stage.until(stage.told_privately("No policy is set, so the default rules apply."))
    assert "*Start schedules*: yes\n" in stage.private()[-1].text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version: 1\nrules:\n  - allow: maybe\n", "BOLT_BOT_POLICY_FILE: line 3: allow should be true or false"),
        (None, "BOLT_BOT_POLICY_FILE: the file can't be read (No such file or directory)"),
    ],
)
async def test_a_file_that_is_no_policy_ends_the_start(
    stage: Stage, tmp_path: Path, text: str | None, line: str
) -> None:
    """With a policy file that can't be used, the bot exits with status 2 and names the line."""
    settings = policy(stage, text) if text else {"BOLT_BOT_POLICY_FILE": str(tmp_path / "none.yaml")}
    bot = await stage.start_bot(settings, ready=False)
    assert await bot.ended() == 2
    assert bot.printed().splitlines() == [line]


async def test_a_click_with_slack_away_is_answered_in_time(stage: Stage) -> None:
    """A click while Slack is slow is answered in time, nothing is cancelled, and a second click works."""
    add_schedule(stage)
    # Without the list of people, each person is looked up separately.
    stage.sandbox.workspace.faults.add(SlackFault("error", "users.list", count=None))
    await stage.start_bot(policy(stage, MEMBERS))
    await stage.slash(f"run {SLUG}", user="grace")
    await stage.until(stage.card_says("is running"))
    stage.sandbox.workspace.faults.add(SlackFault("slow", "users.info", count=1, delay_s=2.5))
    outcome = await stage.click("Cancel run")
    assert outcome.problem == ""
    await stage.until(stage.told_privately("I couldn't check in time whether you're allowed to do that"))
    assert stage.asked("cancelBoltRun") == 0
    # The lookup goes on, and its result is kept for the next click.
    await stage.until(lambda: looked_up(stage) == 2)
    await stage.click("Cancel run")
    await stage.until(stage.card_says("was cancelled"))
