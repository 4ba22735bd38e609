"""The run form: it opens, shows a schedule's commands, and starts what the person has seen."""

from __future__ import annotations

import pytest

from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from bolt_sandbox.slack import Fault as SlackFault
from bolt_sandbox.slack.faults import FaultKind
from tests.e2e.modal import CHOOSE, Modal, open_form
from tests.e2e.stage import Stage


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_a_run_is_put_together(stage: Stage, socket_mode: bool) -> None:  # noqa: FBT001 - two ways to reach Slack
    """A schedule is chosen by typing, its commands are shown, and everything that was filled in reaches the run."""
    await stage.start_bot(socket_mode=socket_mode)
    form = await open_form(stage)
    assert form.block("commands") is None
    await form.choose("nigh")
    assert form.offered() == "dbt seed\ndbt run\ndbt test"
    form.fill("branch", "dev")
    form.fill("pull_request", "#123")
    form.fill("commands", "dbt run --select staging\n\ndbt test")
    form.fill("continue_on_error", ["continue_on_error"])
    form.fill("reason", "late data")
    assert await form.submit() == {}
    await form.closed()
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    assert [step.command for step in run.steps if not step.platform] == ["dbt run --select staging", "dbt test"]
    assert all(step.continue_on_error for step in run.steps if not step.platform)
    assert (run.branch, run.pull_request) == ("dev", 123)
    assert str(run.reason).startswith("late data - ada from Slack")
    await stage.until(stage.card_says("succeeded"))
    assert "dbt run --select staging" in str(stage.cards()[-1].blocks)


@pytest.mark.parametrize("text", ["", "run", "RUN  "])
async def test_left_as_it_is_the_schedules_own_commands_run(stage: Stage, text: str) -> None:
    """Commands that were offered and not changed override nothing, so the card lists no commands."""
    await stage.start_bot()
    form = await open_form(stage, text)
    await form.choose("nightly")
    await form.submit()
    await stage.until(stage.card_says("succeeded"))
    assert "Commands:" not in str(stage.cards()[-1].blocks)
    assert [step.command for step in stage.started()[0].steps if not step.platform] == [
        "dbt seed",
        "dbt run",
        "dbt test",
    ]


async def test_submitted_twice_it_starts_once(stage: Stage) -> None:
    """A form that Slack delivers several times starts one run."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    await form.submit(times=3)
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_the_command_delivered_twice_opens_one_form(stage: Stage) -> None:
    """A command delivered several times opens one form and sends no message."""
    await stage.start_bot()
    await stage.slash("", times=3)
    form = await Modal(stage).opened()
    await form.choose("nightly")
    assert len(stage.sandbox.workspace.views) == 1
    assert stage.private() == []


async def test_what_is_wrong_stands_under_its_field(stage: Stage) -> None:
    """All errors are shown at once, each under its field; once corrected, the form starts the run."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    form.fill("pull_request", "abc")
    form.fill("branch", "two words")
    form.fill("commands", "\n".join(f"dbt run {number}" for number in range(21)))
    errors = await form.errors()
    assert set(errors) == {"pull_request", "branch", "commands"}
    assert errors["pull_request"] == "Enter the pull request's number, for example 123."
    assert stage.cards() == []
    form.fill("pull_request", "7")
    form.fill("branch", "")
    form.fill("commands", "dbt build")
    await form.submit()
    await stage.until(stage.card_says("pull request 7"))


async def test_another_schedule_brings_its_own_commands(stage: Stage) -> None:
    """Another schedule shows its own commands, unless the person has typed some: those are kept and labeled."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    await form.choose("hourly")
    assert "fct_revenue" in form.offered()
    form.fill("commands", "dbt debug")
    people = stage.sandbox.slack.people
    option = (await form.options("nightly"))[0]
    form.fill("schedule", option, CHOOSE)
    block = form.block("commands")
    await people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    await stage.until(lambda: form.says("These are the commands you typed"))
    assert form.block("commands") is not None
    # The field is still the same, so Slack keeps the text that's being typed into it.
    assert (form.block("commands") or {})["block_id"] == (block or {})["block_id"]
    await form.submit()
    await stage.until(stage.card_says("Nightly"))
    await stage.until(lambda: bool(stage.started()))
    assert [step.command for step in stage.started()[0].steps if not step.platform] == ["dbt debug"]


async def test_what_nobody_saw_is_not_started(stage: Stage) -> None:
    """A form submitted before the newly chosen schedule's commands have arrived shows them first."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    (hourly, *_others) = await form.options("hourly")
    form.fill("schedule", hourly, CHOOSE)
    answer = await form.submit()
    assert answer["response_action"] == "update"
    assert form.says("Nothing has been started yet")
    assert "fct_revenue" in form.offered()
    assert stage.cards() == []
    await form.submit()
    await form.closed()
    await stage.until(lambda: [run.slug for run in stage.started()] == ["hourly"])


async def test_a_schedule_deleted_meanwhile(stage: Stage) -> None:
    """If Bolt no longer has a schedule that the list has, the person is told privately and no card is left."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("compile")
    del stage.sandbox.bolt._schedules["compile"]
    await form.submit()
    await form.closed()
    await stage.until(stage.told_privately("Nothing was started"))
    assert stage.cards() == []
    assert stage.started() == []


async def test_a_schedule_that_the_list_no_longer_has(stage: Stage) -> None:
    """A schedule that the list no longer has is reported under its field, and nothing is started."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    gone = {"text": {"type": "plain_text", "text": "Gone"}, "value": "gone"}
    form.fill("schedule", gone, CHOOSE)
    assert (await form.errors())["schedule"].startswith("That schedule is no longer in Bolt")
    assert stage.asked("triggerBoltRun") == 0


