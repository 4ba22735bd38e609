"""The three kinds of credentials, recognized by the form of the secret.

`bot.load_settings` checks that the settings match them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

WORKSPACE_PREFIX, COMPANY_PREFIX = "prdm_wsp_", "prdm_cmp_"

# Valid in an HTTP header. An error raised later would contain the header's value.
_HEADER_WORD = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret and the values that belong to it. Raises ValueError, without any value, if they don't match."""

    secret: str = field(repr=False)
    key: str = field(default="", repr=False)
    workspace: str = ""

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        if not self.secret:
            raise ValueError("The secret is empty.")
        if self.secret.startswith(COMPANY_PREFIX) and not self.workspace:
            raise ValueError("A company-wide secret needs the workspace's uid.")
        if not self.secret.startswith((WORKSPACE_PREFIX, COMPANY_PREFIX)) and not self.key:
            raise ValueError("This kind of secret needs a key.")
        if not all(_HEADER_WORD.fullmatch(part) for part in (self.secret, self.key, self.workspace) if part):
            raise ValueError("The secret, the key and the uid should each consist of ASCII characters, without spaces.")

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the credentials."""
        if self.secret.startswith(COMPANY_PREFIX):
            return {"Authorization": f"Bearer {self.secret}", "X-Paradime-Workspace": self.workspace}
        if self.secret.startswith(WORKSPACE_PREFIX):
            return {"Authorization": f"Bearer {self.secret}"}
        return {"X-API-KEY": self.key, "X-API-SECRET": self.secret}
