"""The three forms of credentials, told apart by the shape of the secret."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A secret and what belongs to it. Raises ValueError where something is missing; the text holds no value."""

    secret: str = field(repr=False)
    key: str = field(default="", repr=False)
    workspace: str = ""

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        if self.secret.startswith("prdm_cmp_") and not self.workspace:
            raise ValueError("A company's secret needs the workspace's uid.")
        if not self.secret.startswith("prdm_") and not self.key:
            raise ValueError("A secret of this form needs its key.")

    def headers(self) -> dict[str, str]:
        """The headers that carry them."""
        if self.secret.startswith("prdm_cmp_"):
            return {"Authorization": f"Bearer {self.secret}", "X-Paradime-Workspace": self.workspace}
        if self.secret.startswith("prdm_wsp_"):
            return {"Authorization": f"Bearer {self.secret}"}
        return {"X-API-KEY": self.key, "X-API-SECRET": self.secret}
