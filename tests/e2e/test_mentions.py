"""`@bolt …` in a channel, in a thread and in a direct message: the same commands, each carried out once."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from bolt_sandbox.slack import payloads
from tests.e2e.stage import Stage

LOST = "I no longer know which run"


async def running_card(stage: Stage, schedule: str = "backfill", channel: str = "data-eng") -> Any:  # noqa: ANN401
    """Start a run, and return its card."""
    await stage.mention(f"run {schedule}", channel=channel)
    await stage.until(stage.card_says("is running", channel))
    return stage.cards(channel)[-1]


def direct(stage: Stage) -> str:
    """The channel of ada's direct messages with the bot."""
    return str(stage.sandbox.workspace.direct("U0ADA").id)


def heard(stage: Stage, kind: str = "events_api:event_callback") -> list[str]:
    """The outcomes of event deliveries."""
    return [call.outcome for call in stage.sandbox.workspace.calls if call.what == kind]


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_a_run_is_started_by_a_mention(stage: Stage, *, socket_mode: bool) -> None:
    """A mention starts a run as the slash command does: one card, followed to its end, and no other answer."""
    await stage.start_bot(socket_mode=socket_mode)
    await stage.mention("run nightly --branch main —reason “month end”")
    assert heard(stage) == ["acknowledged"]
    await stage.until(stage.card_says("succeeded in"))
    await stage.until(stage.replied("succeeded in"))
    assert len(stage.started()) == len(stage.cards()) == 1
    assert f"<@{stage.sandbox.workspace.user('ada').id}>" in stage.cards()[-1].text
    assert stage.private() == []


async def test_in_a_cards_thread_the_run_may_be_left_out(stage: Stage) -> None:
    """In a card's thread, `status`, `logs` and `cancel` apply to its run; the replies are private and in the thread."""
    await stage.start_bot()
    card = await running_card(stage)
    (run,) = stage.started()
    await stage.mention("status", thread=card.ts)
    await stage.until(stage.told_privately(f"Run {run.id}"))
    await stage.mention("logs", thread=card.ts)
    await stage.until(lambda: len(stage.private()) == 2)
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.card_says("was cancelled by"))
    await stage.until(stage.told_privately(f"Run {run.id} of"))
    assert {private.thread_ts for private in stage.private()} == {card.ts}
    assert not any("needs a run number" in private.text for private in stage.private())
    assert stage.asked("cancelBoltRun") == 1


async def test_a_thread_of_something_else_has_no_run(stage: Stage) -> None:
    """In another thread, the answer says how to give the run's number; a command with a number works there."""
    await stage.start_bot()
    card = await running_card(stage)
    (run,) = stage.started()
    talk = await stage.say("what broke last night?", user="grace")
    await stage.mention("cancel", thread=talk.ts)
    await stage.until(stage.told_privately("cancel needs a run number, as in @bolt cancel 4711."))
    assert stage.private()[-1].thread_ts == talk.ts
    assert stage.asked("cancelBoltRun") == 0
    await stage.mention(f"cancel {run.id}", thread=talk.ts)
    await stage.until(stage.card_says("was cancelled by"))
    assert card.ts == stage.cards()[-1].ts


async def test_a_start_from_a_thread_says_where_its_card_is(stage: Stage) -> None:
    """A start or retry from a thread gets a reply there that says where its card is; refusals are posted there too."""
    await stage.start_bot()
    talk = await stage.say("what broke last night?")
    bolt = stage.sandbox.bolt
    broken = next(run.id for run in bolt.runs("data-quality-tests") if bolt.view(run.id).state == "ERROR")
    await stage.mention(f"retry {broken}", thread=talk.ts)
    starting = f"Starting *retry of run {broken}*; its card will appear outside this thread"
    await stage.until(stage.told_privately(starting))
    await stage.mention("run nightly", thread=talk.ts)
    await stage.until(stage.told_privately("Starting *nightly*; its card will appear outside this thread"))
    await stage.until(stage.card_says("is running"))
    await stage.mention("run nigthly", thread=talk.ts)
    await stage.until(stage.told_privately("There's no schedule"))
    assert {private.thread_ts for private in stage.private()} == {talk.ts}


