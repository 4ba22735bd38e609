"""A retry from an incident's message: a line in it instead of a card, from the click to the end of its run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from bot.core.model.command import RetryCommand
from bot.core.model.discovery import Looked
from bot.core.model.errors import AlreadyRunning, BoltRejected, ChannelRefused, SlackNotSent, SlackRefused
from bot.core.model.person import Person, Role
from bot.core.model.request import Origin, RequestState
from bot.core.model.run import RunFacts, RunKey
from bot.core.model.start import NewRequest
from bot.core.policy.rules import Approve, Deny, Policy, Rule
from bot.core.text.message import Message
from bot.core.views.buttons import INCIDENT_CANCEL, INCIDENT_RETRY, IncidentButton
from bot.core.watching.ends import end_of_listing
from bot.flows.close_unwatched_incidents import IncidentCloser
from bot.flows.handle_incident import IncidentHandler
from bot.flows.read_incident_retries import IncidentRetries
from tests.core.views.plain import buttons, said, shown
from tests.flows.fakes import NIGHTLY, OUR_ACTOR
from tests.flows.incident_stage import DISK_LOG, IncidentStage
from tests.flows.stage import ADA, APP, BOB, CHANNEL, asker, sent
from tests.flows.test_post_outage import free_edits

STARTING = ":repeat: Retry by ada: starting"


@pytest.fixture
async def stage(one_redis: Redis) -> IncidentStage:
    """A schedule has failed, and its incident's message says so."""
    stage = IncidentStage(one_redis)
    stage.people.people[ADA] = Person(ADA, name="ada", roles=frozenset({Role.MEMBER}))
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    return stage


def handler(stage: IncidentStage) -> IncidentHandler:
    """The flow behind the incident's buttons."""
    retries = IncidentRetries(stage.requests, stage.runs, workspace="w")
    people, audit, quiet = stage.people, stage.audit, stage.quiet_hours
    return IncidentHandler(
        stage.incidents, stage.runs, people, audit, quiet, retries, workspace="w", app_url=APP, slash_command="/bolt"
    )


async def click(stage: IncidentStage, name: str = "r1", user: str = ADA) -> Message | None:
    """Somebody clicks *Retry failed*."""
    failed = (await stage.incident()).failed
    assert failed is not None
    found = await handler(stage).begin_retry(asker(user), IncidentButton("nightly", failed.run))
    if isinstance(found, Message):
        return found
    wanted, origin = RetryCommand(every=False, run_id=found), Origin(RunFacts("nightly"))
    return await stage.accepter.accept_start(
        NewRequest(name, "T", CHANNEL, user, user.removeprefix("U0").lower(), wanted, origin=origin, incident="nightly")
    )


async def start(stage: IncidentStage) -> int:
    """Take a retry from the click to its run."""
    assert await click(stage) is None
    await stage.advance()
    await stage.edit()
    await stage.post()
    await stage.advance()
    run_id = (await stage.request()).run_id
    assert run_id is not None
    return run_id


async def edit_all(stage: IncidentStage) -> None:
    """Make every edit that is due."""
    while await stage.edit():
        pass


def message(stage: IncidentStage) -> Message:
    """The only message in the channel, as it is now."""
    (found,) = (one for one in stage.chat.posted.values() if (one.channel, one.thread) == (CHANNEL, None))
    return found.message


def lines(stage: IncidentStage) -> list[str]:
    """The message's line about a retry."""
    return [line for line in shown(message(stage)) if ":repeat:" in line]


async def test_it_is_a_line_of_the_message_and_has_no_card(stage: IncidentStage) -> None:
    """The message shows it before it's sent to Bolt, then its run with a button to cancel it."""
    assert await click(stage) is None
    await stage.advance()
    assert await stage.post() == "start"
    assert await stage.state() is RequestState.LOOKED
    assert (lines(stage), sent(stage)) == ([], [])
    await stage.edit()
    assert lines(stage) == [STARTING]
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    await stage.advance()
    run_id = (await stage.request()).run_id
    assert sent(stage) == ["retry"]
    await edit_all(stage)
    assert lines(stage) == [f":repeat: Being retried as run {run_id} by ada"]
    assert INCIDENT_CANCEL in {button.action for button in buttons(message(stage))}
    assert await handler(stage).run_to_cancel(CHANNEL, "nightly") == run_id
    assert len(stage.cards()) == 1


