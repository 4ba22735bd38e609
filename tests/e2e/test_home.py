"""App Home: a person's own view, filled when it's opened, paged, refreshed and clicked on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bolt_sandbox.bolt import Fault as BoltFault
from bolt_sandbox.bolt.model import Character, Schedule, Step
from bolt_sandbox.slack import Fault
from bolt_sandbox.slack.people import Outcome
from bolt_sandbox.slack.reading import viewer
from bolt_sandbox.terminal import message_lines
from tests.e2e.elsewhere import SLUG, add_schedule, ends, starts
from tests.e2e.stage import PERSON, Stage
from tests.store.servers import Servers, redis_server
from tests.waiting import eventually

Json = dict[str, Any]


def view(stage: Stage, user: str = PERSON) -> Json | None:
    """A person's Home tab as it is now."""
    workspace = stage.sandbox.workspace
    shown = workspace.views.get(workspace.homes.get(workspace.user(user).id, ""))
    return {"id": shown.id, "blocks": shown.content["blocks"]} if shown else None


def reads(stage: Stage, user: str = PERSON) -> str:
    """The text of the Home tab, line by line."""
    shown = view(stage, user)
    return "\n".join(message_lines({"text": "", **shown}, viewer(stage.sandbox.workspace))) if shown else ""


def says(stage: Stage, words: str, user: str = PERSON) -> Callable[[], bool]:
    """Whether it says these words."""
    return lambda: words in reads(stage, user)


async def opened(stage: Stage, words: str, user: str = PERSON) -> None:
    """Open App Home, and wait until it shows these words."""
    outcome = await stage.sandbox.slack.people.open_home(user)
    assert outcome.problem == ""
    await until(stage, says(stage, words, user), user)


async def until(stage: Stage, holds: Callable[[], bool], user: str = PERSON) -> None:
    """Wait until a condition holds; if it never does, the failure shows what Home says."""
    try:
        await stage.until(holds)
    except AssertionError as error:
        raise AssertionError(f"{reads(stage, user)}\n{error}") from None


async def click(stage: Stage, label: str, user: str = PERSON) -> Outcome:
    """Click the first button with this label."""
    shown = view(stage, user)
    assert shown is not None
    action = next(
        element["action_id"]
        for block in shown["blocks"]
        for element in block.get("elements", ())
        if block["type"] == "actions" and element["text"]["text"] == label
    )
    return await stage.sandbox.slack.people.click_in_view(shown["id"], action)


def published(stage: Stage) -> int:
    """How often a Home tab was published."""
    return sum(call.what == "views.publish" for call in stage.sandbox.workspace.calls)


def told_directly(stage: Stage, words: str, user: str = PERSON) -> Callable[[], bool]:
    """Whether the direct messages with this person contain these words."""
    workspace = stage.sandbox.workspace
    return lambda: any(words in one.text for one in workspace.direct(workspace.user(user).id).messages.values())


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_an_empty_home_says_what_to_do_next(stage: Stage, *, socket_mode: bool) -> None:
    """An empty Home says what to do next, over a socket or HTTP; opening the Messages tab publishes nothing."""
    await stage.start_bot(socket_mode=socket_mode)
    assert (await stage.sandbox.slack.people.open_home(PERSON, "messages")).problem == ""
    await opened(stage, "Start one here, or with")
    assert published(stage) == 1
    for title in ("Your active runs", "Active runs in your channels", "Recent failures", "Schedules you run most"):
        assert title in reads(stage)


async def test_an_active_run_is_there_and_is_cancelled_from_there(stage: Stage) -> None:
    """Home shows an active run and its channel; a cancellation is shown at once and answered by direct message."""
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await opened(stage, "is running")
    assert "Your active runs (1)" in reads(stage)
    assert "#data-eng" in reads(stage)
    outcome = await click(stage, "Cancel run")
    assert "Cancel run" in str(outcome.confirm)
    await until(stage, says(stage, "is being cancelled by"))
    await stage.until(told_directly(stage, "is being cancelled"))
    await stage.until(stage.card_says("was cancelled by"))
    assert stage.asked("cancelBoltRun") == 1
    await opened(stage, "Start one here, or with")