async def test_hints_name_what_works_where_they_are_read(stage: Stage) -> None:
    """Hints in a thread suggest mentions, because slash commands don't work there, and say what to add to a command."""
    await stage.start_bot()
    talk = await stage.say("how is it going?")
    for text, words in (
        ("status", "@bolt run"),
        ("list nosuchthing", "@bolt list"),
        (f"retry {stage.sandbox.bolt.runs('nightly')[0].id}", "with --all to run all of it again"),
    ):
        await stage.mention(text, thread=talk.ts)
        await stage.until(stage.told_privately(words))
    assert not any("/bolt" in one.text for one in stage.private())


async def test_direct_messages(stage: Stage) -> None:
    """In direct messages, cards and answers are ordinary messages, and the bot ignores its own."""
    await stage.start_bot()
    here = direct(stage)
    await stage.say("run nightly", channel="dm")
    await stage.until(stage.card_says("succeeded in", here))
    await stage.until(stage.replied("succeeded in", here))
    await stage.mention("rnu nightly", channel="dm")
    await stage.until(stage.card_says('Did you mean "Run nightly"?', here))
    await stage.say("hello", channel="dm", thread=stage.cards(here)[0].ts)
    await stage.until(stage.replied("There's no command", here))
    assert len(stage.started()) == 1
    assert len(stage.cards(here)) == 2
    assert stage.private() == []
    # Slack has also delivered each of the bot's own messages to the bot.
    await stage.until(lambda: len(heard(stage)) >= 3 + len(stage.cards(here)) + 2)
    assert set(heard(stage)) == {"acknowledged"}


async def test_a_mention_in_a_direct_message_is_answered_once(stage: Stage) -> None:
    """Slack can send a mention in a direct message twice, as a mention and as a message, but it's answered once."""
    await stage.start_bot()
    workspace, delivery = stage.sandbox.workspace, stage.sandbox.slack.delivery
    message = await stage.mention("help cancel", channel="dm")
    again = payloads.message_event(workspace, message, "app_mention")
    await delivery.send_event(payloads.event(workspace, again))
    await stage.mention("help retry", channel="dm")
    await stage.until(stage.card_says("@bolt retry", direct(stage)))
    assert len(stage.cards(direct(stage))) == 2


@pytest.mark.parametrize(("text", "answers"), [("run nightly", 0), ("help", 1), ("cancel", 1)])
async def test_a_message_that_comes_five_times_is_dealt_with_once(stage: Stage, text: str, answers: int) -> None:
    """A message delivered five times is handled once; only an answer that Slack didn't confirm is sent again."""
    bot = await stage.start_bot()
    stage.sandbox.slack.delivery.event_retries_s = (0.0, 0.2, 0.5)
    await stage.mention(text, times=5)
    if text.startswith("run"):
        await stage.until(stage.card_says("succeeded in"))
    await stage.until(lambda: len(stage.private()) >= answers)
    await stage.mention("help retry", user="grace")
    await stage.until(stage.told_privately("@bolt retry", user="grace"))
    assert answers <= len(stage.private()) <= answers + bot.printed().count("a private reply has to wait")
    assert len(stage.started()) == len(stage.cards()) == (0 if answers else 1)


async def test_two_processes_deal_with_a_message_once(stage: Stage) -> None:
    """Two processes handle a message once, whichever of them gets which delivery."""
    for _ in range(2):
        await stage.start_bot()
    stage.sandbox.slack.delivery.event_retries_s = (0.0, 0.2, 0.5)
    await stage.mention("help", times=10)
    await stage.mention("run nightly", times=10)
    await stage.until(stage.card_says("succeeded in"))
    await stage.until(lambda: len(stage.private()) > 0)
    await stage.mention("help retry", user="grace")
    await stage.until(stage.told_privately("@bolt retry", user="grace"))
    assert len(stage.private()) == len(stage.started()) == len(stage.cards()) == 1


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_a_bot_that_stands_still_is_asked_again_and_does_it_once(stage: Stage, *, socket_mode: bool) -> None:
    """Slack delivers an event again if it isn't acknowledged in time; a bot that wakes up handles it once."""
    bot = await stage.start_bot(socket_mode=socket_mode)
    delivery = stage.sandbox.slack.delivery
    delivery.ack_timeout_s, delivery.event_retries_s = 0.4, (0.0, 0.5, 1.0)
    bot.kill(signal.SIGSTOP)
    await stage.mention("run nightly")
    await stage.until(lambda: len(heard(stage)) >= 2)
    bot.kill(signal.SIGCONT)
    await stage.until(lambda: "acknowledged" in heard(stage))
    await stage.until(stage.card_says("succeeded in"))
    assert heard(stage)[:2] == ["operation_timeout"] * 2
    assert len(stage.started()) == len(stage.cards()) == 1
    assert stage.private() == []


