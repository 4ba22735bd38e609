"""Why a connection failed, read from a client library's chain of exceptions. Standard library only.

`bot.core.model.call_outcome` decides which failures count as an outage.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.proxies import proxy_for

# OpenSSL's reasons when a server answers a TLS handshake with plain text.
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNEXPECTED_MESSAGE")
WANTS_CERTIFICATE = "it requires a client certificate"
DEEPEST = 30
ERRNO = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was closed",
    errno.ECONNABORTED: "the connection was aborted",
    errno.EHOSTUNREACH: "there's no route to the host",
    errno.ENETUNREACH: "there's no route to the network",
    errno.ETIMEDOUT: "the connection timed out",
    errno.ENOENT: "there's no such socket",
    errno.EACCES: "permission to connect was denied",
    errno.EMFILE: "this process has too many open files",
}


def host_of(address: str) -> str:
    """The host and port of a URL, without user, password, path or query. Empty if it isn't a URL."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.hostname or ''}{port}"


def through(address: str) -> str:
    """The host and port of a URL, and of the proxy that the environment sets for it."""
    host, proxy = host_of(address), proxy_for(address)
    return f"{host} through the proxy {host_of(proxy)}" if proxy else host


def why(error: BaseException) -> str:
    """The cause of a failed connection in a few words, without addresses; the exception's class if unknown."""
    return known(error) or f"the connection failed ({type(error).__name__})"


def known(error: BaseException) -> str:
    """The cause of a failed connection in a few words, or an empty string if the exceptions don't show it."""
    chain = list(_chain(error))
    for say in (_certificate, _tls, _name, _system):
        for one in chain:
            if found := say(one):
                return found
    if any(isinstance(one, TimeoutError) or "timeout" in type(one).__name__.lower() for one in chain):
        return "it timed out"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it: causes, contexts, group members, and those that aiohttp wraps."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo and len(seen) < DEEPEST:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        wrapped = (getattr(one, "os_error", None), getattr(one, "certificate_error", None))
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        known = (one.__cause__, one.__context__, *wrapped, *inner, *one.args)
        todo += [each for each in known if isinstance(each, BaseException)]


def _certificate(error: BaseException) -> str:
    # aiohttp's own subclasses hold no message; it's in the exception that they wrap.
    said = getattr(error, "verify_message", "") if isinstance(error, ssl.SSLCertVerificationError) else ""
    return f"its certificate isn't trusted ({said})" if said else ""


def _tls(error: BaseException) -> str:
    reason = str(getattr(error, "reason", None) or "") if isinstance(error, ssl.SSLError) else ""
    if reason in NOT_TLS:
        return "it doesn't speak TLS on that port (is it a plain-text port?)"
    if reason == "NO_CERTIFICATE_OR_CRL_FOUND":
        return "the file of trusted certificates contains no certificates"
    if reason.endswith("CERTIFICATE_REQUIRED"):
        return WANTS_CERTIFICATE
    return f"the TLS handshake failed ({reason.replace('_', ' ').lower()})" if reason else ""


def _name(error: BaseException) -> str:
    return "its host name can't be resolved (DNS)" if isinstance(error, socket.gaierror) else ""


def _system(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return ""
    # For several addresses, asyncio raises one OSError without a number; its text quotes each address's error.
    quoted = re.search(r"\[Errno (\d+)\]", str(error))
    number = error.errno if error.errno is not None else int(quoted[1]) if quoted else 0
    return ERRNO.get(number, "")
