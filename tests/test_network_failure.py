"""Why a connection failed, and through which proxy, without any credential.

Real failures of the bot's own clients are tested in tests/test_unreachable_services.py.
"""

from __future__ import annotations

import errno
import socket

import pytest

from bot.network_failure import host_of, known, through, why


def test_no_proxy_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy isn't named if NO_PROXY lists the host."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy:3128")
    assert through("https://api.test/graphql") == "api.test through the proxy proxy:3128"
    monkeypatch.setenv("NO_PROXY", "api.test")
    assert through("https://api.test/graphql") == "api.test"
    assert host_of("https://user:word@api.test:8443/x?y") == "api.test:8443"


def raised(error: BaseException, *causes: BaseException) -> BaseException:
    """An exception with its causes, as a library chains them."""
    at = error
    for cause in causes:
        at.__cause__ = cause
        at = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "the connection was refused"),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] other"),
            "the connection was refused",
        ),
        (RuntimeError("client error", OSError(errno.ENETUNREACH, "x")), "there's no route to the network"),
        (raised(RuntimeError("a"), ValueError("b"), socket.gaierror(-2, "x")), "its host name can't be resolved (DNS)"),
        (ExceptionGroup("all", [ValueError(), OSError(errno.ECONNRESET, "x")]), "the connection was reset"),
        (raised(RuntimeError("a"), TimeoutError()), "it timed out"),
    ],
)
def test_the_cause_is_found_wherever_a_library_hides_it(error: BaseException, words: str) -> None:
    """The cause is found among causes, arguments and members of groups."""
    assert known(error) == why(error) == words


def test_what_is_certain_comes_before_what_followed_from_it() -> None:
    """A certain cause comes before its consequences: a name that can't be resolved may end in a timeout."""
    assert known(raised(TimeoutError(), socket.gaierror(-2, "x"))) == "its host name can't be resolved (DNS)"


def test_without_a_known_cause_the_exceptions_class_is_named() -> None:
    """Without a known cause, the exception's class is named, never its text; a cycle of causes is followed only once."""
    one, other = RuntimeError("https://u:hunter2@h"), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert known(one) == ""
    assert why(one) == "the connection failed (RuntimeError)"


@pytest.mark.parametrize("address", ["http://[broken", "nonsense", "http://h:99999/"])
def test_what_is_no_address_has_no_host(address: str) -> None:
    """An invalid address has no host, raises nothing and isn't shown."""
    assert host_of(address) == through(address) == ""