@pytest.mark.parametrize("socket_mode", [True, False])
async def test_what_a_process_died_over_is_done_when_it_comes_again(stage: Stage, *, socket_mode: bool) -> None:
    """An event that another process has begun isn't acknowledged; a delivery after that process's death is handled."""
    bot = await stage.start_bot(socket_mode=socket_mode)
    delivery = stage.sandbox.slack.delivery
    delivery.ack_timeout_s, delivery.event_retries_s = 1.0, (0.0, 3.0)
    bot.kill(signal.SIGSTOP)
    mentioned = asyncio.create_task(stage.mention("run nightly"))
    await stage.until(lambda: bool(stage.sandbox.workspace.channel("data-eng").messages))
    (message,) = stage.sandbox.workspace.channel("data-eng").messages.values()
    with stage.redis() as client:
        client.set(f"{{bolt:bolt}}:heard:message:{message.channel}:{message.ts}", "begun", px=2500)
    bot.kill(signal.SIGCONT)
    await mentioned
    await stage.until(lambda: len(heard(stage)) == 2)
    assert "acknowledged" not in heard(stage)
    assert stage.cards() == []
    await stage.until(stage.card_says("succeeded in"))
    assert heard(stage)[-1] == "acknowledged"
    assert len(stage.started()) == len(stage.cards()) == 1


async def test_a_redis_that_hangs(stage: Stage) -> None:
    """If Redis hangs, Slack is answered in time and people are told what to do; help works without Redis."""
    await stage.start_bot()
    card = await running_card(stage)
    with stage.redis() as client:
        client.client_pause(6000)
    await stage.mention("help cancel")
    await stage.until(stage.told_privately("@bolt cancel"))
    await stage.mention("run nightly")
    await stage.until(stage.told_privately("I couldn't record this"))
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.told_privately("so nothing was done. Try again in a minute"))
    assert set(heard(stage)) == {"acknowledged"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("rnu nightly", 'Did you mean "Run nightly"?'),
        ("status 99999999", "There's no run 99999999 in Bolt"),
        ("cancel 99999999", "There's no run 99999999 in Bolt"),
        ("history nosuchthing", "There's no schedule"),
    ],
)
async def test_an_answer_that_slack_does_not_take_now_comes_later(stage: Stage, text: str, answer: str) -> None:
    """An answer that Slack refuses for now, privately and by direct message, is delivered later."""
    await stage.start_bot()
    for method in ("chat.postEphemeral", "conversations.open"):
        stage.sandbox.workspace.faults.add(SlackFault("ratelimited", method, retry_after_s=2))
    await stage.mention(text)
    assert heard(stage) == ["acknowledged"]
    await stage.until(stage.told_privately(answer))


HOSTILE_TEXTS = (
    ("", "lists all commands"),
    ("rnu nightly", 'Did you mean "Run nightly"?'),
    ("run nightly\n--branch dev", "Type it on one line"),
    ("run “nightly", "A quote isn't closed"),
    ("cancel \u202e4711 <!channel> *x*", "I didn't recognize a command in that"),
    ("run &lt;!channel&gt; <!here> <@U0GRACE>", "There's no schedule"),
    ("`" * 3000, "a backtick"),
    ("run " + "🎉" * 3000, "too long"),
    ("x" * 40_000, "There's no command"),
)


async def test_hostile_texts_are_answered_in_one_sentence(stage: Stage) -> None:
    """Hostile texts are answered privately in a sentence that mentions nobody, and nothing is started."""
    await stage.start_bot()
    for text, answer in HOSTILE_TEXTS:
        private = await stage.answer_to(stage.mention(text))
        assert answer in private.text, text[:40]
        assert not any(mark in private.text for mark in ("<!", "<@", "🎉🎉🎉🎉🎉" * 20))
    assert len(stage.private()) == len(HOSTILE_TEXTS)
    assert stage.started() == []
    assert set(heard(stage)) == {"acknowledged"}


