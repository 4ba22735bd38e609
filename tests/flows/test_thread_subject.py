"""The run that a thread is about: its card's record says so, or else the card itself in Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from bot.core.model.admission import Limits
from bot.core.model.request import Approval
from bot.core.model.run import CardRef, Run, RunFacts, RunKey
from bot.core.text.message import Button, Buttons, Message, Paragraph
from bot.core.views.buttons import (
    APPROVE_START,
    CANCEL_RUN,
    DROP_QUEUED,
    OPEN_RUN,
    RETRY_FAILED,
    request_value,
    run_value,
)
from bot.flows.thread_subject import (
    APPROVED,
    AWAY,
    ELSEWHERE,
    FORGOTTEN,
    LOST,
    STARTING,
    TAKEN_OUT,
    UNCLEAR,
    ThreadSubject,
    ThreadSubjects,
)
from bot.slack.client import SlackChat
from bot.store.record_json import to_json
from bot.store.runs import Runs
from bot.store.scripts import Scripts
from bot.store.start_requests import StartRequests
from tests.store.record import follow_run
from tests.waiting import PATIENCE_S

CHANNEL = "C0DATAENG"
APP = "https://app.example"
APPROVAL = to_json(Approval("@data-team", "S0DATATEAM", "four eyes", 60))
FACTS = RunFacts("nightly", "Nightly full build", asked_by="U0ADA")
OPEN = Button(OPEN_RUN, "Open in Bolt", url=f"{APP}/bolt/run_id/7")


@dataclass
class Stage:
    """A store, a local Slack, and the flow that finds subjects in them."""

    scripts: Scripts
    sandbox: Sandbox
    chat: SlackChat
    subjects: ThreadSubjects

    @classmethod
    def over(
        cls,
        scripts: Scripts,
        sandbox: Sandbox,
        chat: SlackChat,
        *,
        record_s: float = PATIENCE_S,
        read_s: float = PATIENCE_S,
    ) -> Stage:
        """A stage whose flow waits this long for the record, and for Slack."""
        runs, requests = Runs(scripts), StartRequests(scripts, Limits())
        return cls(
            scripts,
            sandbox,
            chat,
            ThreadSubjects(runs, requests, chat, workspace="w", app_url=APP, record_s=record_s, read_s=read_s),
        )

    async def subject_of(self, ts: str) -> ThreadSubject:
        """The subject of a thread."""
        return await self.subjects.subject_of("T", CardRef(CHANNEL, ts))

    async def start(self, **fields: str) -> None:
        """Store a start whose card, with ts 7.5, has no run on record. `fields` are stored with its request."""
        await follow_run(self.scripts, 7, channel=CHANNEL, ts="7.5")
        redis, key = self.scripts.redis, self.scripts.key
        await redis.hdel(key("card", f"T:{CHANNEL}:7.5"), "run")
        await redis.hset(key("card", f"T:{CHANNEL}:7.5"), "request", "request-7")
        for name, value in fields.items():
            await redis.hset(key("req", "request-7"), name, value)

    async def post_message(self, *buttons: Button) -> str:
        """Post a start's card with these buttons; return its ts."""
        text = ("a card",)
        row = (Buttons(buttons),) if buttons else ()
        return await self.chat.post_message(CHANNEL, Message(text, (Paragraph(text), *row)), key="start:request-7")


@pytest.fixture
async def stage(redis_client: Redis, sandbox: Sandbox) -> AsyncIterator[Stage]:
    """A stage with an empty store."""
    scripts = Scripts(redis_client, "test", retention_s=3600)
    chat = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api/", lambda text: text)
    chat.bot_user = sandbox.workspace.bot.id
    yield Stage.over(scripts, sandbox, chat)
    await chat.close()


async def test_the_record_tells(stage: Stage) -> None:
    """Slack isn't asked."""
    stage.sandbox.workspace.faults.away = True
    await follow_run(stage.scripts, 7, channel=CHANNEL, ts="7.5")
    assert await stage.subject_of("7.5") == ThreadSubject(RunKey("w", 7))


@pytest.mark.parametrize(
    ("state", "why"), [("carded", STARTING), ("sending", STARTING), ("looking", UNCLEAR), ("unclear", UNCLEAR)]
)
async def test_a_start_without_a_run_says_so(stage: Stage, state: str, why: str) -> None:
    """The answer says that the run's number isn't known yet, or that the start's outcome is unclear."""
    await stage.start(state=state)
    assert await stage.subject_of("7.5") == ThreadSubject(why=why)


@pytest.mark.parametrize("state", ["refused", "closed"])
async def test_a_start_that_waited_and_is_not_started(stage: Stage, state: str) -> None:
    """Such a start has no run, and won't get one."""
    await stage.start(state=state, queued_us="1", why="It was removed from the queue.")
    assert await stage.subject_of("7.5") == ThreadSubject(why=TAKEN_OUT)


async def test_a_start_that_waited_and_was_sent_may_be_unclear_for_good(stage: Stage) -> None:
    """The start may have a run, so the answer doesn't say that there's none."""
    await stage.start(state="closed", queued_us="1")
    assert await stage.subject_of("7.5") == ThreadSubject(why=UNCLEAR)


async def test_a_start_that_waits(stage: Stage) -> None:
    """The run that a start waits for isn't the start's own."""
    await stage.start(state="queued", queued_us="1", behind="w:6")
    subject = await stage.subject_of("7.5")
    assert (subject.run, subject.queued) == (None, "request-7")
    assert "is waiting for run 6 to end" in subject.why


