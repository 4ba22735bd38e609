"""The policy and the places that are not a command: the form, what is typed into it, App Home, and threads of starts that wait."""

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
    """The form as the shortcut opens it: it asks for the channel. A schedule is chosen in it."""
    assert (await stage.sandbox.slack.people.shortcut("ada", "run.form")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("nightly")
    return form


async def choose(stage: Stage, form: Modal, typed: str) -> None:
    """Take the first of what is offered, whatever it brings."""
    option = (await form.options(typed))[0]
    form.fill("schedule", option, CHOOSE)
    outcome = await stage.sandbox.slack.people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    assert outcome.problem == ""


async def until_read(stage: Stage) -> None:
    """Wait until the bot has read which channels it is in, public ones and private ones: what is asked later is about a person."""
    await stage.until(lambda: calls(stage, MEMBERSHIPS) >= 2)


def calls(stage: Stage, method: str) -> int:
    """How often Slack was asked for this."""
    return sum(call.what == method for call in stage.sandbox.workspace.calls)


async def reading(stage: Stage) -> list[Any]:
    """What is on record of reading."""
    return [one for one in await export(stage) if one.get("action") == "read"]


# --- the channel that is chosen in the form ---


async def test_a_channel_that_one_is_not_in(stage: Stage) -> None:
    """The refusal stands under its field, and another one can be chosen."""
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
    """That is no leave: it has a sentence of its own, and the command in the channel helps."""
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
    """The form is answered in time all the same, and can be sent again."""
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
    """As one types; a new member is offered what there is. Typing leaves nothing on record."""
    stay(stage, "ada")
    await stage.start_bot(policy(stage, READERS))
    form = await open_form(stage)
    assert await form.options("") == []
    assert await form.options("night") == []
    await stage.sandbox.slack.admin.set_members("data-team", ["ada"])
    assert await form.options("night")
    assert await reading(stage) == []


async def test_nothing_is_offered_where_it_cannot_be_decided_in_time(stage: Stage) -> None:
    """Nobody waits for Slack at a key; what it tells later serves the next one."""
    await stage.start_bot(policy(stage, READERS))
    stage.sandbox.workspace.faults.add(SlackFault("slow", "usergroups.list", count=1, delay_s=2))
    form = await open_form(stage)
    assert await form.options("night") == []
    await eventually("schedules to be offered", lambda: form.options("night"))


async def test_the_commands_of_a_schedule_that_one_may_not_read(stage: Stage) -> None:
    """The form says why there are none; it may be started all the same, where starting is allowed."""
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
    """Another schedule's commands still stand in it: nothing is started, and nothing is shown."""
    await stage.start_bot(policy(stage, NOT_HOURLY))
    form = await open_form(stage)
    await form.choose("nightly")
    form.fill("schedule", (await form.options("hourly"))[0], CHOOSE)
    assert "hourly is not to be looked into" in (await form.errors())["schedule"]
    assert not form.says("fct_revenue")
    assert not stage.cards()


# --- App Home ---


async def test_home_says_why_it_shows_nothing(stage: Stage) -> None:
    """Asked at each page anew; an opening is on record once, and what is shown in it later is not."""
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
    """It is the person's own."""
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
    """Rules about schedules do not stand in the way: no run is asked about, for there is none."""
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
    """What asks about its run is told that there is none; who may not decide is told so; its asker takes it back."""
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
    """The card says who, and the asker is told."""
    await asked(stage)
    await stage.mention("cancel", user="grace", thread=stage.cards()[-1].ts)
    await stage.until(stage.card_says(f"{person(stage, 'grace')} denied it"))
    await stage.until(lambda: "denied it" in directly_told(stage))
    assert stage.asked("triggerBoltRun") == 0


async def test_in_the_thread_of_a_start_that_was_not_approved_in_time(stage: Stage) -> None:
    """It says so, instead of naming a queue or a run to come."""
    await asked(stage, within="1 s")
    await stage.until(stage.card_says("Nobody in @data-team approved it within 1 s"))
    await stage.mention("status", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately("Nobody in @data-team approved it within 1 s"))


async def test_in_the_thread_of_a_start_that_was_approved(stage: Stage) -> None:
    """Bolt is away, so it is not started yet: nobody is told that it is waiting for approval."""
    stage.settings["BOLT_BOT_API_TIMEOUT_S"] = "1"
    await asked(stage)
    stage.sandbox.bolt.faults.add(Fault("away", None))
    await stage.click("Approve", user="grace")
    await stage.mention("status", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately("This start was approved but has no run yet"))
    stage.sandbox.bolt.faults.clear()
    await stage.until(lambda: len(stage.started()) == 1)


async def test_a_group_direct_message_that_the_bot_is_not_in(stage: Stage) -> None:
    """Apps can't be invited to one: the refusal says where to type it instead."""
    stage.sandbox.workspace.add_channel("mpdm-ada--grace-1", "mpim", ["U0ADA", "U0GRACE"])
    await stage.start_bot()
    await stage.slash("run nightly", channel="mpdm-ada--grace-1")
    await stage.until(stage.told_privately("type the command in a channel, or in a direct message with me"))
    assert "/invite" not in stage.private()[-1].text
    assert stage.started() == []
