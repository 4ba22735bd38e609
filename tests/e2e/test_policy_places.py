"""The policy outside of commands: the form and its menu, App Home, and the threads of waiting starts."""

from __future__ import annotations

from typing import Any

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.elsewhere import SLUG, add_schedule, ends, starts
from tests.e2e.modal import CHOOSE, Modal, open_form
from tests.e2e.stage import Stage
from tests.e2e.test_approval import asked
from tests.e2e.test_audit import export
from tests.e2e.test_home import click, reads, says, until
from tests.e2e.test_home import opened as home_opened
from tests.e2e.test_policy import policy, stay
from tests.e2e.test_queue import directly_told, person, queued
from tests.waiting import eventually

READERS = """\
version: 1
rules:
  - name: readers
    what: read
    who: {groups: ["@data-team"]}
    allow: true
  - what: read
    deny: ask the data team
  - allow: true
    which: {commands: any}
"""
NOT_HOURLY = """\
version: 1
rules:
  - what: read
    which: {schedules: [hourly]}
    deny: hourly is not to be looked into
  - allow: true
    which: {commands: any}
"""

MEMBERSHIPS = "users.conversations"


async def asking(stage: Stage) -> Modal:
    """Open the form with the shortcut, so that it asks for the channel, and choose a schedule."""
    assert (await stage.sandbox.slack.people.shortcut("ada", "run.form")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("nightly")
    return form


async def choose(stage: Stage, form: Modal, typed: str) -> None:
    """Choose the first option, no matter what the form shows."""
    option = (await form.options(typed))[0]
    form.fill("schedule", option, CHOOSE)
    outcome = await stage.sandbox.slack.people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    assert outcome.problem == ""


async def until_read(stage: Stage) -> None:
    """Wait until the bot has read which channels it's in, public and private. All later calls are about people."""
    await stage.until(lambda: calls(stage, MEMBERSHIPS) >= 2)


def calls(stage: Stage, method: str) -> int:
    """How often this method of Slack's was called."""
    return sum(call.what == method for call in stage.sandbox.workspace.calls)


async def reading(stage: Stage) -> list[Any]:
    """The audit log's entries about reads."""
    return [one for one in await export(stage) if one.get("action") == "read"]


# --- the channel that is chosen in the form ---


async def test_a_channel_that_one_is_not_in(stage: Stage) -> None:
    """The refusal is shown under the channel's field, and another channel can be chosen."""
    workspace = stage.sandbox.workspace
    workspace.add_channel("ops", "public", [workspace.bot.id, workspace.user("grace").id], channel_id="C0OPS")
    await stage.start_bot()
    form = await asking(stage)
    form.fill("channel", "C0OPS")
    errors = await form.errors()
    assert set(errors) == {"channel"}
    assert "one of us isn't in it, so nothing was started. Join it" in errors["channel"]
    form.fill("channel", "C0DATAENG")
    assert await form.submit() == {}
    await stage.until(stage.card_says("Nightly"))
    assert not stage.cards("ops")


async def test_slack_does_not_tell_who_is_in_it(stage: Stage) -> None:
    """If Slack doesn't say who is in the channel, the form is refused and suggests typing the command there."""
    await stage.start_bot()
    form = await asking(stage)
    form.fill("channel", "C0DATAENG")
    for method in (MEMBERSHIPS, "conversations.members"):
        stage.sandbox.workspace.faults.add(SlackFault("ratelimited", method, count=None, retry_after_s=30))
    errors = await form.errors()
    assert errors["channel"].startswith("Slack didn't say whether you're in this channel")
    assert errors["channel"].endswith("Type /bolt in the channel instead.")
    assert not stage.cards()


async def test_slack_tells_it_too_late(stage: Stage) -> None:
    """If Slack answers too late, the form is still answered in time, and can be submitted again."""
    await stage.start_bot()
    form = await asking(stage)
    form.fill("channel", "C0DATAENG")
    await until_read(stage)
    stage.sandbox.workspace.faults.add(SlackFault("slow", MEMBERSHIPS, count=1, delay_s=4))
    assert (await form.errors())["channel"].startswith("I couldn't check in time")
    assert await form.submit() == {}
    await stage.until(stage.card_says("Nightly"))


# --- what the form shows ---


async def test_nothing_is_offered_to_who_may_not_read(stage: Stage) -> None:
    """The menu offers schedules only to people who are allowed to read them; typing isn't recorded."""
    stay(stage, "ada")
    await stage.start_bot(policy(stage, READERS))
    form = await open_form(stage)
    assert await form.options("") == []
    assert await form.options("night") == []
    await stage.sandbox.slack.admin.set_members("data-team", ["ada"])
    assert await form.options("night")
    assert await reading(stage) == []


async def test_nothing_is_offered_where_it_cannot_be_decided_in_time(stage: Stage) -> None:
    """If the policy can't decide in time, nothing is offered; Slack's late answer counts for the next keystroke."""
    await stage.start_bot(policy(stage, READERS))
    stage.sandbox.workspace.faults.add(SlackFault("slow", "usergroups.list", count=1, delay_s=2))
    form = await open_form(stage)
    assert await form.options("night") == []
    await eventually("schedules to be offered", lambda: form.options("night"))


async def test_the_commands_of_a_schedule_that_one_may_not_read(stage: Stage) -> None:
    """The form says why it doesn't show the commands; the schedule can still be started if that's allowed."""
    await stage.start_bot(policy(stage, NOT_HOURLY))
    form = await open_form(stage)
    await form.choose("nightly")
    await choose(stage, form, "hourly")
    await stage.until(lambda: form.says("hourly is not to be looked into"))
    assert form.block("commands") is None
    assert not form.says("fct_revenue")
    refused = [one for one in await reading(stage) if one["decision"] == "deny"]
    assert [(one["text"], one["schedule"]) for one in refused] == [('show "hourly"', "hourly")]
    form.filled = {name: value for name, value in form.filled.items() if not name.startswith("commands")}
    assert await form.submit() == {}
    await stage.until(lambda: [run.slug for run in stage.started()] == ["hourly"])


async def test_nor_does_sending_the_form_too_early_show_them(stage: Stage) -> None:
    """A form submitted while it shows another schedule's commands starts nothing and shows nothing."""
    await stage.start_bot(policy(stage, NOT_HOURLY))
    form = await open_form(stage)
    await form.choose("nightly")
    form.fill("schedule", (await form.options("hourly"))[0], CHOOSE)
    assert "hourly is not to be looked into" in (await form.errors())["schedule"]
    assert not form.says("fct_revenue")
    assert not stage.cards()


# --- App Home ---


async def test_home_says_why_it_shows_nothing(stage: Stage) -> None:
    """Home checks the policy on each refresh; a refused opening is in the audit log once, and refreshes aren't."""
    stay(stage, "ada")
    await stage.start_bot(policy(stage, READERS))
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await home_opened(stage, "You can't read this here: ask the data team")
    assert "backfill" not in reads(stage).lower()
    assert "Your active runs" not in reads(stage)
    await stage.sandbox.slack.admin.set_members("data-team", ["ada"])
    await click(stage, "Refresh")
    await until(stage, says(stage, "Your active runs (1)"))
    await stage.sandbox.slack.admin.set_members("data-team", ["grace"])
    await click(stage, "Refresh")
    await until(stage, says(stage, "You can't read this here"))
    assert "Your active runs" not in reads(stage)
    entries = await reading(stage)
    assert [(one["text"], one["decision"]) for one in entries] == [("open App Home", "deny")]


async def test_what_a_click_on_home_came_to_is_told_there_all_the_same(stage: Stage) -> None:
    """The result of a person's own click is shown on Home even if they can no longer read."""
    add_schedule(stage)
    starts(stage)
    await stage.start_bot(policy(stage, READERS))
    await queued(stage)
    await home_opened(stage, "Your queued starts (1)")
    await stage.sandbox.slack.admin.set_members("data-team", ["grace"])
    await click(stage, "Don't run")
    await until(stage, says(stage, "You can't read this here"))
    assert "was removed from the queue" in reads(stage)
    assert "Your queued starts" not in reads(stage)


# --- threads of starts that wait ---


async def test_one_s_own_start_is_taken_out_of_the_queue_in_its_thread(stage: Stage) -> None:
    """People can remove their own start from the queue in its thread, whatever rules say about its schedule."""
    add_schedule(stage)
    run = starts(stage)
    text = f"""\
version: 1
rules:
  - what: cancel
    which: {{schedules: [{SLUG}]}}
    deny: not to be stopped
  - allow: true
"""
    await stage.start_bot(policy(stage, text))
    await queued(stage)
    (card,) = stage.cards()
    await stage.mention("cancel", user="grace", thread=card.ts)
    await stage.until(stage.told_privately("not to be stopped", "grace"))
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.card_says(f"{person(stage, 'ada')} removed it from the queue"))
    ends(stage, run)
    assert stage.started() == []


