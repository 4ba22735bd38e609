"""A schedule's owner: an incident's thread mentions the person with the owner's address in Bolt."""

from __future__ import annotations

from bolt_sandbox.bolt import Start
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends
from tests.e2e.stage import Stage
from tests.e2e.test_incidents import OFTEN
from tests.waiting import eventually


async def test_an_owner_is_looked_up_by_the_address(stage: Stage) -> None:
    """The owner is looked up before the schedule fails, and mentioned then; the address isn't shown."""
    add_schedule(stage)
    next(one for one in stage.sandbox.bolt.schedules() if one.slug == SLUG).owner = "Grace@acme-data.example"
    run = stage.sandbox.bolt.start(SLUG, Start(), SCHEDULER)
    await stage.start_bot(OFTEN)
    await stage.slash(f"watch {SLUG}")
    await eventually("the run to be discovered", lambda: stage.asked("boltRunStatus"))
    await eventually(
        "the owner to be looked up",
        lambda: any(call.what == "users.lookupByEmail" for call in stage.sandbox.workspace.calls),
    )
    ends(stage, run, "FAILED")
    await stage.until(stage.replied("<@U0GRACE>"))
    assert "owner grace" in str(stage.cards()[0].blocks)
    assert "acme-data" not in str([one.blocks for one in stage.cards()])
