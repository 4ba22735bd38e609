"""Why a connection could not be made, from the chain of exceptions that a client library raised. Standard library only."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

# What OpenSSL says of a server that answers a TLS handshake with plain text.
NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNEXPECTED_MESSAGE")
DEEPEST = 30
ERRNO = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was closed",
    errno.ECONNABORTED: "the connection was aborted",
    errno.EHOSTUNREACH: "there is no route to the host",
    errno.ENETUNREACH: "there is no route to the network",
    errno.ETIMEDOUT: "the connection timed out",
    errno.ENOENT: "there is no such socket",
    errno.EACCES: "permission to connect was denied",
    errno.EMFILE: "this process has too many open files",
}


def why(error: BaseException) -> str:
    """The cause of a failed connection in a few words, without any address; the exception's class if nothing is known."""
    return known(error) or f"the connection failed ({type(error).__name__})"


def known(error: BaseException) -> str:
    """The cause of a failed connection in a few words, empty if the exceptions don't show it."""
    chain = list(_chain(error))
    for say in (_certificate, _tls, _name, _system):
        for one in chain:
            if found := say(one):
                return found
    if any(isinstance(one, TimeoutError) or "timeout" in type(one).__name__.lower() for one in chain):
        return "it took too long to answer"
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, and everything that led to it: causes, contexts, members of groups, and aiohttp's wrapped ones."""
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
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ""
    said = getattr(error, "verify_message", "") or "no reason given"
    return f"its certificate isn't trusted ({said})"


def _tls(error: BaseException) -> str:
    if not isinstance(error, ssl.SSLError):
        return ""
    reason = error.reason or ""
    if reason in NOT_TLS:
        return "it doesn't speak TLS on that port (is it a plain-text port?)"
    return f"the TLS handshake failed ({reason.replace('_', ' ').lower() or 'no reason given'})"


def _name(error: BaseException) -> str:
    return "its host name can't be resolved (DNS)" if isinstance(error, socket.gaierror) else ""


def _system(error: BaseException) -> str:
    if not isinstance(error, OSError):
        return ""
    # asyncio raises one OSError without a number for several addresses; its text quotes what each of them answered.
    quoted = re.search(r"\[Errno (\d+)\]", str(error))
    number = error.errno if error.errno is not None else int(quoted[1]) if quoted else 0
    return ERRNO.get(number, "")