async def test_in_the_thread_of_a_start_that_waits_for_approval(stage: Stage) -> None:
    """In its thread, commands about a run say that none exists; only the asker or the group can end the request."""
    await asked(stage)
    (card,) = stage.cards()
    for text in ("status", "logs"):
        await stage.mention(text, thread=card.ts)
        await stage.until(
            stage.told_privately(
                'is waiting for approval by @data-team and has no run yet. Use "Approve" or "Deny" on its card.'
            )
        )
        stage.sandbox.workspace.privates.clear()
    await stage.mention("cancel", user="gus", thread=card.ts)
    await stage.until(stage.told_privately("Only members of @data-team can approve this", "gus"))
    assert "Approve" in str(stage.cards()[-1].blocks)
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.told_privately("This start won't go ahead. Its card says who decided that."))
    await stage.until(lambda: "Approve" not in str(stage.cards()[-1].blocks))
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.told_privately("It was denied, so nothing was started."))
    assert stage.asked("triggerBoltRun") == 0


async def test_somebody_else_of_the_group_denies_it_in_its_thread(stage: Stage) -> None:
    """A group member's cancel in the thread denies the start: the card says who did it, and the asker is told."""
    await asked(stage)
    await stage.mention("cancel", user="grace", thread=stage.cards()[-1].ts)
    await stage.until(stage.card_says(f"{person(stage, 'grace')} denied it"))
    await stage.until(lambda: "denied it" in directly_told(stage))
    assert stage.asked("triggerBoltRun") == 0