async def test_a_channel_the_bot_is_not_in(stage: Stage) -> None:
    """Nothing is started in a channel the bot isn't in; a direct message says how to invite it."""
    await stage.start_bot()
    form = await open_form(stage, channel="finance")
    await form.choose("nightly")
    await form.submit()
    workspace = stage.sandbox.workspace
    direct = workspace.direct(workspace.user("ada").id)
    await stage.until(lambda: any("/invite" in message.text for message in direct.messages.values()))
    assert stage.started() == []


async def test_a_schedule_that_runs_already(stage: Stage) -> None:
    """If the schedule is already running, the person is told privately, as after a typed command."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("always on")
    await form.submit()
    await stage.until(stage.told_privately("is already running as"))
    assert stage.started() == []


async def test_the_same_form_again_asks_back(stage: Stage) -> None:
    """Submitting the same form again starts nothing: the person is told that they already asked."""
    await stage.start_bot()
    for _ in range(2):
        form = await open_form(stage)
        await form.choose("nightly")
        await form.submit()
        await form.closed()
        await stage.until(stage.card_says("is running"))
    await stage.until(stage.told_privately("You already asked for"))
    assert len(stage.started()) == 1


async def test_a_form_that_opens_too_late(stage: Stage) -> None:
    """If Slack's 3 s for opening the form have passed, a button opens it, still for the same channel."""
    await stage.start_bot()
    stage.sandbox.workspace.faults.add(SlackFault("error", "views.open", code="expired_trigger_id"))
    await stage.slash("")
    await stage.until(stage.told_privately("Slack's 3 s limit"))
    assert Modal(stage).view is None
    await stage.click("Start a run…")
    form = await Modal(stage).opened()
    await form.choose("nightly")
    await form.submit()
    await stage.until(stage.card_says("is running"))


REFUSALS: tuple[tuple[FaultKind, str], ...] = (
    ("ratelimited", "Slack didn't open the form"),
    ("http_500", "didn't say"),
    ("drop_after", "didn't say"),
)


async def test_slack_does_not_open_it(stage: Stage) -> None:
    """If Slack doesn't open the form, or doesn't say whether it did, the person is told, with a button to retry."""
    await stage.start_bot()
    for kind, words in REFUSALS:
        stage.sandbox.workspace.faults.add(SlackFault(kind, "views.open"))
        assert words in (await stage.answer_to(stage.slash(""))).text, kind
        if (form := Modal(stage)).view is not None:
            # Opened, though its reply was lost.
            await stage.sandbox.slack.people.close_view(form.id)
        await stage.click("Start a run…")
        await form.opened()
        await stage.sandbox.slack.people.close_view(form.id)


async def test_a_mention_offers_a_button(stage: Stage) -> None:
    """A mention can't open a form, so it's answered with a button that opens one for the same channel."""
    await stage.start_bot()
    await stage.sandbox.slack.people.mention("ada", "data-eng", "run")
    await stage.until(stage.told_privately("A form can't be opened from a message."))
    await stage.click("Start a run…")
    form = await Modal(stage).opened()
    assert form.says("C0DATAENG")
    await form.choose("nightly")
    await form.submit()
    await stage.until(stage.card_says("is running"))


async def test_a_form_that_cannot_be_completed_still_serves(stage: Stage) -> None:
    """If Slack refuses to add the commands to the form, the form still starts the schedule's own run."""
    await stage.start_bot()
    form = await open_form(stage)
    stage.sandbox.workspace.faults.add(SlackFault("http_500", "views.update"))
    (option, *_others) = await form.options("nightly")
    form.fill("schedule", option, CHOOSE)
    await stage.sandbox.slack.people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    await form.submit()
    await stage.until(stage.card_says("succeeded"))


async def test_commands_that_cannot_be_offered(stage: Stage) -> None:
    """Commands that don't fit, contain a secret or have several lines are shown if possible, and run unchanged."""
    many = [f"dbt run --select model_{number:03} --vars '{{day: {number}}}'" for number in range(200)]
    secret = ["curl https://user:hunter2hunter2@example.com/x", "dbt run"]
    lines = ["dbt run \\\n  --select a", "dbt test"]
    for slug, commands in (("many", many), ("secret", secret), ("lines", lines)):
        stage.sandbox.bolt.add_schedule(Schedule(0, f"With {slug}", f"with-{slug}", own_character(commands)))
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("with-many")
    assert len(form.offered()) <= 3000
    assert form.says("all 200 commands run")
    await form.choose("with-secret")
    assert form.offered() == ""
    assert "hunter2" not in str(form.blocks)
    assert form.says("contain secrets")
    await form.choose("with-lines")
    assert form.offered() == ""
    assert form.says("several lines")
    await form.submit()
    await stage.until(lambda: bool(stage.started()))
    assert [step.command for step in stage.started()[0].steps if not step.platform] == lines


async def test_backticks_inside_a_command_are_refused_in_the_form(stage: Stage) -> None:
    """Backticks inside a command are refused in the form and after --command; those around it are formatting."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    form.fill("commands", "dbt run --select `cat /etc/passwd`")
    assert "Backticks" in (await form.errors())["commands"]
    await stage.slash('run nightly --command "echo `date`"')
    await stage.until(stage.told_privately("backticks"))
    await stage.mention('run nightly --command "echo `date`"', user="grace")
    await stage.until(stage.told_privately("backticks", "grace"))
    assert stage.asked("triggerBoltRun") == 0
    form.fill("commands", "`dbt run --select staging`")
    assert await form.submit() == {}
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    assert [step.command for step in run.steps if not step.platform] == ["dbt run --select staging"]
