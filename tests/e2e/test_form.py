"""The form of a run: it opens, offers schedules as one types, shows their commands, and starts what one has seen."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.bolt import Fault
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from bolt_sandbox.slack import Fault as SlackFault
from bolt_sandbox.slack.faults import FaultKind
from tests.e2e.modal import CHOOSE, Modal
from tests.e2e.stage import Stage

SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


async def opened(stage: Stage, text: str = "", *, user: str = "ada", channel: str = "data-eng") -> Modal:
    """Type `/bolt`, and wait for the form."""
    outcome = await stage.slash(text, user=user, channel=channel)
    assert outcome.problem == ""
    return await Modal(stage, user).opened()


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_a_run_is_put_together(stage: Stage, socket_mode: bool) -> None:  # noqa: FBT001 - the two ways to hear of Slack
    """From `/bolt` to the card: chosen as one types, its commands shown, and everything that was filled in is on its way."""
    await stage.start_bot(socket_mode=socket_mode)
    form = await opened(stage)
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
    """What was offered and not changed overrides nothing: the card shows no commands of somebody's own."""
    await stage.start_bot()
    form = await opened(stage, text)
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
    """Slack's deliveries may be doubled."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    await form.submit(times=3)
    await stage.until(stage.card_says("succeeded"))
    assert len(stage.started()) == 1
    assert len(stage.cards()) == 1


async def test_the_command_delivered_twice_opens_one_form(stage: Stage) -> None:
    """And nobody is told that there was a second."""
    await stage.start_bot()
    await stage.slash("", times=3)
    form = await Modal(stage).opened()
    await form.choose("nightly")
    assert len(stage.sandbox.workspace.views) == 1
    assert stage.private() == []


async def test_what_is_wrong_stands_under_its_field(stage: Stage) -> None:
    """All at once; the form stays, and mended it starts."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    form.fill("pull_request", "abc")
    form.fill("branch", "two words")
    form.fill("commands", "\n".join(f"dbt run {number}" for number in range(21)))
    errors = await form.errors()
    assert set(errors) == {"pull_request", "branch", "commands"}
    assert errors["pull_request"] == "A pull request is a number, as in 123."
    assert stage.cards() == []
    form.fill("pull_request", "7")
    form.fill("branch", "")
    form.fill("commands", "dbt build")
    await form.submit()
    await stage.until(stage.card_says("pull request 7"))


async def test_another_schedule_brings_its_own_commands(stage: Stage) -> None:
    """Unless the person has written something there already: that is kept, and said to be theirs."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    await form.choose("hourly")
    assert "fct_revenue" in form.offered()
    form.fill("commands", "dbt debug")
    people = stage.sandbox.slack.people
    option = (await form.options("nightly"))[0]
    form.fill("schedule", option, CHOOSE)
    block = form.block("commands")
    await people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    await stage.until(lambda: form.says("These are your words"))
    assert form.block("commands") is not None
    # The same field still, so that Slack keeps what is being typed into it.
    assert (form.block("commands") or {})["block_id"] == (block or {})["block_id"]
    await form.submit()
    await stage.until(stage.card_says("Nightly"))
    await stage.until(lambda: bool(stage.started()))
    assert [step.command for step in stage.started()[0].steps if not step.platform] == ["dbt debug"]


async def test_what_nobody_saw_is_not_started(stage: Stage) -> None:
    """Submitted before the other schedule's commands came, the form shows them first."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    (hourly, *_others) = await form.options("hourly")
    form.fill("schedule", hourly, CHOOSE)
    answer = await form.submit()
    assert answer["response_action"] == "update"
    assert form.says("Nothing was started yet")
    assert "fct_revenue" in form.offered()
    assert stage.cards() == []
    await form.submit()
    await form.closed()
    await stage.until(lambda: [run.slug for run in stage.started()] == ["hourly"])


async def test_a_schedule_deleted_meanwhile(stage: Stage) -> None:
    """The list still has it, Bolt no longer: the person is told privately, and no card is left."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("compile")
    del stage.sandbox.bolt._schedules["compile"]
    await form.submit()
    await form.closed()
    await stage.until(stage.told_privately("Nothing was started"))
    assert stage.cards() == []
    assert stage.started() == []


async def test_a_schedule_that_the_list_no_longer_has(stage: Stage) -> None:
    """Under its field, and another one can be chosen."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    gone = {"text": {"type": "plain_text", "text": "Gone"}, "value": "gone"}
    form.fill("schedule", gone, CHOOSE)
    assert (await form.errors())["schedule"].startswith("That schedule is no longer in Bolt")
    assert stage.asked("triggerBoltRun") == 0


