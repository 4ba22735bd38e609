"""Methods that only read accept no JSON body."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Served
from .test_web_api import refusal


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.info", {"user": "U0ADA"}, "user_not_found"),
        ("conversations.info", {"channel": "C0DATAENG"}, "invalid_arguments"),
        ("conversations.members", {"channel": "C0DATAENG"}, "invalid_arguments"),
        ("conversations.history", {"channel": "C0DATAENG"}, "invalid_arguments"),
        ("usergroups.users.list", {"usergroup": "S0DATATEAM"}, "invalid_arguments"),
        ("files.getUploadURLExternal", {"filename": "x", "length": "1"}, "invalid_arguments"),
    ],
)
async def test_reading_methods_read_no_json(served: Served, method: str, arguments: dict[str, Any], error: str) -> None:
    """Reading methods ignore a JSON body, but read arguments from a form or the query string."""
    assert await refusal(served.client.api_call(method, json=arguments)) == error
    assert (await served.client.api_call(method, data=arguments))["ok"]
    assert (await served.client.api_call(method, params=arguments))["ok"]


async def test_a_list_ignores_what_it_does_not_read(served: Served) -> None:
    """Lists silently ignore arguments in JSON, because all of them are optional."""
    listed = await served.client.api_call("usergroups.list", json={"include_users": True})
    assert "users" not in listed["usergroups"][0]
    assert len((await served.client.api_call("users.list", json={"limit": 1}))["members"]) == 4
    assert len((await served.client.users_list(limit=1))["members"]) == 1
