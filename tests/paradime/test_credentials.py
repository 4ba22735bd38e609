"""Three forms of credentials, none of which is ever shown."""

from __future__ import annotations

import pytest

from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from tests.paradime.api import QUICK, Api, client_of

LEGACY = Credentials("s3cret", "k3y")
WORKSPACE = Credentials("prdm_wsp_s3cret")
COMPANY = Credentials("prdm_cmp_s3cret", workspace="w-1")


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [
        (LEGACY, {"X-API-KEY": "k3y", "X-API-SECRET": "s3cret"}),
        (WORKSPACE, {"Authorization": "Bearer prdm_wsp_s3cret"}),
        (COMPANY, {"Authorization": "Bearer prdm_cmp_s3cret", "X-Paradime-Workspace": "w-1"}),
        (Credentials("prdm_wsp_s3cret", "k3y", "w-1"), {"Authorization": "Bearer prdm_wsp_s3cret"}),
    ],
    ids=["legacy", "workspace", "company", "workspace, with more than it needs"],
)
async def test_the_secret_decides_on_the_headers(api: Api, credentials: Credentials, sent: dict[str, str]) -> None:
    """Each form of credentials is sent in its own headers, and in no others."""
    api.data(listBoltSchedules={"totalCount": 0})
    made: BoltClient = client_of(api.url, QUICK, credentials)
    await made.check()
    await made.aclose()
    names = {"x-api-key", "x-api-secret", "authorization", "x-paradime-workspace"}
    arrived = {name.lower(): value for name, value in api.asked[0].headers.items() if name.lower() in names}
    assert arrived == {name.lower(): value for name, value in sent.items()}


@pytest.mark.parametrize(
    ("secret", "key", "workspace"),
    [
        ("", "", ""),
        ("s3cret", "", ""),
        ("prdm_other_s3cret", "", ""),
        ("prdm_cmp_s3cret", "k3y", ""),
        ("prdm_wsp_s3cret\r\nX-Evil: 1", "", ""),
        ("s3crét", "k3y", ""),
        ("s3cret", "k3y with a space", ""),
        ("prdm_cmp_s3cret", "", "w\n"),
    ],
)
def test_what_does_not_fit_is_refused_without_its_value(secret: str, key: str, workspace: str) -> None:
    """A missing or invalid part is refused in a sentence that quotes none of the values."""
    with pytest.raises(ValueError, match=r"\.$") as caught:
        Credentials(secret, key, workspace)
    assert "s3cr" not in str(caught.value)
    assert "k3y" not in str(caught.value)


@pytest.mark.parametrize("credentials", [LEGACY, WORKSPACE, COMPANY], ids=["legacy", "workspace", "company"])
def test_a_repr_shows_no_secret(credentials: Credentials) -> None:
    """The repr contains neither the secret nor the key."""
    assert "s3cret" not in repr(credentials)
    assert "k3y" not in repr(credentials)