async def test_a_channel_the_bot_is_not_in(stage: Stage) -> None:
    """Nothing is started where its card could not be seen; the person is told, if need be directly."""
    await stage.start_bot()
    form = await opened(stage, channel="finance")
    await form.choose("nightly")
    await form.submit()
    workspace = stage.sandbox.workspace
    direct = workspace.direct(workspace.user("ada").id)
    await stage.until(lambda: any("/invite" in message.text for message in direct.messages.values()))
    assert stage.started() == []


async def test_a_schedule_that_runs_already(stage: Stage) -> None:
    """As after a typed command, the answer is private."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("always on")
    await form.submit()
    await stage.until(stage.told_privately("is already running as"))
    assert stage.started() == []


async def test_the_same_form_again_asks_back(stage: Stage) -> None:
    """As the same words do: the first run is named, and another is a click away."""
    await stage.start_bot()
    for _ in range(2):
        form = await opened(stage)
        await form.choose("nightly")
        await form.submit()
        await form.closed()
        await stage.until(stage.card_says("is running"))
    await stage.until(stage.told_privately("You already asked for"))
    assert len(stage.started()) == 1


# --- hostile forms ---


NO_CHANNEL = (
    "",
    "null",
    "[]",
    "{",
    '{"v":1,"c":7}',
    '{"v":1,"c":"<!channel>"}',
    '{"v":1,"c":"C0DATAENG|x"}',
    "[" * 2990,
)


async def test_a_channel_that_is_none_is_not_believed(stage: Stage) -> None:
    """Whatever travels with a form is taken by its shape only."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    assert form.view is not None
    for metadata in NO_CHANNEL:
        form.view.content = {**form.view.content, "private_metadata": metadata}
        assert "no longer know which channel" in (await form.errors())["schedule"], metadata
    assert stage.asked("triggerBoltRun") == 0


async def test_values_of_any_shape_change_nothing(stage: Stage) -> None:
    """Signed, and still of no shape that a form has: an answer each time, no run, and the bot goes on."""
    bot = await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    assert form.view is not None
    delivery, workspace = stage.sandbox.slack.delivery, stage.sandbox.workspace
    hostile: list[Any] = [
        None,
        [],
        "x",
        7,
        {"values": None},
        {"values": {"schedule": {CHOOSE: {"selected_option": "x"}}}},
    ]
    hostile += [
        {"values": {"schedule": {CHOOSE: {"selected_option": {"value": value}}}}} for value in (7, "x" * 9000, "#")
    ]
    user = {"id": "U0ADA", "name": "ada", "team_id": workspace.team_id}
    body: dict[str, Any]
    for state in hostile:
        view = {"id": form.id, "type": "modal", "callback_id": "form.run", "state": state, "private_metadata": "{}"}
        body = {"type": "view_submission", "user": user, "team": {"id": workspace.team_id}, "view": view}
        answer = await delivery.send("interactive", body | {"response_urls": []}, answerable=True)
        assert (answer.payload or {}).get("response_action") == "errors", state
    typed: list[Any] = [None, 7, [], "x" * 9000, "\x00", "%", "(" * 50]
    for value in typed:
        body = {"type": "block_suggestion", "user": user, "team": {"id": workspace.team_id}, "value": value}
        body |= {"action_id": CHOOSE, "block_id": "schedule", "view": None}
        assert (await delivery.send("interactive", body, answerable=True)).problem == ""
    views: list[Any] = [None, [], {"id": 7}, {"id": form.id, "state": [], "private_metadata": 7}]
    for view in views:
        action = {"action_id": CHOOSE, "block_id": "schedule", "type": "external_select", "selected_option": view}
        body = {"type": "block_actions", "user": user, "team": {"id": workspace.team_id}, "view": view}
        body |= {"actions": [action], "container": {"type": "view", "view_id": form.id}}
        assert (await delivery.send("interactive", body)).problem == ""
    await form.choose("hourly")
    assert stage.asked("triggerBoltRun") == 0
    assert stage.private() == []
    assert "unexpected fault" not in bot.printed()


# --- the menu ---


