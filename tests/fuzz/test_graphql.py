"""Any answer from the Bolt API gives a result or a named error, and requests that create something aren't repeated."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model.errors import BoltError
from bot.paradime.client import BoltClient
from bot.paradime.retrying import RetryLimits
from tests.fuzz.payloads import GONE, places, put
from tests.paradime.api import CREDENTIALS, QUICK
from tests.paradime.test_client import CHANGES, CREATES, ONCE, READS
from tests.slack.blocks.hostile import HOSTILE

CALLS = READS | CHANGES | ONCE
AT = "2026-11-23T14:20:00Z"
COMMAND = {
    "id": 7,
    "command": "dbt run",
    "startDttm": AT,
    "endDttm": AT,
    "stdout": "x",
    "stderr": "",
    "returnCode": 0,
    "resources": [],
}
SCHEDULE = {
    "id": 1,
    "uuid": "u",
    "name": "Nightly",
    "slug": "nightly",
    "schedule": "0 2 * * *",
    "owner": "a",
    "lastRunAt": AT,
    "lastRunState": "SUCCESS",
    "nextRunAt": AT,
    "suspended": False,
    "source": "ui",
    "commands": ["dbt run"],
    "ok": True,
    "turboCi": {"enabled": True, "deferredScheduleName": "n", "successfulRunOnly": True},
}
FULL: dict[str, Any] = {
    "listBoltSchedules": {"totalCount": 1, "schedules": [SCHEDULE]},
    "boltScheduleName": SCHEDULE,
    "listBoltRuns": {"ok": True, "runs": [{"id": 1, "state": "SUCCESS", "actor": "a", "startDttm": AT, "endDttm": AT}]},
    "r7": {"state": "RUNNING", "commands": [COMMAND]},
    "r8": {"state": "ERROR", "commands": [COMMAND]},
    "boltRunStatus": {"state": "RUNNING", "commands": [COMMAND]},
    "boltCommand": COMMAND | {"scheduleRunId": 9},
    "boltCommandLogs": {"lines": ["x"], "cursor": "1:0", "finished": True},
    "boltResourceUrl": {"ok": True, "url": "https://signed"},
    "triggerBoltRun": {"ok": True, "runId": 9},
    "retryBoltRun": {"ok": True, "runId": 9},
    "retryAllBoltRun": {"ok": True, "runId": 9},
    "cancelBoltRun": {"ok": True},
    "suspendBoltSchedule": {"ok": True},
}
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        7,
        2**31,
        10**400,
        1.5,
        float("inf"),
        "",
        "x",
        "2026-99-99",
        "\ud83d",
        "x" * 5000,
        "null",
        "7",
    ),
    *([], [None], [[]], {}, {"id": {}}, [{"id": "x"}], {"message": 7}, {"path": ["r7"], "message": "Unknown argument"}),
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Retry-After", "Content-Encoding", "Content-Length", "Location"]),
    st.sampled_from(
        ["application/json", "text/html", "text/plain", "gzip", "br", "identity", "-1", "9", "soon", "http://x/"]
    ),
    max_size=3,
)
STATUSES = st.sampled_from([200, 200, 200, 204, 301, 400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 599])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """A good answer that's wrong in some places, or any bytes."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=300) | HOSTILE.map(lambda text: text.encode(errors="surrogatepass")))
    body: dict[str, Any] = {"data": copy.deepcopy(FULL), "errors": [{"message": draw(HOSTILE), "path": ["r7", 0]}]}
    put(body, ("errors",), draw(st.sampled_from((GONE, GONE, body["errors"]))))
    everywhere = sorted(places(body), key=str)
    for path in draw(st.lists(st.sampled_from(everywhere), max_size=4)):
        put(body, path, draw(st.sampled_from((GONE, *ODD))))
    text = json.dumps(body)
    return text[: draw(st.sampled_from((len(text), len(text), len(text) // 2)))].encode()


@settings(max_examples=150)
@given(answers(), STATUSES, HEADERS, st.sampled_from(sorted(CALLS)))
async def test_any_answer_is_a_result_or_a_named_error(
    content: bytes, status: int, headers: dict[str, str], name: str
) -> None:
    """Any answer is a result or an error with a printable sentence; requests that create something are sent once."""
    asked = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))

    # An answer that asks for a longer wait than this raises an error at once.
    limits = replace(QUICK, timeout_s=5, retry=RetryLimits(attempts=2, for_s=5, first_wait_s=0.001))
    client = BoltClient("http://bolt", CREDENTIALS, limits, transport=httpx.MockTransport(answer))
    said = ""
    try:
        await CALLS[name](client)
    except BoltError as error:
        said = error.sentence
        assert said
    finally:
        await client.aclose()
    assert said.isprintable() or not said
    assert len(said) <= 1000
    # A mutation is sent again, in another form, only if the server says that it didn't understand the first one: then it
    # did nothing.
    assert asked <= (2 if name in CREATES else 3 * limits.retry.attempts)
