"""The refusal of a start because its schedule is already running."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.request import BlockingRun, RequestState
from bot.core.model.run import RunKey
from bot.core.views.already_running import already_running, waited, why_running
from tests.core.views.plain import buttons, said
from tests.core.views.test_card import APP, ASKED, QUEUED, REQUEST

RUNNING = BlockingRun(4711, "owner@example.com", ASKED)


def test_a_start_that_is_refused_shows_the_run() -> None:
    """The refusal shows when the run was started and by whom, has buttons, and links to its card if it's here."""
    refused = replace(REQUEST, state=RequestState.REFUSED, running=RUNNING)
    message = already_running(refused, RUNNING, RunKey("w", 4711), app_url=APP, card_url=None)
    told = "Nightly is already running as run 4711, started at 14:20 by owner@example.com. Nothing was started."
    assert said(message.text) == told
    assert [one.label for one in buttons(message)] == ["Follow this run", "Run when it ends"]
    here = already_running(refused, RUNNING, RunKey("w", 4711), app_url=APP, card_url="https://slack.example/p1")
    assert said(here.text) == f"{told} See its card."
    assert [one.label for one in buttons(here)] == ["Run when it ends"]
    assert why_running(refused, None) == "Nightly is already running. Nothing was started."
    assert "started by owner@example.com" in why_running(refused, RUNNING)


def test_a_start_that_was_overtaken_too_often_says_so() -> None:
    """The refusal of a start that was overtaken too often says so, and names the run that is in the way."""
    overtaken = replace(QUEUED, rounds=5, state=RequestState.SENDING)
    why = why_running(overtaken, RUNNING)
    assert why.startswith("Its turn came 6 times")
    assert why.endswith("Run 4711 is running now.")
    told = said(waited(replace(overtaken, why=why)).text)
    assert told == f"Nightly wasn't started. {why} You asked for it at 14:20."