def plenty(stage: Stage, number: int = 2000) -> None:
    """Give Bolt as many schedules, some of them with names that are hard to show."""
    names = {3: "Schedule " + "x" * 200, 4: "🎉 Party " * 20, 5: "לילה מלא", 6: "Twin", 7: "Twin", 8: "a/b c/d"}
    for at in range(number):
        slug = f"team-{at % 40}-orders-{at}" if at != 9 else "long-" + "s" * 200
        name = names.get(at, f"Orders of team {at % 40}, part {at}")
        made = Schedule(
            0, name, slug, own_character([f"dbt run --select orders_{at}"]), owner=f"team{at % 40}@example.com"
        )
        stage.sandbox.bolt.add_schedule(made)


async def test_two_thousand_schedules(stage: Stage) -> None:
    """At most a hundred are offered, best first; found by name, slug and owner, whatever they are called."""
    plenty(stage)
    await stage.start_bot()
    form = await opened(stage)
    assert len(await form.options("orders")) == 100
    headings = [group["label"]["text"] for group in (await form.offers(""))["option_groups"]]
    assert headings == ["Last run failed", "Most recent runs"]
    assert (await form.options("part 1234"))[0]["value"] == "team-34-orders-1234"
    assert (await form.options("orders-77"))[0]["description"][
        "text"
    ] == "hasn't run yet · team-37-orders-77 · team37@example.com"
    assert all("team7@" in one["description"]["text"] for one in await form.options("team7@example.com"))
    twins = await form.options("twin")
    assert [one["text"]["text"] for one in twins][:2] == ["Twin", "Twin"]
    assert len({one["description"]["text"] for one in twins[:2]}) == 2
    assert await form.options("nothing is called that") == []
    for typed in ("schedule xxx", "party", "מלא", "a/b"):
        assert await form.options(typed), typed


async def test_a_slug_that_is_too_long_for_a_menu(stage: Stage) -> None:
    """It goes by its id there, and starts all the same."""
    plenty(stage, 10)
    await stage.start_bot()
    form = await opened(stage)
    option = await form.choose("long-sss")
    assert option["value"].startswith("#")
    await form.submit()
    await stage.until(lambda: [run.slug for run in stage.started()] == ["long-" + "s" * 200])


async def test_failing_schedules_say_so(stage: Stage) -> None:
    """The latest state stands beside each, as a word."""
    await stage.start_bot()
    form = await opened(stage)
    about = {one["value"]: one["description"]["text"] for one in await form.options("")}
    assert about["freshness"].startswith("failed · ")
    assert about["nightly"].startswith("succeeded · ")
    assert about["already-running"].startswith("running · ")
    assert about["finance-close"].startswith("succeeded, paused · ")
    assert about["slow-start"].startswith("hasn't run yet · ")


async def test_bolt_away_the_last_list_serves(stage: Stage) -> None:
    """Its age is told, schedules can be chosen, and what is submitted is started once Bolt is back."""
    await stage.start_bot(SOON)
    form = await opened(stage)
    await form.choose("nightly")
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    assert await form.options("night")
    await form.submit()
    await form.closed()
    stage.sandbox.bolt.faults.clear()
    await stage.until(stage.card_says("is running"))


# --- opening it ---


async def test_a_form_that_opens_too_late(stage: Stage) -> None:
    """What Slack gives to open it with is good for 3 s: then a button opens it, and its channel is still known."""
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
    """The person is told, with a button to try again; and not that it is shut where it may be open."""
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
    """Slack gives nothing to open a form with for a message: a click does it, in the same channel."""
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
    """Slack refuses the update: without commands in it, the schedule's own run."""
    await stage.start_bot()
    form = await opened(stage)
    stage.sandbox.workspace.faults.add(SlackFault("http_500", "views.update"))
    (option, *_others) = await form.options("nightly")
    form.fill("schedule", option, CHOOSE)
    await stage.sandbox.slack.people.click_in_view(form.id, CHOOSE, option, filled=form.filled)
    await form.submit()
    await stage.until(stage.card_says("succeeded"))


# --- commands that cannot be offered ---


async def test_commands_that_cannot_be_offered(stage: Stage) -> None:
    """Too many for the field, with a secret in them, or of several lines: shown as far as they may, and run as they are."""
    many = [f"dbt run --select model_{number:03} --vars '{{day: {number}}}'" for number in range(200)]
    secret = ["curl https://user:hunter2hunter2@example.com/x", "dbt run"]
    lines = ["dbt run \\\n  --select a", "dbt test"]
    for slug, commands in (("many", many), ("secret", secret), ("lines", lines)):
        stage.sandbox.bolt.add_schedule(Schedule(0, f"With {slug}", f"with-{slug}", own_character(commands)))
    await stage.start_bot()
    form = await opened(stage)
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


