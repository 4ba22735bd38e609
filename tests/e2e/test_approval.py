"""A start that needs approval: the asker can't approve it, and it runs once, in time, and exactly as requested."""

from __future__ import annotations

import asyncio
import signal

from bolt_sandbox.bolt import Fault
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.elsewhere import add_schedule, ends, starts
from tests.e2e.stage import Stage
from tests.e2e.test_policy import policy
from tests.e2e.test_queue import directly_told, person

WITHIN = "30 min"
TEXT = """\
version: 1
rules:
  - name: four eyes
    what: [start, retry]
    which: {{commands: any}}
    approve: {{by: "@data-team", within: {within}}}
  - allow: true
"""


async def asked(stage: Stage, text: str = "run nightly", *, within: str = WITHIN, user: str = "ada") -> None:
    """Start a bot with the policy, and ask for a start that needs approval."""
    await stage.start_bot(policy(stage, TEXT.format(within=within)))
    await stage.slash(text, user=user)
    await stage.until(stage.card_says("is waiting for approval by"))


def is_open(stage: Stage) -> bool:
    """Whether the start can still be approved on its card."""
    return "Approve" in str(stage.cards()[-1].blocks)


def calls(stage: Stage) -> int:
    """How often Slack was asked who is in which group: its limit on that is low."""
    return sum(call.what == "usergroups.list" for call in stage.sandbox.workspace.calls)


async def test_somebody_else_approves_and_it_starts_once(stage: Stage) -> None:
    """A start that somebody else approves happens once, however often they click, and the card keeps both names."""
    await asked(stage, 'run nightly --branch dev --reason "late data"')
    (card,) = stage.cards()
    assert "<!subteam^S0DATATEAM>" in card.text
    assert f"Requested by {person(stage, 'ada')}" in card.text
    assert "branch dev" in card.text
    assert "reason: late data" in card.text
    assert "rule “four eyes”" in card.text
    assert stage.started() == []
    await stage.click("Approve", user="grace", times=3)
    await stage.until(stage.replied("succeeded"))
    (run,) = stage.started()
    assert run.branch == "dev"
    (card,) = stage.cards()
    assert f"started by {person(stage, 'ada')}, approved by {person(stage, 'grace')}" in card.text
    assert stage.asked("triggerBoltRun") == 1


async def test_who_is_not_in_the_group_does_not_decide(stage: Stage) -> None:
    """A person outside the group can neither approve nor deny, and the groups are read at most once for that."""
    await asked(stage)
    before = calls(stage)
    for label in ("Approve", "Deny", "Approve", "Approve"):
        await stage.click(label, user="gus")
        await stage.until(stage.told_privately("Only members of @data-team can approve this", user="gus"))
        stage.sandbox.workspace.privates.clear()
    assert calls(stage) <= before + 1
    assert stage.started() == []
    assert is_open(stage)


async def test_a_membership_is_read_anew_at_the_click(stage: Stage) -> None:
    """Someone who has left the group can't approve, even if no event has said so."""
    await asked(stage)
    stage.sandbox.workspace.usergroups["S0DATATEAM"].users.remove("U0GRACE")
    await stage.click("Approve", user="grace")
    await stage.until(stage.told_privately("Only members of @data-team can approve this", user="grace"))
    assert stage.started() == []


async def test_a_membership_that_cannot_be_read_decides_nothing(stage: Stage) -> None:
    """If the group can't be read, nothing is decided, and a second click works."""
    await asked(stage)
    stage.sandbox.workspace.faults.add(SlackFault("error", "usergroups.list"))
    await stage.click("Approve", user="grace")
    await stage.until(stage.told_privately("I couldn't find out whether you're in @data-team", user="grace"))
    assert stage.started() == []
    await stage.click("Approve", user="grace")
    await stage.until(lambda: len(stage.started()) == 1)


async def test_it_is_denied(stage: Stage) -> None:
    """The card says who denied it, the asker gets a direct message, and nothing starts."""
    await asked(stage)
    await stage.click("Deny", user="grace")
    await stage.until(stage.card_says(f"wasn't started: {person(stage, 'grace')} denied it"))
    await stage.until(lambda: "denied it" in directly_told(stage))
    assert not is_open(stage)
    assert stage.started() == []


async def test_the_asker_takes_it_back(stage: Stage) -> None:
    """The asker can withdraw the request, and gets no direct message about it."""
    await asked(stage)
    await stage.click("Deny")
    await stage.until(stage.card_says("withdrew it"))
    assert directly_told(stage) == ""
    assert stage.started() == []


