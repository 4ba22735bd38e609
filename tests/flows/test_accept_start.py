"""Asking for a start: recorded once however often it's delivered, and answered if the card doesn't say it all."""

from __future__ import annotations

from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.errors import StoreRefused, StoreUnavailable
from bot.core.model.start import Accepted, NewRequest
from bot.core.text.text import Link
from bot.core.views.buttons import START_ANOTHER, read_request_value
from bot.flows.accept_start import StartAccepter
from bot.store.start_requests import StartRequests
from tests.core.views.plain import buttons, said
from tests.flows.stage import APP, BOB, Stage, card_url


async def test_a_new_start_needs_no_words(start_stage: Stage) -> None:
    """A new start's card is the answer, and the worker is woken."""
    assert await start_stage.accept() is None
    assert start_stage.woken == ["requests"]


async def test_a_delivery_that_comes_twice_is_one_start(start_stage: Stage) -> None:
    """Slack repeats what it believes was lost."""
    await start_stage.accept("r1")
    assert await start_stage.accept("r1") is None
    assert await start_stage.redis.zcard(start_stage.scripts.key("due", "requests")) == 1


async def test_the_same_words_again_are_not_a_second_start(start_stage: Stage) -> None:
    """Repeating a request by name or slug gets a link to the first run and its card, and an offer to start another."""
    await start_stage.catalog.all_schedules()
    first = await start_stage.start("r1", RunCommand("nightly"))
    answer = await start_stage.accept("r2", RunCommand("Nightly full build"))
    assert answer is not None
    assert Link(f"{APP}/bolt/run_id/{first.run_id}", f"run {first.run_id}") in answer.text
    assert first.card is not None
    assert any(isinstance(span, Link) and span.url == card_url(first.card) for span in answer.text)
    (again,) = buttons(answer)
    assert (again.action, read_request_value(again.value)) == (START_ANOTHER, "r1")
    assert len(start_stage.bolt.sent) == 1


async def test_somebody_else_or_on_purpose_is_another_start(start_stage: Stage) -> None:
    """The same command by someone else, on purpose, or with another branch is a start of its own."""
    await start_stage.accept("r1")
    assert await start_stage.accept("r2", user=BOB) is None
    assert await start_stage.accept("r3", force=True) is None
    assert await start_stage.accept("r4", RunCommand("nightly", "dev")) is None


async def test_a_second_retry_names_the_run(start_stage: Stage) -> None:
    """The answer names the run, because the schedule's name isn't known yet."""
    await start_stage.accept("r1", RetryCommand(every=False, run_id=4711))
    answer = await start_stage.accept("r2", RetryCommand(every=False, run_id=4711))
    assert answer is not None
    assert "a retry of run 4711" in said(answer.text)


class Broken(StartRequests):
    """A store that fails."""

    error: Exception = StoreUnavailable()

    async def accept(self, asked: NewRequest) -> Accepted:
        """Fail."""
        del asked
        raise self.error


async def test_what_could_not_be_recorded_is_never_called_undone(start_stage: Stage) -> None:
    """Only a refusal is certain: if Redis doesn't answer, a card may still appear."""
    requests = Broken(start_stage.scripts, start_stage.requests._limits)
    accepter = StartAccepter(
        requests, lambda _: "", app_url=APP, card_url=card_url, accepted=start_stage.wake("requests")
    )
    asked = NewRequest("r1", "T", "C1", "U1", "ada", RunCommand("nightly"))
    answer = await accepter.accept_start(asked)
    assert answer is not None
    assert "Nothing was started." not in said(answer.text)
    assert "card" in said(answer.text)
    requests.error = StoreRefused("My database (Redis) is full.")
    answer = await accepter.accept_start(asked)
    assert answer is not None
    assert "Nothing was started." in said(answer.text)
    assert start_stage.woken == []