async def test_its_success_recovers_the_incident(stage: IncidentStage) -> None:
    """The message says who retried it, and the thread gets one line."""
    run_id = await start(stage)
    stage.end(run_id, "SUCCESS")
    await stage.discover()
    (card,) = stage.cards()
    assert f"recovered after 1 failure, 1 min, by run {run_id} (started by ada)" in card
    assert len(await stage.thread()) == 2
    assert stage.chat.told(ADA) == []


@pytest.mark.parametrize("listed", [True, False])
async def test_its_failure_is_edited_in_and_a_new_error_gets_its_post(stage: IncidentStage, *, listed: bool) -> None:
    """The message is edited whether or not discovery has seen the retry running."""
    run_id = await start(stage)
    if listed:
        await stage.discover()
    stage.end(run_id, "FAILED", DISK_LOG)
    await stage.discover()
    (card,) = stage.cards()
    assert "is failing: 1 run and 1 retry" in card
    assert lines(stage) == []
    assert INCIDENT_RETRY in {button.action for button in buttons(message(stage))}
    opening, error = await stage.thread()
    assert "New error" in error
    assert "New error" not in opening


@pytest.mark.parametrize("state", ["CANCELED", "SKIPPED"])
async def test_another_end_is_said_in_the_message(stage: IncidentStage, state: str) -> None:
    """The retry's end is shown until a newer run has ended."""
    run_id = await start(stage)
    stage.end(run_id, state)
    await stage.discover()
    word = "cancelled" if state == "CANCELED" else "skipped"
    assert lines(stage) == [f":repeat: Retry by ada: run {run_id} {word}"]
    stage.run_through("FAILED")
    await stage.discover()
    assert lines(stage) == []


async def test_a_second_person_is_told_whose_it_is(stage: IncidentStage) -> None:
    """Others are told who asked for the retry, both during its start, however long that takes, and while it runs."""
    await click(stage)
    await stage.advance()
    stored = await stage.stored()
    assert await stage.incidents.store_incident(stored, replace(stored.incident, retry_asked=None), "none")
    answer = await click(stage, "r2", BOB)
    assert answer is not None
    assert said(answer.text).startswith("@U0ADA already asked for a retry at ")
    wait = await handler(stage).run_to_cancel(CHANNEL, "nightly")
    assert isinstance(wait, Message)
    assert "hasn't started yet" in said(wait.text)
    await stage.edit()
    await stage.post()
    await stage.advance()
    answer = await click(stage, "r2", BOB)
    assert answer is not None
    assert "already being retried by @U0ADA as run" in said(answer.text)
    assert sent(stage) == ["retry"]


async def test_a_refused_one_is_said_in_the_message_and_why_to_the_person(stage: IncidentStage) -> None:
    """Bolt has nothing to retry, so it refuses."""
    stage.bolt.faults.fail("retry", BoltRejected(()))
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    await stage.advance()
    await stage.advance()
    assert await stage.state() is RequestState.CLOSED
    await edit_all(stage)
    assert lines(stage) == [":repeat: Retry by ada: not started"]
    assert len(stage.chat.private) == 1
    stage.run_through("FAILED")
    await stage.discover()
    assert lines(stage) == []


async def test_what_the_policy_refuses_changes_nothing_in_the_channel(stage: IncidentStage) -> None:
    """The message isn't edited."""
    stage.policy = Policy((Rule("none", Deny("Ask the data team.")),))
    IncidentStage.__post_init__(stage)
    await click(stage)
    before = len(stage.chat.edits)
    await stage.advance()
    await stage.advance()
    await edit_all(stage)
    assert len(stage.chat.edits) == before
    assert await stage.state() is RequestState.CLOSED


