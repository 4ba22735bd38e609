"""Many ends in one message; if the channel refuses it, each is announced separately."""

from __future__ import annotations

from tests.flows.test_deliver_posts import CHANNEL, Stage, many_ends, stage

__all__ = ["stage"]


async def test_a_run_whose_record_is_gone_spoils_no_end_batch(stage: Stage) -> None:
    """The other runs are still announced."""
    await many_ends(stage, 22, ())
    await stage.scripts.redis.delete(stage.scripts.key("run", "w:1"))
    assert await stage.post_one() == "digest"
    assert stage.texts()[-1].startswith("21 runs ")
    assert await stage.post_one() is None


async def test_an_end_batch_of_nothing_is_let_go(stage: Stage) -> None:
    """If all records are gone, nothing is posted, and nothing waits."""
    await many_ends(stage, 22, ())
    before = len(stage.texts(CHANNEL))
    await stage.scripts.redis.delete(*[stage.scripts.key("run", f"w:{number}") for number in range(1, 23)])
    assert await stage.post_one() == "digest"
    assert len(stage.texts(CHANNEL)) == before
    assert await stage.post_one() is None
