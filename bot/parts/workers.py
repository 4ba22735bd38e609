"""The workers: one for each due set and lane."""

from __future__ import annotations

from bot.parts.base import Base
from bot.parts.flows import Flows
from bot.workers import claims
from bot.workers.worker import Worker

REQUESTS_AT_ONCE = 20
FEW_AT_ONCE = 10
POLLS_AT_ONCE = 4


def build_workers(base: Base, flows: Flows) -> dict[str, Worker]:
    """Build the workers, by name."""
    stores, due, waker = base.stores, base.stores.due, base.wakeups.waker
    soon_s, bolt = min(1.0, base.settings.bolt_bot_poll_min_s / 2), base.services.bolt
    one_by_one = {
        "ends": flows.conclude.conclude_run,
        "cancels": flows.cancel.advance_cancel,
        "follows": flows.tail_log.advance_tail,
        "watches": flows.follow_run.advance_follow_request,
        "queue": flows.queue.advance_queue,
        "approvals": flows.approvals.advance_approval,
    }
    kinds = {
        **{
            name: (claims.claim_one(due[name], advance, waker(name)), FEW_AT_ONCE)
            for name, advance in one_by_one.items()
        },
        "requests": (
            claims.claim_one(due["requests"], flows.start.advance_start, waker("requests"), wake_posts=waker("looked")),
            REQUESTS_AT_ONCE,
        ),
        "polls": (
            claims.claim_batch(due["polls"], flows.poll, waker("polls"), batch=lambda: bolt.batch_limit, soon_s=soon_s),
            POLLS_AT_ONCE,
        ),
        "strays": (
            claims.claim_batch(due["strays"], flows.poll, waker("strays"), batch=lambda: 1, soon_s=0),
            POLLS_AT_ONCE,
        ),
        "posts": (claims.claim_post(stores.posts, flows.deliver, waker("posts")), FEW_AT_ONCE),
        "edits": (claims.claim_edit(stores.edits, flows.edit_cards), FEW_AT_ONCE),
    }
    return {
        name: Worker(name, claim, most=most, incident=base.services.incident) for name, (claim, most) in kinds.items()
    }