async def test_one_that_needs_approval_asks_on_a_card_of_its_own(stage: IncidentStage) -> None:
    """The message says that it's waiting; once it's approved, its card shows the run."""
    stage.policy = Policy((Rule("production", Approve("@leads", 1800)),))
    stage.people.groups["@leads"] = frozenset({"U0LEAD"})
    IncidentStage.__post_init__(stage)
    await click(stage)
    await stage.advance()
    await stage.post()
    await edit_all(stage)
    incident, card = stage.cards()
    assert await stage.state() is RequestState.PENDING
    assert any("waiting for approval from @leads" in line for line in _lines_of(stage, incident))
    assert "approv" in card
    assert await stage.approvals.decide_approval(asker("U0LEAD"), "r1", yes=True) is None
    await stage.advance("approvals")
    await stage.advance()
    run_id = (await stage.request()).run_id
    assert run_id is not None
    assert CHANNEL in await stage.runs.cards_of(RunKey("w", run_id))
    stage.end(run_id, "CANCELED")
    await stage.discover()
    assert stage.chat.told(ADA) == []


def _lines_of(stage: IncidentStage, text: str) -> list[str]:
    return next(shown(one.message) for one in stage.chat.posted.values() if one.text == text)


async def test_a_running_schedule_offers_the_queue_as_ever(stage: IncidentStage) -> None:
    """The queued start has its card, and the message says that it's queued."""
    active = stage.begin()
    await stage.discover()
    stage.bolt.faults.fail("retry", AlreadyRunning(()))
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    await stage.advance()
    await stage.advance()
    queued, _answer = await stage.queued.queue_start(asker(), "r1", "q1", "ada")
    assert queued
    await stage.post()
    await edit_all(stage)
    incident, card = stage.cards()
    assert f":repeat: Retry by ada: queued until run {active} ends" in _lines_of(stage, incident)
    assert str(active) in card


async def test_a_message_that_takes_no_edits_is_no_card(stage: IncidentStage) -> None:
    """The start gets its own card then."""
    await click(stage)
    await stage.advance()
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", "edit_window_closed"))
    await stage.edit()
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 2


async def test_a_channel_that_refuses_gets_no_start(stage: IncidentStage) -> None:
    """The person is told, and nothing is sent to Bolt."""
    stage.chat.refusing[CHANNEL] = ChannelRefused("chat.postMessage", "not_in_channel")
    stage.chat.faults.always["join_channel"] = ChannelRefused(
        "conversations.join", "method_not_supported_for_channel_type"
    )
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    await stage.advance()
    assert await stage.state() in {RequestState.REFUSED, RequestState.CLOSED}
    assert sent(stage) == []


async def test_a_message_that_was_deleted_is_replaced_by_one_that_shows_it(stage: IncidentStage) -> None:
    """The new message takes the place of a card."""
    before = (await stage.stored()).ts
    await click(stage)
    await stage.advance()
    stage.chat.posted.pop((CHANNEL, before))
    stage.chat.faults.fail("edit_message", SlackRefused("chat.update", "message_not_found"))
    await stage.edit()
    for _ in range(2):
        taken = await stage.posts.claim()
        assert taken.lease is not None
        await stage.deliverer.deliver_post(taken.lease, taken.item, taken.urgency, taken.channel)
    assert (await stage.stored()).ts not in {"", before}
    assert lines(stage) == [STARTING]
    assert await stage.state() is RequestState.CARDED


@pytest.mark.parametrize("stopped", ["unwatched", "recovered"])
async def test_an_end_that_no_incident_tells_of_is_told_to_the_asker(stage: IncidentStage, stopped: str) -> None:
    """The schedule is no longer watched, or has recovered meanwhile."""
    run_id = await start(stage)
    if stopped == "unwatched":
        for watch in await stage.watches.all_watches():
            await stage.watches.remove_watch(watch.channel, watch.number)
        await IncidentCloser(stage.incidents, stage.discovery).close("nightly", [CHANNEL])
    else:
        stage.run_through("SUCCESS")
        await stage.discover()
    stage.end(run_id, "CANCELED")
    await stage.poll()
    await stage.sweep()
    await stage.advance()
    assert any(f"Run {run_id}, your retry of Nightly full build, was cancelled" in one for one in told(stage))


