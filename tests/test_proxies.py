"""The proxy that a request goes through, for every form of the environment variables."""

from __future__ import annotations

import pytest

from bot.proxies import proxy_faults, proxy_for, proxy_passwords

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("environment", "address", "proxy"),
    [
        ({}, "https://slack.com/api/", None),
        ({"HTTPS_PROXY": PROXY}, "https://slack.com/api/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "wss://wss.slack.com/link", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://slack.com/api/", None),
        ({"HTTP_PROXY": PROXY}, "https://slack.com/api/", None),
        ({"HTTP_PROXY": PROXY}, "ws://127.0.0.1:9/", PROXY),
        ({"ALL_PROXY": PROXY}, "https://slack.com/api/", PROXY),
        ({"ALL_PROXY": "http://other", "HTTPS_PROXY": PROXY}, "https://slack.com/api/", PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, "https://slack.com/api/", PROXY),
        ({"https_proxy": " ", "HTTPS_PROXY": PROXY}, "https://slack.com/api/", PROXY),
        ({"HTTPS_PROXY": "proxy:3128"}, "https://slack.com/api/", PROXY),
        ({"ALL_PROXY": PROXY}, "unix:///run/redis.sock", None),
        ({"ALL_PROXY": PROXY}, "nonsense", None),
        ({"ALL_PROXY": PROXY}, "https://[broken", None),
    ],
)
def test_the_proxy_of_an_address(environment: dict[str, str], address: str, proxy: str | None) -> None:
    """An address's proxy depends on its scheme; lowercase variables come first, and blank ones count as unset."""
    assert proxy_for(address, environment) == proxy


@pytest.mark.parametrize(
    ("entries", "address", "direct"),
    [
        ("*", "https://slack.com/", True),
        ("slack.com", "https://slack.com/", True),
        ("SLACK.com", "https://hooks.slack.com/", True),
        (".slack.com", "https://slack.com/", True),
        ("*.slack.com", "wss://wss-primary.slack.com/", True),
        ("slack.com", "https://notslack.com/", False),
        ("slack.com.", "https://slack.com./", True),
        ("hooks.slack.com", "https://slack.com/", False),
        ("a.test, slack.com", "https://slack.com/", True),
        ("a.test slack.com", "https://slack.com/", True),
        ("slack.com:443", "https://slack.com/", True),
        ("slack.com:8443", "https://slack.com/", False),
        ("slack.com:8443", "https://slack.com:8443/", True),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.1.2.3/8", "https://10.9.9.9/", True),
        ("10.1.2.3", "https://10.1.2.3:8443/", True),
        ("10.1.2.3:443", "https://10.1.2.3:8443/", False),
        ("10.0.0.0/8", "https://10.0.0.1.evil.test/", False),
        ("10.0.0.0/99", "https://10.0.0.1/", False),
        ("fd00::/8", "https://[fd12::1]/", True),
        ("::1", "https://[::1]:8443/", True),
        ("[::1]:8443", "https://[::1]:8443/", True),
        ("[::1]:8443", "https://[::1]/", False),
        ("::1", "https://10.0.0.1/", False),
        ("", "https://slack.com/", False),
        (".", "https://slack.com/", False),
        ("*.", "https://slack.com/", False),
    ],
)
def test_who_is_reached_directly(entries: str, address: str, direct: bool) -> None:  # noqa: FBT001 - a column of the table
    """NO_PROXY can list addresses, networks, and names with their subdomains; any entry can be limited to one port."""
    environment = {"ALL_PROXY": PROXY, "NO_PROXY": entries}
    assert (proxy_for(address, environment) is None) is direct
    assert proxy_for(address, {"ALL_PROXY": PROXY, "no_proxy": entries, "NO_PROXY": "*"}) == (
        None if direct or not entries else PROXY
    )


@pytest.mark.parametrize(
    "proxy", ["socks5://user:hunter22@proxy:1080", "http://", "http://proxy:x", "http://p:0", "a b", "http://[x"]
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(proxy: str) -> None:
    """An unusable proxy is reported by its variable, without the value, which may contain a password."""
    (line,) = proxy_faults({"HTTPS_PROXY": proxy})
    assert line.startswith("HTTPS_PROXY should be an address that begins with http:// or https://")
    assert "hunter22" not in line


def test_proxies_that_can_be_used() -> None:
    """Proxies with and without a password or TLS are usable, and their passwords are found."""
    usable = {"HTTPS_PROXY": "https://user:p%40ss@proxy:3129", "http_proxy": "proxy", "ALL_PROXY": ""}
    assert proxy_faults(usable) == ()
    assert proxy_passwords(usable) == ("p%40ss", "p@ss")
    assert proxy_passwords({"ALL_PROXY": "http://[x", "HTTP_PROXY": "http://user@proxy"}) == ()
