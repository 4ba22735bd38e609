"""The table of due sets and lanes: for each row, its gap, its claim, the flow that handles it, and the rows it wakes.

Names are part of keys in Redis, which older versions read as well: don't change them.
"""

from __future__ import annotations

from bot.wiring.bolt_pace import polls_gap_s, strays_gap_s
from bot.wiring.wakeups import WakeEvent
from bot.wiring.workers import (
    DueWork,
    edits_of_lane,
    late_together,
    looks_together,
    one_by_one,
    polls_alone,
    polls_together,
    posts_of_lane,
)

REQUESTS_AT_ONCE = 20
POLLS_AT_ONCE = 4

DUE_SETS = (
    # Starts that people have asked for.
    DueWork(
        "requests",
        one_by_one(lambda flows: flows.start.advance_start, posts_only=WakeEvent.START_PLANNED),
        at_once=REQUESTS_AT_ONCE,
        wakes=("posts", "edits", "polls", "queue"),
        woken_by=(WakeEvent.START_ACCEPTED, WakeEvent.APPROVAL_DECIDED, WakeEvent.QUEUE_LEFT),
    ),
    # Followed runs.
    DueWork(
        "polls",
        polls_together,
        at_once=POLLS_AT_ONCE,
        gap_s=polls_gap_s,
        wakes=("edits", "ends", "cancels", "queue"),
        woken_by=(WakeEvent.HINT_RECEIVED, WakeEvent.START_QUEUED, WakeEvent.CANCEL_REQUESTED),
    ),
    # Runs that a batch poll didn't return.
    DueWork(
        "strays",
        polls_alone,
        at_once=POLLS_AT_ONCE,
        gap_s=strays_gap_s,
        wakes=("edits", "ends", "cancels", "polls", "queue"),
    ),
    # Runs that are over but not yet concluded.
    DueWork("ends", one_by_one(lambda flows: flows.conclude.conclude_run), wakes=("edits", "posts", "accounts")),
    # Runs that someone wants to cancel.
    DueWork(
        "cancels",
        one_by_one(lambda flows: flows.cancel.advance_cancel),
        wakes=("edits", "polls"),
        woken_by=(WakeEvent.CANCEL_REQUESTED,),
    ),
    # Live logs. The name stored in Redis, `follows`, predates that term.
    DueWork(
        "follows",
        one_by_one(lambda flows: flows.tail_log.advance_tail),
        wakes=("posts",),
        woken_by=(WakeEvent.LIVE_LOG_REQUESTED,),
    ),
    # Requests to follow a run in a channel. The name stored in Redis, `watches`, predates the term *follow*.
    DueWork(
        "watches",
        one_by_one(lambda flows: flows.follow_run.advance_follow_request),
        wakes=("posts", "polls"),
        woken_by=(WakeEvent.FOLLOW_REQUESTED,),
    ),
    # The listing of schedules, while any watch exists.
    DueWork(
        "discovery",
        one_by_one(lambda flows: flows.discover_schedules.list_schedules),
        at_once=1,
        wakes=("looks", "owners", "gaps", "late"),
        woken_by=(WakeEvent.LISTING_HINTED,),
    ),
    # Watched schedules, each due when its runs are worth a look.
    DueWork("looks", looks_together, at_once=2, wakes=("polls", "accounts", "posts", "edits", "slow")),
    # Watched schedules with ends that aren't accounted for yet.
    DueWork("accounts", one_by_one(lambda flows: flows.account_ends.account_schedule), wakes=("posts", "edits")),
    # Outages whose causes are reported in their threads.
    DueWork("outages", one_by_one(lambda flows: flows.outages.plan_causes), wakes=("posts",)),
    # Gaps between listings, and the channels' messages about them.
    DueWork("gaps", one_by_one(lambda flows: flows.advance_gap.advance_gap), at_once=2, wakes=("posts", "edits")),
    # Incidents that change with time alone.
    DueWork("incidents", one_by_one(lambda flows: flows.incident_clock.pass_time), wakes=("posts", "edits")),
    # Watched schedules whose owner isn't known in Slack yet.
    DueWork("owners", one_by_one(lambda flows: flows.owners.look_up), at_once=2),
    # Channels with quiet hours that withhold something.
    DueWork("quiet", one_by_one(lambda flows: flows.end_quiet.end_quiet), wakes=("posts",)),
    # Channels with watches, each due when the bot has to check whether it can and may post there.
    DueWork("channels", one_by_one(lambda flows: flows.check_channel.check_channel), wakes=("posts", "edits")),
    # Channels with a digest of what they watch. The name stored in Redis, `reports`, predates the term *digest*.
    DueWork("reports", one_by_one(lambda flows: flows.queue_digest.queue_digest), at_once=2, wakes=("posts",)),
    # Watched schedules that may be late, each due when a slot's grace period is over.
    DueWork("late", late_together, at_once=1, wakes=("posts", "edits")),
    # Active runs of watched schedules, each due when it may be slow.
    DueWork("slow", one_by_one(lambda flows: flows.check_slow.check_run), wakes=("posts",)),
    # Starts that wait for a schedule's run to end.
    DueWork("queue", one_by_one(lambda flows: flows.queue.advance_queue), wakes=("requests", "edits")),
    # Starts that are waiting for approval.
    DueWork(
        "approvals",
        one_by_one(lambda flows: flows.approvals.advance_approval),
        wakes=("requests", "edits"),
        woken_by=(WakeEvent.APPROVAL_DECIDED,),
    ),
)
LANES = (
    DueWork(
        "posts",
        posts_of_lane,
        wakes=("requests", "edits", "watches", "queue"),
        woken_by=(WakeEvent.START_PLANNED, WakeEvent.START_QUEUED, WakeEvent.FILE_REQUESTED),
    ),
    DueWork(
        "edits",
        edits_of_lane,
        wakes=("posts",),
        woken_by=(WakeEvent.CANCEL_REQUESTED, WakeEvent.APPROVAL_DECIDED, WakeEvent.QUEUE_LEFT),
    ),
)