async def test_a_start_that_waits_for_approval(stage: Stage) -> None:
    """A pending start has no run, and can be withdrawn until it's approved."""
    await stage.start(state="pending", approval=APPROVAL)
    subject = await stage.subject_of("7.5")
    assert (subject.run, subject.pending) == (None, "request-7")
    assert "is waiting for approval by @data-team and has no run yet" in subject.why
    await stage.scripts.redis.hset(stage.scripts.key("req", "request-7"), "state", "approved")
    assert await stage.subject_of("7.5") == ThreadSubject(why=APPROVED)


@pytest.mark.parametrize("state", ["refused", "closed"])
async def test_a_start_that_was_not_approved(stage: Stage, state: str) -> None:
    """The answer says why the start wasn't approved."""
    await stage.start(state=state, approval=APPROVAL, why="It was denied, so nothing was started.")
    assert await stage.subject_of("7.5") == ThreadSubject(why="It was denied, so nothing was started.")


async def test_a_start_whose_run_has_another_card_here(stage: Stage) -> None:
    """The thread is about the run that its own card names."""
    await stage.start(state="settled", run="9")
    assert await stage.subject_of("7.5") == ThreadSubject(RunKey("w", 9))


@pytest.mark.parametrize("action", [DROP_QUEUED, APPROVE_START])
async def test_the_card_of_a_start_that_waits_and_is_not_on_record(stage: Stage, action: str) -> None:
    """The answer says that the start isn't queued, unless Redis can't be read at the moment."""
    drop = Button(action, "Do something", value=request_value("request-7"))
    ts = await stage.post_message(drop)
    assert await stage.subject_of(ts) == ThreadSubject(why=FORGOTTEN)
    hurried = Stage.over(stage.scripts, stage.sandbox, stage.chat, record_s=0.1)
    await stage.scripts.redis.client_pause(1000)
    assert await hurried.subject_of(ts) == ThreadSubject(why=AWAY)


async def test_a_card_whose_record_is_lost_tells_itself(stage: Stage) -> None:
    """The value of *Cancel run* restores the record; the card of a run that is over only names the run."""
    cancel = Button(CANCEL_RUN, "Cancel run", value=run_value(Run(RunKey("w", 7), facts=FACTS)))
    active, over = await stage.post_message(cancel, OPEN), await stage.post_message(OPEN)
    subject = await stage.subject_of(active)
    assert subject.run == RunKey("w", 7)
    assert subject.lost is not None
    assert (subject.lost.run.facts, subject.lost.card, subject.lost.over) == (FACTS, CardRef(CHANNEL, active), False)
    assert await stage.subject_of(over) == ThreadSubject(RunKey("w", 7))


async def test_a_card_of_a_run_that_is_over_says_that_too(stage: Stage) -> None:
    """The run can be retried, and must not be followed again."""
    retry = Button(RETRY_FAILED, "Retry failed", value=run_value(Run(RunKey("w", 7), facts=FACTS)))
    subject = await stage.subject_of(await stage.post_message(retry, OPEN))
    assert subject.lost is not None
    assert (subject.lost.run.facts, subject.lost.over) == (FACTS, True)


async def test_a_card_of_a_start_that_is_not_on_record_yet(stage: Stage) -> None:
    """Slack shows it before it's recorded, so there's no number yet."""
    assert await stage.subject_of(await stage.post_message()) == ThreadSubject(why=STARTING)


async def test_another_workspaces_card(stage: Stage) -> None:
    """Another workspace's run isn't ours, whatever its number is."""
    elsewhere = RunKey("elsewhere", 7)
    lost = await stage.post_message(Button(CANCEL_RUN, "Cancel run", value=run_value(Run(elsewhere))))
    assert await stage.subject_of(lost) == ThreadSubject(why=ELSEWHERE)
    await follow_run(stage.scripts, 7, channel=CHANNEL, ts="7.5")
    await stage.scripts.redis.hset(stage.scripts.key("card", f"T:{CHANNEL}:7.5"), "run", elsewhere.name)
    assert await stage.subject_of("7.5") == ThreadSubject(why=ELSEWHERE)


async def test_what_is_no_card(stage: Stage) -> None:
    """A bot message without a run, a deleted message, and a person's message that looks like a card aren't cards."""
    ws = stage.sandbox.workspace
    cancel = {"type": "button", "action_id": CANCEL_RUN, "value": run_value(Run(RunKey("w", 7), facts=FACTS))}
    block = {"type": "actions", "elements": [cancel | {"text": {"type": "plain_text", "text": "Cancel run"}}]}
    forged = ws.post(ws.channel("data-eng"), ws.user("grace"), "a card", blocks=[block])
    plain = await stage.chat.post_message(CHANNEL, Message(("hello",)), key="k")
    for ts in (forged.ts, plain, "1.000001"):
        assert await stage.subject_of(ts) == ThreadSubject()


@pytest.mark.parametrize("how", ["away", "slow", "scope"])
async def test_a_card_that_cannot_be_read(stage: Stage, how: str) -> None:
    """Nothing is guessed."""
    ts = await stage.post_message(OPEN)
    if how == "away":
        stage.sandbox.workspace.faults.away = True
    elif how == "slow":
        stage.sandbox.workspace.faults.add(Fault("slow", "conversations.replies", delay_s=5))
        stage = Stage.over(stage.scripts, stage.sandbox, stage.chat, read_s=0.1)
    else:
        stage.sandbox.workspace.scopes.discard("channels:history")
    assert await stage.subject_of(ts) == ThreadSubject(why=LOST)
