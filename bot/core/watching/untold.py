"""Options of a watch that can be stored, but that nothing acts on yet: they're refused rather than promised."""

from __future__ import annotations

from bot.core.model.command import WatchCommand

# What each option would report, by its name. Remove an option once its reports are built.
UNTOLD: dict[str, str] = {
    "only ends": "every end",
    "only all": "every run",
    "prs": "runs for pull requests",
    "late": "late runs",
    "slow": "slow runs",
}


def is_told(option: str) -> bool:
    """Whether something acts on an option, so that it can be offered."""
    return option not in UNTOLD


def untold(command: WatchCommand) -> str | None:
    """Why a command's options can't be accepted, None if they can. Switching something off is always possible."""
    given = {
        "only ends": command.only == "ends",
        "only all": command.only == "all",
        "prs": command.pull_requests,
        "late": bool(command.late_s),
        "slow": command.slow is not None and bool(command.slow.factor or command.slow.seconds),
    }
    option = next((name for name, is_given in given.items() if is_given and name in UNTOLD), None)
    if option is None:
        return None
    return f"I can't report {UNTOLD[option]} yet. Leave out --{option}. Nothing was changed."