@pytest.mark.parametrize("seen", ["running", "ended"])
async def test_an_end_that_was_accounted_before_its_lost_start_was_found_is_told_to_the_asker(
    stage: IncidentStage, seen: str
) -> None:
    """The asker is told once, whether discovery followed the run or listed it only when it was over."""
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    stage.bolt.faults.lose("retry")
    await stage.advance()
    assert await stage.state() is RequestState.LOOKING
    run_id = stage.bolt.runs_of["nightly"][0].id
    # Discovery no longer waits for the start.
    await stage.redis.hset(stage.scripts.key("req", "r1"), "sending_us", ago_us(65))
    await stage.runs.learn_actor("w", OUR_ACTOR)
    await IncidentCloser(stage.incidents, stage.discovery).close("nightly", [CHANNEL])
    if seen == "running":
        await stage.sweep()
    stage.end(run_id, "CANCELED")
    await stage.sweep()
    assert run_id in dict((await stage.discovery.load_schedules(["nightly"]))["nightly"].ledger.final)
    await stage.advance()
    assert await stage.state() is RequestState.SETTLED
    await stage.settle()
    await stage.advance()
    await stage.sweep()
    assert sum(f"Run {run_id}, your retry of Nightly full build, was cancelled" in one for one in told(stage)) == 1
    assert await stage.redis.zcard(stage.scripts.key("due", "requests")) == 0


async def test_an_end_that_waits_to_be_accounted_when_its_lost_start_is_found_is_told_by_the_incident_alone(
    stage: IncidentStage,
) -> None:
    """The run is concluded in between, and the asker still gets no notification besides the incident's message."""
    await click(stage)
    await stage.advance()
    await stage.edit()
    await stage.post()
    stage.bolt.faults.lose("retry")
    await stage.advance()
    run_id = stage.bolt.runs_of["nightly"][0].id
    await stage.redis.hset(stage.scripts.key("req", "r1"), "sending_us", ago_us(65))
    await stage.runs.learn_actor("w", OUR_ACTOR)
    stage.end(run_id, "FAILED")
    record = (await stage.discovery.load_schedules(["nightly"]))["nightly"]
    await stage.redis.zadd(stage.scripts.key("due", "looks"), {"nightly": 1})
    look = (await stage.due["looks"].claim(1)).lease
    assert look is not None
    looked = Looked(record.ledger, ended=[end_of_listing(stage.bolt.runs_of["nightly"][0])])
    assert await stage.discovery.note_look(look, "nightly", record.rev, looked, delay_s=60)
    await stage.advance()
    assert await stage.state() is RequestState.SETTLED
    await stage.poll()
    assert await stage.work("ends") == 1
    assert await stage.redis.zcard(stage.scripts.key("due", "requests")) == 0
    await stage.settle()
    incident = await stage.incident()
    assert incident.latest is not None
    assert incident.latest.run == run_id
    assert not any("your retry of" in one for one in told(stage))


def ago_us(seconds: float) -> int:
    """The time this many seconds ago, as it's stored."""
    return round((datetime.now(UTC).timestamp() - seconds) * 1e6)


def told(stage: IncidentStage) -> list[str]:
    """Everything that anybody was told, privately or in a channel."""
    return [one.text for one in (*stage.chat.private, *stage.chat.posted.values())]


async def test_an_incident_without_a_message_leaves_the_start_its_card(stage: IncidentStage) -> None:
    """If Redis has lost the incident's record, the start gets a card."""
    await click(stage)
    await stage.redis.delete(stage.scripts.key("incident", CHANNEL, "nightly"))
    await stage.advance()
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 2


async def test_an_older_version_posts_a_card(stage: IncidentStage) -> None:
    """An older version treats the start like any other; the message still shows its run."""
    await click(stage)
    await stage.advance()
    await stage.scripts.run("start_card_posted", "r1", "start", CHANNEL, "start/r1", 0, "T", CHANNEL, "99.0")
    await stage.advance()
    run_id = (await stage.request()).run_id
    await edit_all(stage)
    assert run_id is not None
    assert CHANNEL in await stage.runs.cards_of(RunKey("w", run_id))
    first = stage.chat.posted[CHANNEL, (await stage.stored()).ts]
    assert f":repeat: Being retried as run {run_id} by ada" in shown(first.message)


