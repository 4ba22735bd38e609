"""The reports that a watch may make about a schedule: the policy is asked again for each of them.

Rules about people are decided for the watch's creator. `bot.flows.watch_permissions` asks, and
`bot.core.policy.decision` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.model.channel import ChannelInfo
from bot.core.model.person import Person, Role
from bot.core.model.watch import OPERATOR
from bot.core.policy.decision import Verdict, decide
from bot.core.policy.matching import names_somebody
from bot.core.policy.rules import Action, Allow, Deny, Policy, Question, Target, Who

# Stands for the operator. Rules about people don't apply to it: see `without_rules_about_people`.
OPERATOR_PERSON = Person(OPERATOR, frozenset({Role.MEMBER}), frozenset())


@dataclass(frozen=True, slots=True)
class Telling:
    """Whether a watch may report a schedule's runs, and whether it may report what their logs say.

    Each is None if the facts to decide it are missing.
    """

    runs: bool | None
    logs: bool | None


def telling(policy: Policy, person: Person, channel_info: ChannelInfo, target: Target) -> Telling:
    """Decide what a watch made by `person` may report about a schedule in a channel."""
    runs = _allows(policy, person, channel_info, Question(Action.WATCH, target, posts=True))
    return Telling(runs, runs and _allows(policy, person, channel_info, Question(Action.LOGS, target, posts=True)))


def without_rules_about_people(policy: Policy) -> Policy:
    """The policy for watches from the watches file: only its rules about channels and schedules count."""
    kept = (rule for rule in policy.rules if not (isinstance(rule.effect, Deny) and names_somebody(rule)))
    return replace(policy, rules=tuple(replace(rule, who=Who()) for rule in kept))


def watches_shared_channels(policy: Policy) -> bool:
    """Whether a rule may allow watches in channels that are shared with other organizations."""
    return any(
        isinstance(rule.effect, Allow) and rule.where.shared and (not rule.what or Action.WATCH in rule.what)
        for rule in policy.rules
    )


def _allows(policy: Policy, person: Person, channel_info: ChannelInfo, question: Question) -> bool | None:
    verdict = decide(policy, person, channel_info, question).verdict
    return None if verdict is Verdict.UNKNOWN else verdict is Verdict.ALLOW
