"""The connection to Redis: nothing is sent twice, and an unsuitable server is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.core.model.errors import StoreUnavailable, StoreUnfit
from bot.store.connect import check, connect
from tests.certificates import authority
from tests.proxies import tls_before
from tests.store.fake_server import GOOD, SCRIPTS, fake, telling, well

PASSWORD = "very-secret-1"  # noqa: S105 - a made-up one


async def checked(answer: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """The faults that the check finds in a server."""
    async with fake(answer) as server:
        client = connect(f"redis://127.0.0.1:{server.port}")
        try:
            return await check(client)
        finally:
            await client.aclose()


async def test_a_real_server_will_do(redis_client: Redis) -> None:
    """Both kinds of server that the tests use pass the check."""
    assert await check(redis_client) == ()


async def test_replies_are_text(redis_client: Redis) -> None:
    """Strings come as text and scores as numbers."""
    await redis_client.zadd("set", {"member": 1_700_000_000_123_456})
    assert await redis_client.zrange("set", 0, -1, withscores=True) == [("member", 1_700_000_000_123_456.0)]


async def test_a_lost_reply_is_not_asked_for_again() -> None:
    """A command whose connection breaks before the reply fails, and isn't sent again."""
    async with fake(lambda command: None if command == "INCRBY" else well(command)) as server:
        client = connect(f"redis://127.0.0.1:{server.port}")
        with pytest.raises(RedisError):
            await client.incr("n")
        await client.aclose()
        assert server.commands.count("INCRBY") == 1


async def test_a_silent_server_is_given_up() -> None:
    """A missing reply causes an error within the timeout, and the command is sent only once."""
    async with fake(lambda command: b"" if command == "INCRBY" else well(command)) as server:
        client = connect(f"redis://127.0.0.1:{server.port}", timeout_s=0.1)
        with pytest.raises(RedisError):
            await client.incr("n")
        await client.aclose()
        assert server.commands.count("INCRBY") == 1


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"redis_version": "6.2.14"}, "Redis is version 6.2.14, but the bot needs 7.0 or later."),
        ({"maxmemory_policy": "allkeys-lru"}, "Redis has the maxmemory-policy allkeys-lru, which deletes data"),
        ({"role": "slave"}, "REDIS_URL points at a read-only replica"),
    ],
)
async def test_a_server_that_will_not_do_is_refused(facts: dict[str, str], sentence: str) -> None:
    """A server that's too old, evicts data or is read-only is refused, and the sentence says what's wrong."""
    with pytest.raises(StoreUnfit, match=sentence):
        await checked(telling(**{**GOOD, **facts}))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (telling(**GOOD), ()),
        (telling(**{**GOOD, "redis_version": "7.2.4", "valkey_version": "9.1.2"}), ()),
        (telling(**{**GOOD, "aof_enabled": "0"}), ("append-only file turned off",)),
        (telling(redis_version="7.2.0"), ("doesn't report its maxmemory-policy",)),
        (
            lambda command: {"PING": b"+PONG\r\n", **SCRIPTS}.get(command, b"-NOPERM this user has no permissions\r\n"),
            ("doesn't report its version", "doesn't report its maxmemory-policy"),
        ),
    ],
)
async def test_what_cannot_be_seen_is_a_warning(answer: Callable[[str], bytes], words: tuple[str, ...]) -> None:
    """The bot starts even if the provider permits neither INFO nor CONFIG."""
    warnings = await checked(answer)
    assert len(warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, warnings, strict=True))


@pytest.mark.parametrize(
    "error", [b"-WRONGPASS invalid username-password pair\r\n", b"-NOAUTH Authentication required.\r\n"]
)
async def test_a_refused_password_is_told(error: bytes) -> None:
    """The sentence mentions the credentials without showing them."""
    with pytest.raises(StoreUnfit, match="rejects the username or the password"):
        await checked(lambda _: error)


async def test_a_server_that_is_away_is_told_without_its_password() -> None:
    """The sentence has the host, the port and the reason, but not the credentials."""
    client = connect(f"redis://user:{PASSWORD}@127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable) as caught:
        await check(client)
    assert caught.value.sentence == "Redis doesn't answer (127.0.0.1:1: the connection was refused)."
    assert caught.value.__suppress_context__


async def test_tls_is_spoken_where_asked() -> None:
    """rediss:// doesn't fall back to plain text: it fails against a server without TLS."""
    async with fake(telling(**GOOD)) as server:
        client = connect(f"rediss://127.0.0.1:{server.port}", timeout_s=0.5)
        with pytest.raises(StoreUnavailable):
            await check(client)
        await client.aclose()


async def test_tls_trusts_the_authorities_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorities trusted for Slack and Bolt apply to Redis too; without them, an error names the certificate."""
    made = authority(tmp_path)
    async with fake(telling(**GOOD)) as server, tls_before(server.port, made.context()) as port:
        stranger = connect(f"rediss://127.0.0.1:{port}")
        with pytest.raises(StoreUnavailable, match="its certificate isn't trusted"):
            await check(stranger)
        await stranger.aclose()
        monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
        client = connect(f"rediss://127.0.0.1:{port}")
        assert await check(client) == ()
        await client.aclose()


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{PASSWORD}@h/0?retry_on_timeout=true",
        f"redis://:{PASSWORD}@h/0?socket_timeout=90",
        f"redis://:{PASSWORD}@h/zero?db=x",
        f"http://:{PASSWORD}@h/0",
    ],
)
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    """Options that would override this module's own are refused, and the address isn't quoted."""
    with pytest.raises(StoreUnfit) as caught:
        connect(url)
    assert PASSWORD not in str(caught.value)