async def test_runs_of_others_are_shown_to_who_is_in_their_channel(stage: Stage) -> None:
    """A run that somebody else started is shown only to members of the channel that it was started in."""
    workspace = stage.sandbox.workspace
    finance = workspace.channel("finance")
    finance.members.append(workspace.bot.id)
    await stage.start_bot()
    await stage.slash("run backfill", channel="finance")
    await stage.until(stage.card_says("is running", "finance"))
    await opened(stage, "Active runs in your channels (1)", "grace")
    assert "started by @ada" in reads(stage, "grace")
    await opened(stage, "No other active runs", "gus")
    assert "backfill" not in reads(stage, "gus").lower()
    assert "started by" not in reads(stage, "gus")
    await opened(stage, "Your active runs (1)")
    assert "No other active runs" in reads(stage)


async def test_failures_of_ones_channels_are_shown_to_who_is_there(stage: Stage) -> None:
    """A channel's members see what failed there, and get its details by direct message; others don't see it."""
    await stage.start_bot()
    await stage.slash("run hourly")
    await stage.until(stage.replied("exit code"))
    for user in ("ada", "grace"):
        await opened(stage, "Recent failures (1)", user)
        assert "exited with 1" in reads(stage, user)
    await click(stage, "Details", "grace")
    await stage.until(told_directly(stage, "failed after", "grace"))
    workspace = stage.sandbox.workspace
    workspace.channel("data-eng").members.remove(workspace.user("gus").id)
    await opened(stage, "None in the last 7 days", "gus")


async def test_a_failure_is_retried_from_there(stage: Stage) -> None:
    """A failure can be retried from Home: the new card is in the old one's channel, and Home says so."""
    await stage.start_bot()
    await stage.slash("run hourly")
    await stage.until(stage.replied("exit code"))
    failed = stage.started()[-1].id
    await opened(stage, "Recent failures (1)", "grace")
    await click(stage, "Retry failed", "grace")
    await until(
        stage, says(stage, f"You asked to retry *run {failed}*. The new run's card is in #data-eng.", "grace"), "grace"
    )
    await stage.until(lambda: len(stage.cards()) == 2)
    await stage.until(lambda: f"Retry of run {failed}" in str(stage.cards()[-1].blocks))
    await stage.until(lambda: len(stage.started()) == 2)
    await opened(stage, "Retried by @grace as run", "grace")
    assert "[Retry failed]" not in reads(stage, "grace")


async def test_where_slack_does_not_tell_who_is_where_ones_own_card_does(stage: Stage) -> None:
    """If Slack won't list a person's channels, a click works only in channels where they have a card of their own."""
    workspace = stage.sandbox.workspace
    workspace.channel("analytics").members.append(workspace.bot.id)
    workspace.faults.add(Fault("ratelimited", "users.conversations", count=None, retry_after_s=30))
    await stage.start_bot()
    for channel in ("data-eng", "analytics"):
        await stage.slash("run hourly", channel=channel)
        await stage.until(stage.replied("exit code", channel))
    await opened(stage, "Recent failures (2)")
    shown = view(stage)
    assert shown is not None
    elements = [one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]]
    retry = [one for one in elements if one["text"]["text"] == "Retry failed"][-1]
    assert "C0DATAENG" in retry["value"]
    click_in_view = stage.sandbox.slack.people.click_in_view
    await click_in_view(shown["id"], retry["action_id"])
    await stage.until(lambda: len(stage.cards()) == 2)
    await stage.until(lambda: len(stage.started()) == 3)
    shown = view(stage)
    assert shown is not None
    elements = [one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]]
    run = next(one for one in elements if one["text"]["text"] == "Run")
    run["value"] = '{"v":1,"c":"run nightly","ch":"C0FINANCE"}'
    await click_in_view(shown["id"], run["action_id"])
    await stage.until(told_directly(stage, "Slack didn't say whether you're in"))
    assert "archived" not in str(workspace.direct(workspace.user(PERSON).id).messages.values())
    assert len(stage.started()) == 3


