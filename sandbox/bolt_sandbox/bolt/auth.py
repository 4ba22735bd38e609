"""Authenticate requests by their credentials."""

from __future__ import annotations

from collections.abc import Mapping

from bolt_sandbox.bolt.model import Actor

WORKSPACE = "sandbox"
KEYS = {
    ("sandbox", "sandbox"): Actor("API key sandbox"),
    ("viewer", "viewer"): Actor("API key viewer", may_write=False),
}
WORKSPACE_TOKEN = "prdm_wsp_sandbox"  # noqa: S105 - gives access only to the sandbox
COMPANY_TOKEN = "prdm_cmp_sandbox"  # noqa: S105 - gives access only to the sandbox


def actor_of(headers: Mapping[str, str]) -> Actor | None:
    """Return the owner of the credentials in these headers, or None if they're invalid.

    Accepts a legacy pair of key and secret, a workspace's bearer token, or a company's bearer token together with a
    header that names the workspace.
    """
    scheme, _space, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if token == WORKSPACE_TOKEN:
            return Actor("API token of the workspace")
        if token == COMPANY_TOKEN and headers.get("X-Paradime-Workspace") == WORKSPACE:
            return Actor("API token of the company")
        return None
    return KEYS.get((headers.get("X-API-KEY", ""), headers.get("X-API-SECRET", "")))