async def test_the_first_decision_counts(stage: Stage) -> None:
    """Of a simultaneous approval and denial, one counts; the other person is told that theirs came too late."""
    stage.sandbox.workspace.usergroups["S0DATATEAM"].users.append("U0GUS")
    await asked(stage)
    ts = stage.cards()[-1].ts
    people = stage.sandbox.slack.people
    await asyncio.gather(
        people.click("grace", "data-eng", ts, label="Approve"), people.click("gus", "data-eng", ts, label="Deny")
    )
    late = ("already approved", "already denied")
    await stage.until(
        lambda: any(words in one.text for words in late for who in ("gus", "grace") for one in stage.private(who))
    )
    if any("already denied" in one.text for who in ("gus", "grace") for one in stage.private(who)):
        await stage.until(stage.card_says("denied it"))
        assert stage.started() == []
    else:
        await stage.until(lambda: len(stage.started()) == 1)


async def test_nobody_approves_in_time(stage: Stage) -> None:
    """The request expires: the card and a direct message to the asker say so, without buttons, and nothing starts."""
    await asked(stage, within="1 s")
    ts = stage.cards()[-1].ts
    await stage.until(stage.card_says("Nobody in @data-team approved it within 1 s"))
    await stage.until(lambda: "approved it within 1 s" in directly_told(stage))
    assert not is_open(stage)
    assert stage.started() == []
    assert ts == stage.cards()[-1].ts


async def test_commands_are_shown_in_full(stage: Stage) -> None:
    """The card shows each command word for word; a request whose commands don't fit is refused."""
    many = " ".join(f'--command "dbt run --select {"m" * 150}_{number}"' for number in range(20))
    await asked(stage, f"run nightly {many}")
    blocks = str(stage.cards()[-1].blocks)
    assert all(f"dbt run --select {'m' * 150}_{number}" in blocks for number in range(20))
    longest = " ".join(f'--command "dbt run --select {"m" * 450}_{number}"' for number in range(15))
    await stage.slash(f"run nightly {longest}")
    await stage.until(stage.told_privately("its commands are too long to show in full"))
    assert len(stage.cards()) == 1


async def test_a_retry_is_approved_as_well(stage: Stage) -> None:
    """A retry needs approval too, and its card names the run that it retries."""
    add_schedule(stage)
    run = starts(stage)
    ends(stage, run, "FAILED")
    await asked(stage, f"retry {run.id} --all")
    assert f"run {run.id}" in stage.cards()[-1].text
    await stage.click("Approve", user="grace")
    await stage.until(lambda: len(stage.started()) == 1)


async def test_the_same_words_wait_once(stage: Stage) -> None:
    """Repeating the command posts no second card, and the requester is told that they already asked."""
    await asked(stage)
    await stage.slash("run nightly")
    await stage.until(stage.told_privately("You already asked for"))
    assert len(stage.cards()) == 1


async def test_it_waits_through_a_restart(stage: Stage) -> None:
    """A pending start outlives the bot: it can be approved after a restart, and is sent once."""
    stage.settings["BOLT_BOT_LEASE_S"] = "1.5"
    await asked(stage)
    settings = policy(stage, TEXT.format(within=WITHIN))
    stage.bots[-1].kill(signal.SIGKILL)
    await stage.bots[-1].ended()
    await stage.start_bot(settings)
    assert stage.started() == []
    await stage.click("Approve", user="grace")
    await stage.until(lambda: len(stage.started()) == 1)
    assert len(stage.cards()) == 1


async def test_killed_between_the_approval_and_the_start_it_starts_once(stage: Stage) -> None:
    """If the bot is killed right after the approval, the next one starts the run once."""
    stage.settings["BOLT_BOT_LEASE_S"] = "1.5"
    await asked(stage)
    settings = policy(stage, TEXT.format(within=WITHIN))
    stage.sandbox.bolt.faults.add(Fault("away", None))
    await stage.click("Approve", user="grace")
    stage.bots[-1].kill(signal.SIGKILL)
    await stage.bots[-1].ended()
    stage.sandbox.bolt.faults.clear()
    await stage.start_bot(settings)
    await stage.until(lambda: len(stage.started()) == 1)
    await stage.until(stage.replied("succeeded"))
    assert stage.asked("triggerBoltRun") == 1
    assert f"approved by {person(stage, 'grace')}" in stage.cards()[-1].text


async def test_a_guest_s_start_may_be_approved(stage: Stage) -> None:
    """A guest's start can be approved if the policy asks for approval."""
    await asked(stage, user="gus")
    await stage.click("Approve", user="ada")
    await stage.until(lambda: len(stage.started()) == 1)
