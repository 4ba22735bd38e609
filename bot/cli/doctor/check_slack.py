"""The doctor's Slack checks: the tokens, the app and its scopes.

`bot.cli.doctor.check_delivery` checks how Slack's requests arrive.
"""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.fixes import network_fix
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import ScopeMissing, SlackError, SlackNotSent, SlackOutcomeUnknown
from bot.slack.identity import REASONS, TokenRefusedError, app_id, app_of_bot, check_app_token, check_same_app, identify
from bot.slack.scopes import OPTIONAL, REQUIRED, WITHOUT

BOT_TOKEN, APP_TOKEN, APP, SCOPES = "Slack bot token", "Slack app token", "Slack app", "Slack scopes"
# Tokens that begin with this expire and have to be renewed, which the bot doesn't do.
ROTATING = "xoxe."
NETWORK_FIX = "Let this machine reach Slack; it needs slack.com and its subdomains on port 443."


def unreachable(error: SlackError) -> str:
    """Return a sentence about a call that failed, with the cause and the host if they're known."""
    sentence = error.sentence.rstrip(".")
    return f"{sentence} ({error.detail})." if error.cause else f"{sentence}."


def _reaching(error: SlackError) -> str:
    known = isinstance(error, SlackNotSent | SlackOutcomeUnknown) and error.cause
    return network_fix(error.cause, error.where, "SLACK_API_URL") if known else NETWORK_FIX


async def _bot_token(subject: Subject) -> list[Finding]:
    try:
        me = subject.identity = await identify(subject.chat)
    except TokenRefusedError as refused:
        return [problem(BOT_TOKEN, refused.sentence, refused.fix)]
    except SlackError as error:
        return [problem(BOT_TOKEN, unreachable(error), _reaching(error))]
    if subject.settings.slack_bot_token.get_secret_value().startswith(ROTATING):
        said = f"The SLACK_BOT_TOKEN of @{me.name} expires within twelve hours, because token rotation is on."
        return [problem(BOT_TOKEN, said, REASONS["token_expired"][1])]
    return [ok(BOT_TOKEN, f"It belongs to @{me.name} in the workspace {me.team_name or me.url} ({me.team}).")]


async def _app_token(subject: Subject) -> list[Finding]:
    token = subject.settings.slack_app_token
    if token is None:
        return []
    try:
        subject.socket_url = await check_app_token(subject.chat, token.get_secret_value())
    except TokenRefusedError as refused:
        return [problem(APP_TOKEN, refused.sentence, refused.fix)]
    except SlackError as error:
        return [problem(APP_TOKEN, unreachable(error), _reaching(error))]
    return [ok(APP_TOKEN, "It can open connections (Socket Mode).")]


async def _app(subject: Subject) -> list[Finding]:
    """Check that both tokens belong to one app."""
    token, me = subject.settings.slack_app_token, subject.identity
    if token is None or me is None:
        return []
    try:
        app = await app_of_bot(subject.chat, me)
        check_same_app(app, app_id(token.get_secret_value()))
    except TokenRefusedError as refused:
        return [problem(APP, refused.sentence, refused.fix)]
    except ScopeMissing:
        said = "Both tokens should belong to the same app, but that was not checked: the scope users:read is missing."
        return [warning(APP, said, "Add the scope users:read and install the app again.")]
    except SlackError as error:
        said = f"Both tokens should belong to the same app, but that was not checked: {unreachable(error)}"
        return [warning(APP, said, "Run the doctor again.")]
    if not app:
        said = "Both tokens should belong to the same app, but that was not checked: Slack doesn't say which app the bot belongs to."
        return [warning(APP, said, "On api.slack.com/apps, check that both tokens come from the same app.")]
    return [ok(APP, f"Both tokens belong to the app {app}.")]


async def _scopes(subject: Subject) -> list[Finding]:
    """Compare the token's scopes with the manifest's: one finding for each that is missing."""
    if subject.identity is None:
        return []
    granted = subject.chat.granted
    if granted is None:
        said = "The scopes were not checked: Slack's response doesn't have the header x-oauth-scopes."
        return [warning(SCOPES, said, "Make the proxy in front of Slack pass on the headers of Slack's responses.")]
    missing = [_missing(scope) for scope in WITHOUT if scope in (REQUIRED | OPTIONAL) - granted]
    return missing or [ok(SCOPES, "Every scope in the manifest has been granted.")]


def _missing(scope: str) -> Finding:
    """Return the finding for a missing scope. An optional scope may have been left out on purpose."""
    add = "Add it in the app's settings, under OAuth & Permissions, and install the app again"
    if scope in OPTIONAL:
        said = f"The optional scope {scope} is missing: {WITHOUT[scope]}."
        return warning(SCOPES, said, f"{add}, or leave it out if you don't need that feature.")
    return problem(SCOPES, f"The scope {scope} is missing: {WITHOUT[scope]}.", f"{add}.")


async def _unseen(subject: Subject) -> list[Finding]:
    """Return a warning for each part of the app that Slack doesn't show to a bot, with the signs of a mistake."""
    command = subject.settings.bolt_bot_command
    manifest = "bolt-bot manifest" if command == "/bolt" else f"bolt-bot manifest --command {command}"
    return [
        warning(
            "Slack command",
            f"The app's slash command should be {command}, but that was not checked, because Slack doesn't show it to a bot.",
            f"If Slack says that {command} isn't a valid command, or the bot answers that it's set up for another one, "
            f"compare Slash Commands in the app's settings with what {manifest} prints, and correct them or BOLT_BOT_COMMAND.",
        ),
        warning(
            "Slack events",
            "The app's event subscriptions were not checked, because Slack doesn't show them to a bot.",
            "If the slash command works but the bot doesn't react to mentions, direct messages or App Home, compare "
            f"Event Subscriptions in the app's settings with the output of {manifest}.",
        ),
        warning(
            "Slack interactivity",
            "The app's interactivity setting was not checked, because Slack doesn't show it to a bot.",
            "If buttons show a warning sign and forms don't open, turn on Interactivity & Shortcuts in the app's settings.",
        ),
    ]


CHECKS = (
    Check(BOT_TOKEN, _bot_token),
    Check(APP_TOKEN, _app_token),
    Check(APP, _app),
    Check(SCOPES, _scopes),
    Check("Slack command", _unseen),
)