async def test_the_form_opens_from_there(stage: Stage) -> None:
    """The run form opens from Home."""
    await stage.start_bot()
    await opened(stage, "Start one here")
    await click(stage, "Start a run")
    views = stage.sandbox.workspace.views
    await stage.until(lambda: any(one.kind == "modal" and one.open for one in views.values()))


@pytest.mark.parametrize("missing", [("channels:read", "groups:read"), ("groups:read",)])
async def test_without_its_scopes_it_shows_less_and_says_so(stage: Stage, missing: tuple[str, ...]) -> None:
    """Without its scopes, Home hides other people's runs and says why; that's not logged as an outage of Slack."""
    workspace = stage.sandbox.workspace
    workspace.channel("finance").members.append(workspace.bot.id)
    bot = await stage.start_bot()
    await stage.slash("run backfill", channel="finance")
    await stage.until(stage.card_says("is running", "finance"))
    workspace.scopes -= set(missing)
    await opened(stage, f"the scope {missing[0]} is missing", "grace")
    assert "Active runs in your channels (" not in reads(stage, "grace")
    await opened(stage, "Your active runs (1)")
    assert not [line for line in bot.printed().splitlines() if "a service is away" in line and "service=slack" in line]
    assert (
        sum(call.what == "users.conversations" and "user" in call.details for call in workspace.calls)
        <= 2 * len(missing) + 2
    )


async def test_a_schedule_is_run_from_there(stage: Stage) -> None:
    """The button names the last run's channel; the card goes there, and Home then shows the run automatically."""
    await stage.start_bot()
    await stage.slash("run nightly --reason first")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng")
    await click(stage, "Run in #data-eng")
    await until(stage, says(stage, "You asked to run *nightly*. The new run's card is in #data-eng."))
    await until(stage, says(stage, "Your active runs (1)"))
    assert "You asked to run" not in reads(stage)
    await stage.until(lambda: len(stage.cards()) == 2)
    assert len(stage.started()) == 2


async def test_two_clicks_start_one_run(stage: Stage) -> None:
    """The second click gets a direct message with a button to start another run, whose card is in the channel."""
    await stage.start_bot()
    await stage.slash("run backfill --reason first")
    await stage.until(stage.card_says("is running"))
    stage.sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng")
    await asyncio.gather(*(click(stage, "Run in #data-eng") for _ in range(2)))
    await stage.until(told_directly(stage, "You already asked for"))
    await stage.until(lambda: len(stage.started()) == 2)
    stage.sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
    await stage.click("Start another", channel="dm")
    await stage.until(lambda: len(stage.started()) == 3)
    await stage.until(lambda: len(stage.cards()) == 3)


async def test_a_refusal_comes_by_direct_message(stage: Stage) -> None:
    """A refusal comes by direct message, because Home can't show an ephemeral message."""
    await stage.start_bot()
    await stage.slash("run nightly --reason first")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng")
    stage.sandbox.bolt.add_fault(
        BoltFault("graphql_error", operation="triggerBoltRun", message="The warehouse is closed")
    )
    await click(stage, "Run in #data-eng")
    await stage.until(told_directly(stage, "The warehouse is closed"))
    assert len(stage.started()) == 1


async def test_a_start_that_waits_names_the_channel_of_its_card(stage: Stage) -> None:
    """The direct message names the channel of the card, and doesn't offer to follow the run that's in the way."""
    add_schedule(stage)
    await stage.start_bot()
    await stage.slash(f"run {SLUG} --reason first")
    await stage.until(stage.card_says("is running"))
    ends(stage, stage.started()[0])
    await stage.until(stage.card_says("succeeded"))
    starts(stage)
    await opened(stage, "Run in #data-eng")
    await click(stage, "Run in #data-eng")
    await stage.until(told_directly(stage, "is already running"))
    await stage.click("Run when it ends", channel="dm")
    await stage.until(told_directly(stage, "ends. Its card in <#C0DATAENG> shows its status"))
    workspace = stage.sandbox.workspace
    answer = list(workspace.direct(workspace.user(PERSON).id).messages.values())[-1]
    assert "Follow this run" not in str(answer.blocks)


