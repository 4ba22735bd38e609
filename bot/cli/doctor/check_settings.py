"""The doctor's checks of the settings and of the files that they name."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.environment import EnvFile
from bot.load_settings import SettingsError, unknown


def wrong_findings(error: SettingsError) -> list[Finding]:
    """Return a problem for each line about a missing or malformed setting."""
    fix = "Correct the environment variable, or the file that holds its value: docs/settings.md lists them all."
    return [problem("settings", f"{line.rstrip('.')}.", fix) for line in error.lines]


def unknown_findings(env_file: EnvFile | None) -> list[Finding]:
    """Return a warning for each variable that looks like a setting and isn't one."""
    return [
        warning("settings", f"{line.rstrip('?')}?", "Correct or remove the variable.") for line in unknown(env_file)
    ]


async def _settings(_subject: Subject) -> list[Finding]:
    return [ok("settings", "Complete.")]


CHECKS = (Check("settings", _settings),)
