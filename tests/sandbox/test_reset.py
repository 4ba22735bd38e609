"""Both worlds are reset to their initial state, and the bot stays connected."""

from __future__ import annotations

import aiohttp

from bolt_sandbox.bolt import Fault as BoltFault
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Fault
from tests.worlds import new_sandbox


async def reset(sandbox: Sandbox) -> None:
    """Reset the sandbox with the control API."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{sandbox.base_url}/control/reset", json={}) as answer,
    ):
        assert answer.status == 200


async def test_nothing_of_what_happened_is_left(sandbox: Sandbox) -> None:
    """A reset removes messages, people, faults, schedules and runs that were added, and restores settings."""
    workspace, bolt = sandbox.workspace, sandbox.bolt
    schedules, runs = len(bolt.schedules()), len(bolt.runs())
    channel, ada = workspace.channel("data-eng"), workspace.user("ada")
    workspace.post(channel, ada, "hello")
    workspace.show_privately(ada.id, channel.id, "psst", via="chat.postEphemeral")
    workspace.add_user("eve", team="T0ELSE")
    ada.role = "guest"
    channel.members.remove(ada.id)
    workspace.scopes.clear()
    workspace.faults.add(Fault("error"))
    workspace.faults.away = True
    workspace.rates.limits["chat.update"] = 1
    bolt.add_schedule(Schedule(0, "Own", "own", own_character(["dbt run"])))
    bolt.start("own")
    bolt.add_fault(BoltFault("away", count=None))
    bolt.speed = 3.0
    sandbox.slack.delivery.ack_timeout_s = 1.0
    await reset(sandbox)
    fresh = new_sandbox()
    channel = workspace.channel("data-eng")
    assert (channel.messages, workspace.privates, workspace.faults.active, workspace.faults.away) == ({}, [], [], False)
    assert workspace.scopes == fresh.workspace.scopes
    assert {user.name: user.role for user in workspace.users.values()} == {
        user.name: user.role for user in fresh.workspace.users.values()
    }
    assert channel.members == fresh.workspace.channel("data-eng").members
    assert workspace.rates.limits == {}
    assert (len(bolt.schedules()), len(bolt.runs()), bolt.faults.active, bolt.speed) == (schedules, runs, [], 1.0)
    assert sandbox.slack.delivery.ack_timeout_s == 3.0


async def test_no_number_comes_twice(sandbox: Sandbox) -> None:
    """After a reset, ids of runs, commands and messages aren't reused, since the bot may remember them."""
    workspace, bolt = sandbox.workspace, sandbox.bolt
    newest, command = max(run.id for run in bolt.runs()), max(run.first_command_id for run in bolt.runs())
    direct = workspace.direct(workspace.user("ada").id).id
    said = workspace.post(workspace.channel("data-eng"), workspace.user("ada"), "hello").ts
    await reset(sandbox)
    assert min(run.id for run in bolt.runs()) > newest
    assert min(run.first_command_id for run in bolt.runs()) > command
    assert workspace.direct(workspace.user("ada").id).id == direct
    assert workspace.post(workspace.channel("data-eng"), workspace.user("ada"), "hello").ts > said


async def test_the_address_stays(sandbox: Sandbox) -> None:
    """A reset doesn't change the sandbox's address or how the app is reached."""
    sandbox.workspace.request_url = "http://127.0.0.1:1/slack/events"
    before = sandbox.base_url, sandbox.env()
    await reset(sandbox)
    assert (sandbox.base_url, sandbox.env()) == before
    assert sandbox.workspace.request_url == "http://127.0.0.1:1/slack/events"
