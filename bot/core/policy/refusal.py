"""Refusals by the policy, in one plain sentence with the next step.

The reasons come from `bot.core.policy.decision`.
"""

from __future__ import annotations

from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.rules import Action

_DOING = {
    Action.START: "start this",
    Action.RETRY: "retry this",
    Action.CANCEL: "cancel this",
    Action.PAUSE: "pause or resume this",
    Action.READ: "read this",
    Action.LOGS: "read these logs",
    Action.ARTIFACTS: "read these artifacts",
    Action.AUDIT: "read the audit log",
    Action.WATCH: "watch this",
}
_NOTHING = {
    Action.START: " Nothing was started.",
    Action.RETRY: " Nothing was started.",
    Action.CANCEL: " Nothing was cancelled.",
    Action.PAUSE: " Nothing was changed.",
    Action.WATCH: " Nothing was changed.",
}


def refusal(decision: Decision, action: Action, prefix: str = "", *, doing: str = "") -> str:
    """The refusal that the person sees.

    `prefix` is the word that commands in hints begin with, or empty if unknown. `doing` says what the person can't do,
    if that's more specific than the action.
    """
    nothing = _NOTHING.get(action, "")
    doing = doing or _DOING[action]
    if decision.verdict is Verdict.UNKNOWN:
        return f"{decision.reason}.{nothing}"
    if decision.verdict is Verdict.APPROVE:
        return f"You can {doing} only with approval from {decision.by}. To ask for it, type the command.{nothing}"
    rule = f" (rule “{decision.rule}”)" if decision.rule and not decision.by_default else ""
    hint = f" {prefix} whoami shows what you can do." if prefix else ""
    return f"You can't {doing} here: {decision.reason}{rule}.{nothing}{hint}"
