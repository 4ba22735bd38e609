"""Messages for when Redis can't be used: they say that nothing was done only if that's certain."""

from __future__ import annotations

import pytest

from bot.core.model.errors import StoreFault, StoreRefused, StoreUnavailable
from bot.core.views.store_unavailable import cause, database, unchecked, unrecorded

FULL = StoreRefused("My database (Redis) is full.", cause="OOM", where="redis:6379")
AWAY = StoreUnavailable(cause="the connection was refused", where="redis:6379")
NOTHING, OTHERWISE = "Nothing was started.", "If no card appears within a minute, please ask again."


def test_a_refusal_is_certain() -> None:
    """If Redis refuses a write, nothing was recorded, and the message says so."""
    said = unrecorded(FULL, nothing=NOTHING, otherwise=OTHERWISE)
    assert NOTHING in said
    assert OTHERWISE not in said
    assert "is full" in said


@pytest.mark.parametrize("error", [AWAY, TimeoutError()])
def test_silence_is_not(error: StoreUnavailable | TimeoutError) -> None:
    """If Redis doesn't answer, the request may have been recorded, so the message says when to ask again."""
    said = unrecorded(error, nothing=NOTHING, otherwise=OTHERWISE)
    assert OTHERWISE in said
    assert NOTHING not in said


@pytest.mark.parametrize("error", [FULL, AWAY, TimeoutError()])
def test_what_could_not_be_checked_was_not_done(error: Exception) -> None:
    """If something couldn't be checked, nothing was done, because the policy comes before everything else."""
    assert "othing was done" in unchecked(error)


def test_people_read_a_sentence_and_operators_the_host() -> None:
    """People read a sentence without an address; operators get the host and the cause."""
    assert database(FULL) == FULL.sentence
    assert database(TimeoutError()) == database() == StoreUnavailable().sentence
    assert cause(AWAY) == "redis:6379: the connection was refused"
    assert cause(TimeoutError())
    for error in (FULL, AWAY):
        assert "6379" not in unrecorded(error, nothing=NOTHING, otherwise=OTHERWISE) + unchecked(error)


def test_a_fault_of_ours_is_not_an_outage() -> None:
    """The message about a fault of ours has a reference to the log, and doesn't claim that nothing was recorded."""
    fault = StoreFault("ab12", cause="the script accept failed", where="redis:6379")
    assert database(fault) == "Something unexpected happened in my database (reference ab12)."
    told = unrecorded(fault, nothing="Nothing was started.", otherwise="Check its schedule.")
    assert told == "Something unexpected happened while I was recording this (reference ab12). Check its schedule."
    assert unchecked(fault) == f"{fault.sentence} Nothing was done. Tell whoever runs this bot."
    assert cause(fault) == "redis:6379: the script accept failed"
