"""The doctor's checks of Slack: tokens, scopes, Socket Mode, and what the policy names there."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import SlackError
from bot.policy_file import load_policy
from bot.slack.identity import TokenRefusedError, check_app_token, identify
from bot.slack.people import NoPeopleCache, SlackPeople


async def _bot_token(subject: Subject) -> list[Finding]:
    try:
        me = subject.identity = await identify(subject.chat)
    except (TokenRefusedError, SlackError) as error:
        return [problem("Slack bot token", _why(error), "Correct SLACK_BOT_TOKEN, or make Slack reachable.")]
    return [ok("Slack bot token", f"I'm @{me.name} in {me.team_name or 'the team'} ({me.team}).")]


async def _app_token(subject: Subject) -> list[Finding]:
    token = subject.settings.slack_app_token
    if token is None:
        return []
    try:
        await check_app_token(subject.chat, token.get_secret_value())
    except (TokenRefusedError, SlackError) as error:
        return [problem("Slack app token", _why(error), "Correct SLACK_APP_TOKEN, or make Slack reachable.")]
    return [ok("Slack app token", "It opens connections (Socket Mode).")]


async def _policy(subject: Subject) -> list[Finding]:
    """Check that the policy can be applied: that people's data and the user groups it names can be read."""
    me, rules = subject.identity, load_policy(subject.settings.bolt_bot_policy_file)
    if me is None:
        return []
    people = SlackPeople(
        subject.chat,
        NoPeopleCache(),
        installation=me.installation,
        bot_name=f"@{me.name}",
        groups=rules.groups,
        # The bot's own account has no address.
        domains=False,
    )
    person = await people.person(me.bot_user)
    if person.why:
        return [problem("policy", f"{person.why}.", "Add the scope users:read and install the app again.")]
    missing = [name for name in sorted(rules.groups) if await people.group(name) is None]
    if missing:
        names = ", ".join(missing)
        return [problem("policy", f"It names user groups that Slack doesn't have: {names}.", "Correct the policy.")]
    said = "None is set, so the default rules apply." if rules.is_default else f"{len(rules.rules)} rules."
    return [ok("policy", said)]


def _why(error: TokenRefusedError | SlackError) -> str:
    if isinstance(error, SlackError):
        return f"{error.sentence.rstrip('.')} ({error.detail})."
    return str(error)


CHECKS = (
    Check("Slack bot token", _bot_token),
    Check("Slack app token", _app_token),
    Check("policy", _policy),
)