async def test_an_edit_by_an_older_version_does_not_show_it(stage: IncidentStage) -> None:
    """The older version leaves the line out, so the start gets a card."""
    await click(stage)
    await stage.advance()
    await older_edit(stage)
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 2


async def test_an_edit_by_an_older_version_afterwards_changes_nothing(stage: IncidentStage) -> None:
    """The message has already shown the line, so no card is needed."""
    await click(stage)
    await stage.advance()
    await stage.edit()
    stored = await stage.stored()
    assert await stage.incidents.store_incident(stored, stored.incident, "now")
    await older_edit(stage)
    await stage.post()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 1


async def older_edit(stage: IncidentStage) -> None:
    """Edit the incident's message as a version without retry lines does, and record the edit in that version's way."""
    taken = await stage.edits.claim()
    assert taken.lease is not None
    card, redis, key = taken.item, stage.redis, stage.scripts.key
    revision = str(await redis.hget(key("incident", CHANNEL, "nightly"), "rev"))
    await redis.hset(key("card", card), "shown", f"inc:{revision}")
    await redis.hdel(key("card", card), "queued")
    await redis.zrem(key("edits", taken.urgency, CHANNEL), card)


@pytest.mark.parametrize("died_after", ["look", "edit", "shown", "sent"])
async def test_whoever_dies_it_is_sent_once(stage: IncidentStage, died_after: str) -> None:
    """Every step is recorded, so another process can take the next one."""
    await click(stage)
    await stage.advance()
    for step, do in (("edit", stage.edit), ("shown", stage.post), ("sent", stage.advance)):
        if died_after == {"edit": "look", "shown": "edit", "sent": "shown"}[step]:
            IncidentStage.__post_init__(stage)
        await do()
    IncidentStage.__post_init__(stage)
    await stage.settle()
    assert sent(stage) == ["retry"]
    assert len(stage.cards()) == 1


async def test_an_edit_that_never_comes_expires_the_start(one_redis: Redis) -> None:
    """Nothing is sent, and the person is told."""
    stage = IncidentStage(one_redis)
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discover()
    await click(stage)
    await stage.advance()
    stage.chat.faults.always["edit_message"] = SlackNotSent("chat.update")
    await stage.edit()
    await stage.redis.hset(stage.scripts.key("req", "r1"), "asked_us", ago_us(61))
    await stage.post()
    await stage.advance()
    assert await stage.state() is RequestState.CLOSED
    assert sent(stage) == []
    (answer,) = stage.chat.private
    assert "nothing was started" in answer.text.lower()


async def test_two_processes_show_it_once(stage: IncidentStage) -> None:
    """The second process claims the post after the first one's lease has expired."""
    await click(stage)
    await stage.advance()
    await stage.edit()
    item = stage.scripts.key("posts", "start", CHANNEL)
    await stage.post()
    await stage.redis.zadd(item, {"start/r1": 1})
    await stage.redis.zadd(stage.scripts.key("posts", "start"), {CHANNEL: 1})
    await stage.post()
    await stage.advance()
    assert sent(stage) == ["retry"]
    assert NIGHTLY.name in stage.cards()[0]


