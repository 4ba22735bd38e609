"""The policy file (`BOLT_BOT_POLICY_FILE`): who may do what.

`bot.reload` reads a changed file; if it can't be used, the previous policy stays in effect. `bot.core.policy.file`
parses the file.
"""

from __future__ import annotations

from pathlib import Path

from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.file import PolicyError, read_policy
from bot.core.policy.rules import Policy


def load_policy(file: str | Path | None) -> Policy:
    """Load the policy in a file, or the default policy if there's none. Raises PolicyError."""
    if file is None:
        return DEFAULT_POLICY
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PolicyError((f"the file can't be read ({_why(error)})",)) from None
    return read_policy(text)


def _why(error: OSError | ValueError) -> str:
    return (error.strerror or "no reason given") if isinstance(error, OSError) else "it isn't UTF-8 text"
