"""The doctor's checks of the settings and of the files that they name.

`bot.load_settings` checks each value.
"""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.environment import EnvFile
from bot.load_settings import SettingsError, unknown

FILES = {
    "BOLT_BOT_POLICY_FILE": "Correct the file: bolt-bot policy check FILE prints each error with its line.",
    "BOLT_BOT_HINTS_FILE": "Correct the file: bolt-bot hints check FILE prints each error with its line.",
    "BOLT_BOT_OWNERS_FILE": "Correct the file, and make sure that the bot's user can read it. docs/watches.md describes its format.",
    "BOLT_BOT_WATCHES_FILE": "Correct the file: bolt-bot watches check FILE prints each error with its line.",
}
WHERE_FROM = {
    "SLACK_BOT_TOKEN": "Copy the bot token from the app's settings in Slack, under OAuth & Permissions.",
    "SLACK_APP_TOKEN": "Copy the app-level token from the app's settings in Slack, under Basic Information.",
    "PARADIME_API_ENDPOINT": "Copy the endpoint that Paradime shows next to the workspace's API keys.",
    "PARADIME_API_KEY": "Copy the key from the workspace's API keys in Paradime, or generate one there.",
    "PARADIME_API_SECRET": "Paradime shows a key's secret only once: if nobody saved it, generate a new key.",
    "PARADIME_WORKSPACE_UID": "Copy the uid that Paradime shows next to the workspace's API keys.",
}
SET = "Set the variable, or name a file with its value in {name}_FILE: docs/settings.md lists all settings."


def wrong_findings(error: SettingsError) -> list[Finding]:
    """Return a problem for each of the error's lines about missing or malformed settings."""
    return [problem("settings", f"{line.rstrip('.')}.", _fix(line)) for line in error.lines]


def _fix(line: str) -> str:
    """Return what to do about such a line."""
    name = line.split(maxsplit=1)[0].rstrip(":")
    if name in FILES:
        return FILES[name]
    if " are swapped" in line:
        return "Swap their values, and restart the bot."
    if " is missing" in line:
        return " ".join([*filter(None, [WHERE_FROM.get(name)]), SET.format(name=name)])
    return "Correct the environment variable, or the file that holds its value: docs/settings.md lists all settings."


def unknown_findings(env_file: EnvFile | None) -> list[Finding]:
    """Return a warning for each variable that looks like a setting but isn't one."""
    return [
        warning("settings", f"{line.rstrip('?')}?", "Correct or remove the variable.") for line in unknown(env_file)
    ]


async def _settings(_subject: Subject) -> list[Finding]:
    return [ok("settings", "Complete.")]


CHECKS = (Check("settings", _settings),)
