"""Two versions of the bot share a Redis: each reads what the other has written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model.asker import Asker
from bot.core.model.command import RunCommand
from bot.store.codec import dump, load
from bot.store.requests import Body
from bot.store.runs import Wish
from tests.store.record import NOW

IN_A_THREAD = Asker("T", "U1", "C1", thread="17.1")


@dataclass(frozen=True, slots=True)
class EarlierAsker:
    """Who asked, before anyone could in a thread."""

    team: str
    user: str
    channel: str
    response_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EarlierWish:
    """A wish, as the version before read it."""

    asker: EarlierAsker
    at: datetime


def test_an_older_version_reads_who_asked_in_a_thread() -> None:
    """What it does not know it leaves out."""
    assert load(EarlierWish, dump(Wish(IN_A_THREAD, NOW))) == EarlierWish(EarlierAsker("T", "U1", "C1"), NOW)


def test_what_an_older_version_has_written_is_read() -> None:
    """It was in no thread."""
    assert load(Wish, dump(EarlierWish(EarlierAsker("T", "U1", "C1"), NOW))) == Wish(Asker("T", "U1", "C1"), NOW)
    body = Body("T", "C1", "U1", "ada", RunCommand("nightly"))
    assert load(Body, dump(body)) == body
    assert "thread" not in json.loads(dump(body))