async def test_in_the_thread_of_a_start_that_was_not_approved_in_time(stage: Stage) -> None:
    """In the thread of a start that wasn't approved in time, the answer says so."""
    await asked(stage, within="1 s")
    await stage.until(stage.card_says("Nobody in @data-team approved it within 1 s"))
    await stage.mention("status", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately("Nobody in @data-team approved it within 1 s"))


async def test_in_the_thread_of_a_start_that_was_approved(stage: Stage) -> None:
    """In the thread of an approved start that has no run because Bolt is away, the answer says just that."""
    stage.settings["BOLT_BOT_API_TIMEOUT_S"] = "1"
    await asked(stage)
    stage.sandbox.bolt.faults.add(Fault("away", None))
    await stage.click("Approve", user="grace")
    await stage.mention("status", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately("This start was approved but has no run yet"))
    stage.sandbox.bolt.faults.clear()
    await stage.until(lambda: len(stage.started()) == 1)


async def test_a_group_direct_message_that_the_bot_is_not_in(stage: Stage) -> None:
    """Apps can't be invited to a group direct message, so the refusal says where to type the command instead."""
    stage.sandbox.workspace.add_channel("mpdm-ada--grace-1", "mpim", ["U0ADA", "U0GRACE"])
    await stage.start_bot()
    await stage.slash("run nightly", channel="mpdm-ada--grace-1")
    await stage.until(stage.told_privately("Type the command in a channel, or in a direct message with me"))
    assert "/invite" not in stage.private()[-1].text
    assert stage.started() == []