async def test_an_outages_message_shows_retries_of_its_schedules(one_redis: Redis) -> None:
    """Many retries need one edit and no cards; the asker is told about those that the message doesn't show."""
    stage = IncidentStage(one_redis)
    stage.bolt.active = [replace(NIGHTLY, id=n, slug=f"mart-{n}", name=f"Mart {n}") for n in range(8)]
    await stage.watch("*")
    for number in range(8):
        stage.run_through("FAILED", f"mart-{number}", DISK_LOG)
    await stage.discover()
    for _ in range(3):
        await stage.settle()
    messages = len(stage.cards())
    outage = await stage.outages.load_outage(CHANNEL, 1)
    assert outage is not None
    for incident in outage.failing:
        assert incident.failed is not None
        wanted, slug = RetryCommand(every=False, run_id=incident.failed.run), incident.schedule
        origin = Origin(RunFacts(slug))
        await stage.accepter.accept_start(
            NewRequest(slug, "T", CHANNEL, ADA, "ada", wanted, origin=origin, incident=slug)
        )
        await stage.advance()
    await edit_all(stage)
    await stage.post()
    assert sent(stage) == []
    await free_edits(stage)
    assert ":repeat: 3 being retried" in stage.chat.posted[CHANNEL, outage.ts].text
    for _ in range(6):
        await stage.post()
    while await stage.redis.zcard(stage.scripts.key("due", "requests")):
        await stage.advance()
    assert sent(stage) == ["retry"] * 3
    assert len(stage.cards()) == messages
    first = (await stage.request(outage.failing[0].schedule)).run_id
    assert first is not None
    stage.end(first, "CANCELED")
    await stage.poll()
    await stage.sweep()
    await free_edits(stage)
    assert ":repeat: 2 being retried" in stage.chat.posted[CHANNEL, outage.ts].text
    await stage.advance()
    assert any(f"Run {first}, your retry of Mart" in one for one in told(stage))


async def failed_unseen(redis: Redis) -> IncidentStage:
    """A schedule has failed; Slack has posted its incident's message, and the reply is lost."""
    stage = IncidentStage(redis)
    stage.people.people[ADA] = Person(ADA, name="ada", roles=frozenset({Role.MEMBER}))
    await stage.watch()
    stage.run_through("FAILED")
    await stage.discovery_only()
    stage.chat.faults.lose("post_message")
    await stage.post()
    assert (len(stage.cards()), (await stage.stored()).ts) == (1, "")
    return stage


async def test_without_any_record_of_the_incident_the_retry_has_a_card(one_redis: Redis) -> None:
    """Redis has lost the record, and the button doesn't carry the message's content."""
    stage = await failed_unseen(one_redis)
    failed = (await stage.incident()).failed
    assert failed is not None
    for key in ("incident:C1:nightly", "posts:opening:C1"):
        await stage.redis.delete(stage.scripts.key(key))
    assert await handler(stage).begin_retry(asker(ADA), IncidentButton("nightly", failed.run)) == failed.run
    wanted, origin = RetryCommand(every=False, run_id=failed.run), Origin(RunFacts("nightly"))
    await stage.accepter.accept_start(
        NewRequest("r1", "T", CHANNEL, ADA, "ada", wanted, origin=origin, incident="nightly")
    )
    await stage.advance()
    await stage.post_what_is_due()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 2


async def test_a_click_before_the_message_is_on_record_is_a_line_of_it(one_redis: Redis) -> None:
    """The start waits for the message, which is found and edited."""
    stage = await failed_unseen(one_redis)
    assert await click(stage) is None
    await stage.advance()
    await stage.post_what_is_due()
    await edit_all(stage)
    assert lines(stage) == [STARTING]
    await stage.post_what_is_due()
    assert await stage.state() is RequestState.CARDED
    await stage.advance()
    assert sent(stage) == ["retry"]
    assert len(stage.cards()) == 1


@pytest.mark.parametrize("clicked_first", [True, False])
async def test_a_start_does_not_wait_for_a_message_that_is_put_back_for_long(
    one_redis: Redis, *, clicked_first: bool
) -> None:
    """The start gets its own card, because the message may have to wait, for example until quiet hours end."""
    stage = await failed_unseen(one_redis)
    items = stage.scripts.key("posts", "opening", CHANNEL)
    in_an_hour = round((datetime.now(UTC).timestamp() + 3600) * 1e6)
    if clicked_first:
        assert await click(stage) is None
        await stage.advance()
    await stage.redis.zadd(items, {f"incident/0/{CHANNEL}/nightly": in_an_hour})
    if not clicked_first:
        assert await click(stage) is None
        await stage.advance()
    for key in (stage.scripts.key("posts", "start", CHANNEL), stage.scripts.key("posts", "start")):
        for member in await stage.redis.zrange(key, 0, -1):
            await stage.redis.zadd(key, {str(member): 1})
    await stage.post_what_is_due()
    assert await stage.state() is RequestState.CARDED
    assert len(stage.cards()) == 2
