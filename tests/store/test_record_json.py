"""Two versions of the bot share a Redis: each reads what the other has written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.model.asker import Asker
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.incident import Incident
from bot.core.model.run import RunFacts
from bot.store.record_json import from_json, to_json
from bot.store.run_followers import StoredFollower
from bot.store.runs import StoredCancelWish
from bot.store.start_requests import StoredRequest
from tests.store.record import NOW

IN_A_THREAD = Asker("T", "U1", "C1", thread="17.1")


@dataclass(frozen=True, slots=True)
class EarlierAsker:
    """The person who asked, as stored before people could ask in a thread."""

    team: str
    user: str
    channel: str
    response_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EarlierWish:
    """A request to cancel, as the previous version read it."""

    asker: EarlierAsker
    at: datetime


def test_an_older_version_reads_who_asked_in_a_thread() -> None:
    """An older version ignores fields that it doesn't know."""
    assert from_json(EarlierWish, to_json(StoredCancelWish(IN_A_THREAD, NOW))) == EarlierWish(
        EarlierAsker("T", "U1", "C1"), NOW
    )


def test_what_an_older_version_has_written_is_read() -> None:
    """An older version's requests to cancel had no thread."""
    assert from_json(StoredCancelWish, to_json(EarlierWish(EarlierAsker("T", "U1", "C1"), NOW))) == StoredCancelWish(
        Asker("T", "U1", "C1"), NOW
    )
    body = StoredRequest("T", "C1", "U1", "ada", RunCommand("nightly"))
    assert from_json(StoredRequest, to_json(body)) == body
    assert "thread" not in json.loads(to_json(body))


def test_fields_keep_the_names_of_older_versions() -> None:
    """Renamed fields keep their old names at the top level, in a nested record, and in one of several allowed types."""
    facts = RunFacts(slug="nightly", followed_by="U2")
    assert json.loads(to_json(facts)) == {"schedule": "nightly", "watched_by": "U2"}
    assert from_json(RunFacts, to_json(facts)) == facts
    incident = Incident("C1", "nightly", "T", 1, uneditable_since=NOW)
    assert datetime.fromisoformat(json.loads(to_json(incident))["fixed_at"]) == NOW
    assert from_json(Incident, to_json(incident)) == incident
    body = StoredRequest("T", "C1", "U1", "ada", RunCommand("nightly", "dev"))
    assert json.loads(to_json(body))["wanted"] == {"schedule": "nightly", "branch": "dev"}
    retry = replace(body, start_command=RetryCommand(every=True, schedule_text="nightly"))
    assert json.loads(to_json(retry))["wanted"] == {"every": True, "latest_of": "nightly"}
    assert from_json(StoredRequest, to_json(retry)) == retry
    follower = StoredFollower(IN_A_THREAD, facts)
    assert json.loads(to_json(follower))["facts"] == {"schedule": "nightly", "watched_by": "U2"}
    assert from_json(StoredFollower, to_json(follower)) == follower