async def test_who_does_not_ask_is_not_answered(stage: Stage) -> None:
    """Thanks, quotations, edits and other bots get no answer, and start nothing."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    me = f"<@{workspace.bot.id}>"
    other = workspace.add_user("ci", bot=True)
    workspace.channel("data-eng").members.append(other.id)
    for text in (f"thanks {me}!", f"&gt; {me} run nightly", f"could {me} run nightly?", f"{me}’s card is wrong"):
        await stage.say(text)
    await stage.mention("run nightly", user="ci")
    edited = await stage.say("run it again")
    await stage.sandbox.slack.people.edit("ada", "data-eng", edited.ts, f"{me} run nightly")
    asked = await stage.say("what is there?", channel="dm")
    await stage.until(stage.card_says("There's no command", direct(stage)))
    await stage.sandbox.slack.people.edit("ada", "dm", asked.ts, "run nightly")
    await stage.mention("help", user="grace")
    await stage.until(stage.told_privately("@bolt run", user="grace"))
    assert len(heard(stage)) >= 9
    assert set(heard(stage)) == {"acknowledged"}
    assert stage.started() == []
    assert stage.cards() == []
    assert stage.private() == stage.private("ci") == []
    assert len(stage.cards(direct(stage))) == 1


async def test_a_person_of_another_organization_is_refused(stage: Stage) -> None:
    """A person from another organization is refused privately, even in a card's thread, and nothing is cancelled."""
    await stage.start_bot()
    card = await running_card(stage)
    eve = stage.sandbox.workspace.add_user("eve", team="T0ELSEWHERE")
    stage.sandbox.workspace.channel("data-eng").members.append(eve.id)
    await stage.mention("cancel", user="eve", thread=card.ts)
    await stage.mention("run nightly", user="eve")
    await stage.until(lambda: len(stage.private("eve")) == 2)
    assert all("I don't take requests from people in other organizations" in one.text for one in stage.private("eve"))
    assert stage.private("eve")[0].thread_ts == card.ts
    # Our own people go on as before, although the channel is shared now.
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.card_says("was cancelled by"))
    assert len(stage.started()) == 1


async def test_the_thread_of_a_card_that_redis_has_lost(stage: Stage) -> None:
    """A lost card's buttons name its run and are enough to rebuild its record, so it's followed to its end."""
    await stage.start_bot()
    card = await running_card(stage)
    stage.lose_data()
    await stage.mention("status", thread=card.ts)
    await stage.until(stage.told_privately(f"Run {stage.started()[0].id}"))
    await stage.mention("cancel", thread=card.ts)
    await stage.until(stage.card_says("was cancelled by"))
    await stage.until(stage.replied("was cancelled by"))
    assert len(stage.cards()) == 1


@pytest.mark.parametrize("how", ["scope", "slow"])
async def test_a_lost_card_that_cannot_be_read_back(stage: Stage, how: str) -> None:
    """If a lost card can't be read back in time, the run isn't guessed: the answer asks for its number."""
    await stage.start_bot()
    card = await running_card(stage)
    (run,) = stage.started()
    stage.lose_data()
    if how == "scope":
        stage.sandbox.workspace.scopes.discard("channels:history")
    else:
        stage.sandbox.workspace.faults.add(SlackFault("slow", "conversations.replies", count=None, delay_s=10))
    await stage.mention("logs 3", thread=card.ts)
    await stage.until(stage.told_privately(LOST))
    assert set(heard(stage)) == {"acknowledged"}
    assert stage.asked("cancelBoltRun") == 0
    await stage.mention(f"cancel {run.id}", thread=card.ts)
    await stage.until(stage.told_privately(f"Run {run.id}"))


async def test_a_card_without_a_run_yet(stage: Stage) -> None:
    """In the thread of a card without a run yet, the answer says that there's no number yet."""
    await stage.start_bot()
    stage.sandbox.bolt.add_fault(Fault("timeout", operation="triggerBoltRun", executes=False, hold_s=None))
    await stage.mention("run nightly")
    await stage.until(lambda: len(stage.cards()) == 1)
    await stage.mention("cancel", thread=stage.cards()[-1].ts)
    await stage.until(stage.told_privately("This run has no number yet"))