async def test_who_has_left_the_channel_runs_it_in_direct_messages(stage: Stage) -> None:
    """Someone who has left the channel is offered a run in direct messages instead, and the channel gets no card."""
    await stage.start_bot()
    await stage.slash("run nightly --reason first")
    await stage.until(stage.card_says("succeeded"))
    workspace = stage.sandbox.workspace
    workspace.channel("data-eng").members.remove(workspace.user(PERSON).id)
    await opened(stage, "or one of us has left it")
    await click(stage, "Run in direct messages")
    await stage.until(told_directly(stage, "is running"))
    await until(stage, says(stage, "Your active runs (1)"))
    assert len(stage.cards()) == 1


async def test_a_click_does_not_run_where_the_person_is_no_longer(stage: Stage) -> None:
    """A click starts nothing if the person has left the channel; a new process has no cached membership."""
    await stage.start_bot()
    await stage.slash("run nightly --reason first")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng")
    workspace = stage.sandbox.workspace
    workspace.channel("data-eng").members.remove(workspace.user(PERSON).id)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    await stage.start_bot()
    await click(stage, "Run in #data-eng")
    await stage.until(told_directly(stage, "or one of us has left it"))
    assert len(stage.started()) == 1


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ('{"v":1,"c":"run nightly","ch":"C0FINANCE"}', "or one of us has left it"),
        ('{"v":1,"c":"run nightly","ch":"D0SOMEBODY"}', "or one of us has left it"),
        ('{"v":1,"c":"run nightly --pr x","ch":"C0DATAENG"}', "--pr needs a number"),
        ("[]", "This button is from another version of this bot"),
        ("x" * 2000, "This button is from another version of this bot"),
    ],
)
async def test_what_a_button_carries_is_not_believed(stage: Stage, value: str, answer: str) -> None:
    """A button's value isn't trusted: it can't open a private channel, and a broken one starts nothing."""
    workspace = stage.sandbox.workspace
    workspace.channel("finance").members.append(workspace.bot.id)
    stage.sandbox.workspace.user("gus").role = "member"
    await stage.start_bot()
    await stage.slash("run nightly --reason first", user="gus")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng", "gus")
    shown = view(stage, "gus")
    assert shown is not None
    elements = [one for block in shown["blocks"] if block["type"] == "actions" for one in block["elements"]]
    next(one for one in elements if one["text"]["text"] == "Run in #data-eng")["value"] = value
    await click(stage, "Run in #data-eng", "gus")
    await stage.until(told_directly(stage, answer, "gus"))
    assert len(stage.started()) == 1
    assert stage.cards("finance") == []


async def test_pages_are_turned_and_kept(stage: Stage) -> None:
    """*Next* and *Previous* turn the page, and *Refresh* stays on it."""
    long = Character((Step("sleep 9999", 9999.0),))
    for number in range(7):
        stage.sandbox.bolt.add_schedule(Schedule(0, f"Many {number}", f"many-{number}", long))
    await stage.start_bot()
    for number in range(7):
        await stage.slash(f"run many-{number}")
    await stage.until(lambda: len(stage.started()) == 7, timeout_s=30)
    await opened(stage, "page 1 of 2")
    await click(stage, "Next")
    await until(stage, says(stage, "page 2 of 2"))
    assert "[Next]" not in reads(stage)
    before = published(stage)
    await click(stage, "Refresh")
    await stage.until(lambda: published(stage) > before)
    assert "page 2 of 2" in reads(stage)
    await click(stage, "Previous")
    await until(stage, says(stage, "page 1 of 2"))


