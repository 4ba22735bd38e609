"""The fix for each cause of a failed connection, for every service that the doctor checks."""

from __future__ import annotations

from collections.abc import Sequence

# Part of a cause, as in bot.network_failure, and its fix. {setting} is the variable with the address; {plain} and {tls}
# are the schemes of addresses without and with TLS; {authority} says how to name a certificate authority.
Fixes = Sequence[tuple[str, str]]
NETWORK: Fixes = (
    ("can't be resolved (DNS)", "Correct the host in {setting}, or add it to this machine's DNS."),
    (
        "the proxy refused (407",
        "Put a username and password that the proxy accepts into HTTPS_PROXY, or list the host in NO_PROXY.",
    ),
    ("the proxy refused", "Let the proxy connect to that host, or list the host in NO_PROXY."),
    (
        "the connection was refused",
        "Nothing listens on that port: correct the host and port in {setting}, or start the program that should listen there.",
    ),
    ("certificate has expired", "Renew the server's certificate. If it's still valid, set this machine's clock."),
    ("certificate is not yet valid", "Set this machine's clock, or wait until the server's certificate is valid."),
    ("mismatch", "In {setting}, use a host name that the server's certificate contains."),
    (
        "certificate isn't trusted",
        "If your own certificate authority signed it, name that authority's file: {authority}. If not, somebody may be intercepting the connection.",
    ),
    ("doesn't speak TLS", "Use {plain} instead of {tls} in {setting}, or use the port that speaks TLS."),
    (
        "the file of trusted certificates contains no certificates",
        "Name a file with certificates in PEM format: {authority}.",
    ),
    (
        "requires a client certificate",
        "Set up the server, or the proxy in between, not to ask for a client certificate: the bot has none.",
    ),
    ("the TLS handshake failed", "Compare the TLS versions and ciphers of both sides."),
    (
        "too long",
        "Look for a firewall that drops packets between here and the host, and check the host and port in {setting}.",
    ),
    ("timed out", "Look for a firewall that drops packets between here and the host."),
    ("no route", "Check this machine's network, and the host in {setting}."),
    ("there's no such socket", "Correct the path in {setting}, or start the server."),
    ("permission to connect was denied", "Give the bot's user access to that socket."),
    ("too many open files", "Raise this process's limit on open files (ulimit -n)."),
    (
        "connection was",
        "Check that {setting} names the right host and port, and look at the log of the program that's listening there.",
    ),
)
PROXY = "Correct the proxy's address in HTTPS_PROXY, start the proxy, or list the host in NO_PROXY."
CERTIFICATE_FILE = "SSL_CERT_FILE=/path/to/authority.pem"


def fix_for(cause: str, fixes: Fixes) -> str:
    """Return the first fix whose key is part of a cause, or an empty string if there's none."""
    return next((fix for part, fix in fixes if part in cause), "")


def network_fix(
    cause: str,
    where: str,
    setting: str,
    *,
    schemes: tuple[str, str] = ("http://", "https://"),
    authority: str = CERTIFICATE_FILE,
) -> str:
    """Return the fix for a failed connection. `where` names the host, and the proxy if there was one."""
    fix = fix_for(cause, NETWORK)
    through_proxy = "through the proxy" in where
    if through_proxy and ("the proxy refused" not in cause) and ("certificate" not in cause):
        return PROXY
    plain, tls = schemes
    shown = fix or "Check that {setting} names the right host and port."
    return shown.format(setting=setting, plain=plain, tls=tls, authority=authority)
