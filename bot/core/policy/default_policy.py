"""The policy without a policy file: who may do what by default."""

from __future__ import annotations

from bot.core.model.person import Role
from bot.core.policy.rules import Action, Allow, Deny, Overrides, Policy, Rule, Which, Who

# Without a file, members may do everything in their channels, and guests may only read. People from other organizations
# aren't allowed to do anything, and nothing is posted to channels shared outside.
DEFAULT_POLICY = Policy(
    (
        Rule(
            "guests can only read",
            Deny("guests can only read"),
            who=Who(roles=frozenset({Role.GUEST})),
            what=frozenset({Action.START, Action.RETRY, Action.CANCEL, Action.PAUSE, Action.AUDIT, Action.WATCH}),
        ),
        Rule(
            "the audit log is for admins",
            Allow(),
            who=Who(roles=frozenset({Role.ADMIN})),
            what=frozenset({Action.AUDIT}),
        ),
        Rule("the audit log is for admins", Deny("only admins can"), what=frozenset({Action.AUDIT})),
        Rule("everyone can read", Allow(), what=frozenset({Action.READ, Action.LOGS, Action.ARTIFACTS})),
        Rule(
            "members can do everything",
            Allow(),
            who=Who(roles=frozenset({Role.MEMBER})),
            which=Which(commands=Overrides()),
        ),
    ),
    is_default=True,
)