# --- shortcuts ---


async def test_the_global_shortcut_asks_for_the_channel(stage: Stage) -> None:
    """It begins with the one that is open; the card goes where the person says."""
    await stage.start_bot()
    people = stage.sandbox.slack.people
    assert (await people.shortcut("ada", "run.form", "analytics")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("nightly")
    await form.submit()
    await stage.until(stage.card_says("is running", "analytics"))
    assert (await people.shortcut("ada", "run.form")).problem == ""
    form = await Modal(stage).opened()
    await form.choose("hourly")
    form.fill("channel", "C0DATAENG")
    await form.submit()
    await stage.until(stage.card_says("Hourly"))


async def test_a_refusal_after_the_global_shortcut_is_private(stage: Stage) -> None:
    """In a channel in which the bot is not, it is told there all the same; one that it cannot see stays in the form."""
    await stage.start_bot()
    await stage.sandbox.slack.people.shortcut("ada", "run.form", "finance")
    form = await Modal(stage).opened()
    await form.choose("always on")
    assert "/invite @" in (await form.errors())["channel"]
    form.fill("channel", "C0ANALYTICS")
    await form.submit()
    await stage.until(stage.told_privately("is already running as"))
    assert stage.private()[-1].channel == "C0ANALYTICS"
    assert stage.started() == []


async def test_the_details_of_a_run(stage: Stage) -> None:
    """On its card and on what stands in its thread: how it stands, with its commands; only the links are taken along."""
    await stage.start_bot()
    await stage.slash("run hourly")
    await stage.until(lambda: len(stage.cards()) == 1 and len(stage.replies()) == 2)
    (run,) = stage.started()
    people = stage.sandbox.slack.people
    for message in (stage.cards()[0], stage.replies()[0], stage.replies()[1]):
        outcome = await people.message_shortcut("grace", "data-eng", message.ts, "run.details")
        assert outcome.problem == ""
        modal = await Modal(stage, "grace").opened()
        await stage.until(lambda: modal.says("exit code 1"))  # noqa: B023 - waited for in this round
        assert modal.view is not None
        assert modal.view.content["title"]["text"] == f"Run {run.id}"
        assert modal.says("failed after")
        actions = [block for block in modal.blocks if block["type"] == "actions"]
        assert all(button.get("url") for block in actions for button in block["elements"])
        await people.close_view(modal.id)


async def test_details_where_redis_has_lost_the_record(stage: Stage) -> None:
    """The card says itself which run it is of."""
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    await stage.until(stage.replied("succeeded"))
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    await stage.sandbox.slack.people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    modal = await Modal(stage).opened()
    await stage.until(lambda: modal.says("succeeded in"))


async def test_details_where_the_bot_is_no_member(stage: Stage) -> None:
    """Slack lets it read nothing there; what the shortcut was used on is told all the same, a card of lost record, too."""
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    await stage.until(stage.replied("succeeded"))
    bot.kill()
    await bot.ended()
    stage.lose_data()
    await stage.start_bot()
    workspace, people = stage.sandbox.workspace, stage.sandbox.slack.people
    workspace.channel("data-eng").members.remove(workspace.bot.id)
    said = await people.say("grace", "data-eng", "who knows?")
    await people.message_shortcut("ada", "data-eng", said.ts, "run.details")
    await stage.until(stage.told_privately("isn't a run's card"))
    await people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    modal = await Modal(stage).opened()
    await stage.until(lambda: modal.says("succeeded in"))


async def test_details_of_what_is_no_card(stage: Stage) -> None:
    """A person's message, one that only looks like a card, and another answer of ours: told so, privately."""
    await stage.start_bot()
    workspace, people = stage.sandbox.workspace, stage.sandbox.slack.people
    channel = workspace.channel("data-eng")
    said = await people.say("grace", "data-eng", "see https://app.paradime.io/bolt/run_id/1")
    plain = workspace.post(channel, workspace.bot, "I am here")
    for message in (said, plain):
        before = len(stage.private())
        await people.message_shortcut("ada", "data-eng", message.ts, "run.details")
        await stage.until(lambda: len(stage.private()) > before)  # noqa: B023 - waited for in this round
        assert "isn't a run's card" in stage.private()[-1].text
    assert Modal(stage).view is None


async def test_details_that_slack_does_not_show(stage: Stage) -> None:
    """They are told privately instead."""
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded"))
    stage.sandbox.workspace.faults.add(SlackFault("error", "views.open", code="expired_trigger_id"))
    await stage.sandbox.slack.people.message_shortcut("ada", "data-eng", stage.cards()[0].ts, "run.details")
    await stage.until(stage.told_privately("succeeded in"))


def forged(
    stage: Stage, view_id: str, metadata: str, *, chosen: str = "", commands: str | None = None
) -> dict[str, Any]:
    """A submission of Ada's that is signed, and names a channel of its sender's choice."""
    workspace = stage.sandbox.workspace
    slug = "nightly"
    values: dict[str, Any] = {"schedule": {CHOOSE: {"selected_option": {"value": slug}}}}
    if chosen:
        values["channel"] = {"value": {"selected_conversation": chosen}}
    if commands is not None:
        values["commands.x.y"] = {"value": {"value": commands}}
    blocks = [{"type": "input", "block_id": name} for name in values]
    view = {"id": view_id, "type": "modal", "callback_id": "form.run", "state": {"values": values}, "blocks": blocks}
    user = {"id": "U0ADA", "name": "ada", "team_id": workspace.team_id}
    body = {"type": "view_submission", "user": user, "team": {"id": workspace.team_id}, "response_urls": []}
    return body | {"view": view | {"private_metadata": metadata}}


async def test_nobody_starts_a_run_where_they_are_not(stage: Stage) -> None:
    """Whichever way the form names a channel: private, public, a direct message of others, a group of others."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    bot, grace, gus = workspace.bot.id, workspace.user("grace").id, workspace.user("gus").id
    workspace.add_channel("board", "private", [bot, grace], channel_id="C0BOARD")
    workspace.add_channel("ops", "public", [bot, grace], channel_id="C0OPS")
    workspace.add_channel("mpdm-grace--gus--bolt-1", "mpim", [bot, grace, gus], channel_id="C0MPIM")
    direct = workspace.direct(grace).id
    delivery = stage.sandbox.slack.delivery
    for number, channel in enumerate(("C0BOARD", "C0OPS", "C0MPIM", direct)):
        for metadata, chosen in (
            (f'{{"v":1,"c":"{channel}"}}', ""),
            ("{}", channel),
            ('{"v":1,"c":"C0DATAENG"}', channel),
        ):
            body = forged(stage, f"V{number}", metadata, chosen=chosen)
            answer = (await delivery.send("interactive", body, answerable=True)).payload or {}
            assert answer.get("response_action") == "errors", (channel, metadata, chosen)
            assert "nothing was started" in str(answer["errors"])
    assert stage.asked("triggerBoltRun") == 0


async def test_who_is_there_starts_a_run_there(stage: Stage) -> None:
    """In a private channel, a group, and the direct messages with the bot; Bolt reads the name of none of them."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    bot, ada = workspace.bot.id, workspace.user("ada").id
    workspace.add_channel("board", "private", [bot, ada], channel_id="C0BOARD")
    workspace.add_channel("mpdm-ada--grace--bolt-1", "mpim", [bot, ada, "U0GRACE"], channel_id="C0MPIM")
    delivery = stage.sandbox.slack.delivery
    for number, channel in enumerate(("C0BOARD", "C0MPIM", workspace.direct(ada).id)):
        body = forged(stage, f"V{number}", f'{{"v":1,"c":"{channel}"}}')
        answer = await delivery.send("interactive", body, answerable=True)
        assert answer.payload in (None, {}), answer.payload
        await stage.until(lambda: len(stage.started()) == number + 1)  # noqa: B023 - it is waited for here
        assert "board" not in str(stage.started()[-1].reason)
        assert "mpdm" not in str(stage.started()[-1].reason)
    assert "in a private channel" in str(stage.started()[0].reason)


async def test_a_form_stays_where_its_asker_no_longer_is(stage: Stage) -> None:
    """Who has left the channel meanwhile is told so in the form."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    channel = stage.sandbox.workspace.channel("data-eng")
    channel.members.remove("U0ADA")
    assert "one of us isn't in it" in str(await form.errors())
    channel.members.append("U0ADA")


async def test_backticks_inside_a_command_are_refused_in_the_form(stage: Stage) -> None:
    """And behind --command; those around it are formatting."""
    await stage.start_bot()
    form = await opened(stage)
    await form.choose("nightly")
    form.fill("commands", "dbt run --select `cat /etc/passwd`")
    assert "backticks" in (await form.errors())["commands"]
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
