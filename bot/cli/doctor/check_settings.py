"""The doctor's checks of the settings and of the files that they name."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.environment import EnvFile
from bot.load_settings import SettingsError, unknown

FILES = {
    "BOLT_BOT_POLICY_FILE": "Correct the file: bolt-bot policy check FILE prints each error with its line.",
    "BOLT_BOT_HINTS_FILE": "Correct the file: bolt-bot hints check FILE prints each error with its line.",
    "BOLT_BOT_OWNERS_FILE": "Correct the file, and let the bot's user read it: docs/watches.md describes it.",
    "BOLT_BOT_WATCHES_FILE": "Correct the file: bolt-bot watches check FILE prints each error with its line.",
}


def wrong_findings(error: SettingsError) -> list[Finding]:
    """Return a problem for each line about a missing or malformed setting."""
    return [problem("settings", f"{line.rstrip('.')}.", _fix(line)) for line in error.lines]


def _fix(line: str) -> str:
    """Return what to do about a line."""
    name = line.split(maxsplit=1)[0].rstrip(":")
    if name in FILES:
        return FILES[name]
    if " are swapped" in line:
        return "Exchange them, and restart the bot."
    return "Correct the environment variable, or the file that holds its value: docs/settings.md lists them all."


def unknown_findings(env_file: EnvFile | None) -> list[Finding]:
    """Return a warning for each variable that looks like a setting and isn't one."""
    return [
        warning("settings", f"{line.rstrip('?')}?", "Correct or remove the variable.") for line in unknown(env_file)
    ]


async def _settings(_subject: Subject) -> list[Finding]:
    return [ok("settings", "Complete.")]


CHECKS = (Check("settings", _settings),)