async def test_a_person_of_another_organization_is_shown_the_refusal_alone(stage: Stage) -> None:
    """On Home, a person from another organization sees the refusal and nothing else."""
    stage.sandbox.workspace.add_user("eve", team="T0ELSEWHERE")
    await stage.start_bot()
    await opened(stage, "I don't take requests from people in other organizations", "eve")
    shown = view(stage, "eve")
    assert shown is not None
    assert [block["type"] for block in shown["blocks"]] == ["section"]


async def test_many_openings_at_once(stage: Stage) -> None:
    """Of many openings at once, none fails, and an older one doesn't overwrite a newer one."""
    bot = await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await opened(stage, "is running")
    people = stage.sandbox.slack.people
    outcomes = await asyncio.gather(*(people.open_home(PERSON) for _ in range(8)))
    assert {outcome.problem for outcome in outcomes} == {""}
    await stage.until(lambda: published(stage) == 9)
    assert any(call.outcome == "hash_conflict" for call in stage.sandbox.workspace.calls)
    assert "couldn't be filled" not in bot.printed()
    assert "Your active runs (1)" in reads(stage)


async def test_slack_refuses_to_show_it(stage: Stage) -> None:
    """If Slack refuses to show Home, the log says so, and a person who clicked there gets a direct message."""
    bot = await stage.start_bot()
    await opened(stage, "Start one here")
    stage.sandbox.workspace.faults.add(Fault("ratelimited", "views.publish", count=2, retry_after_s=1))
    await stage.sandbox.slack.people.open_home(PERSON)
    await click(stage, "Refresh")
    await stage.until(told_directly(stage, "Slack is busy and asked me to wait."))
    await eventually("the log to say that Home wasn't filled", lambda: "couldn't be filled" in bot.printed())
    await click(stage, "Refresh")
    await stage.until(lambda: published(stage) == 4)


async def test_slack_does_not_tell_who_is_where(stage: Stage) -> None:
    """If Slack doesn't list a person's channels, Home says so and still shows that person's own runs."""
    stage.sandbox.workspace.faults.add(Fault("ratelimited", "users.conversations", count=None, retry_after_s=30))
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    await opened(stage, "Slack didn't say which channels you're in")
    assert "Your active runs (1)" in reads(stage)


@pytest.mark.skipif(redis_server() is None, reason="there is no redis-server on PATH")
async def test_redis_is_away(stage: Stage) -> None:
    """Without Redis, Home says so, with a button to try again, and it's filled once Redis is back."""
    servers = Servers()
    server = await servers.alone("appendonly yes", "maxmemory-policy noeviction")
    try:
        await stage.start_bot({"REDIS_URL": server.url})
        server.kill()
        await opened(
            stage, "I can't reach my database (Redis). Your runs in Bolt aren't affected. Refresh in a minute."
        )
        await server.start()

        async def refreshed() -> str:
            await click(stage, "Refresh")
            return reads(stage)

        await eventually("Home to be filled", refreshed, lambda home: "Start one here" in home, every_s=0.3)
    finally:
        servers.close()


async def test_killed_between_the_click_and_its_card(stage: Stage) -> None:
    """An acknowledged click starts its run once after a restart, in the channel that the button named."""
    short = {"BOLT_BOT_LEASE_S": "1.5", "BOLT_BOT_API_TIMEOUT_S": "1"}
    await stage.start_bot(short)
    await stage.slash("run nightly --reason first")
    await stage.until(stage.card_says("succeeded"))
    await opened(stage, "Run in #data-eng")
    stage.sandbox.bolt.add_fault(BoltFault("timeout", operation="listBoltSchedules", count=None))
    stage.sandbox.bolt.add_fault(BoltFault("timeout", operation="listBoltRuns", count=None))
    await click(stage, "Run in #data-eng")
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.bolt.faults.clear()
    await stage.start_bot(short)
    await stage.until(lambda: len(stage.cards()) == 2, timeout_s=30)
    await stage.until(lambda: sum("succeeded" in card.text for card in stage.cards()) == 2, timeout_s=30)
    assert len(stage.started()) == 2
    await opened(stage, "Start one here, or with")
