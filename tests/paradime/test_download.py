"""Files from short-lived URLs: limited in size, requested without our credentials, and accepted from no other host."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web

from bot.core.model.errors import BoltError, BoltNotSent, BoltOutcomeUnknown, BoltTooLarge, DownloadRefused
from bot.paradime.download import Downloader
from tests.paradime.conftest import Backend
from tests.waiting import PATIENCE_S

LOCAL, REAL = "http://127.0.0.1:1/bolt/graphql", "https://api.example/graphql"
SIGNED = "?X-Amz-Signature=not-for-any-eyes"


PACKED = {
    "packed": (gzip.compress(b"a,b\n") * 2, "gzip"),
    # A file may have several gzip members. Compressing one and repeating it is faster than compressing all fifty.
    "bomb": (gzip.compress(b" " * 1_000_000) * 50, "gzip"),
    "twice": (gzip.compress(gzip.compress(b"a,b\n")), "gzip, gzip"),
    "other": (b"a", "zstd"),
    "garbage": (b"no gzip", "gzip"),
    "half": (gzip.compress(b"a,b\n")[:-4], "gzip"),
}


async def _packed(request: web.Request) -> web.Response:
    body, encoding = PACKED[request.match_info["name"]]
    return web.Response(body=body, headers={"Content-Encoding": encoding})


async def _file(request: web.Request) -> web.StreamResponse:
    match request.match_info["what"]:
        case "text":
            return web.Response(text="a,b\n", headers={"Set-Cookie": "a=b"})
        case "large":
            return web.Response(body=b"x" * 5_000_000)
        case "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(1000):
                await response.write(b"x" * 100_000)
            return response
        case "slow":
            await asyncio.Event().wait()
        case "elsewhere":
            raise web.HTTPFound("http://127.0.0.1:9/")
        case "echo":
            return web.json_response(dict(request.headers))
        case "broken":
            return web.Response(status=500)
    return web.Response(status=403, text="Request has expired")


@pytest.fixture
async def storage() -> AsyncIterator[str]:
    """The address of a file server."""
    app = web.Application()
    app.router.add_get("/packed/{name}", _packed)
    app.router.add_get("/{what}", _file)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def downloader() -> AsyncIterator[Downloader]:
    """A downloader whose API is on this machine."""
    made = Downloader(LOCAL, timeout_s=PATIENCE_S)
    yield made
    await made.aclose()


async def test_a_file_is_fetched(storage: str, downloader: Downloader) -> None:
    """A file is returned unchanged."""
    assert await downloader.fetch(f"{storage}/text{SIGNED}", most=100) == b"a,b\n"


async def test_a_packed_file_is_unpacked(storage: str, downloader: Downloader) -> None:
    """A compressed file is decompressed, even if it has several members."""
    assert await downloader.fetch(f"{storage}/packed/packed{SIGNED}", most=100) == b"a,b\na,b\n"


async def test_a_bomb_is_not_unpacked_to_its_end(storage: str, downloader: Downloader) -> None:
    """A file that unpacks to far too much data isn't held in memory."""
    await downloader.fetch(f"{storage}/text{SIGNED}", most=100)
    tracemalloc.start()
    with pytest.raises(BoltTooLarge):
        await downloader.fetch(f"{storage}/packed/bomb{SIGNED}", most=100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


async def test_nothing_of_ours_goes_along(storage: str, downloader: Downloader) -> None:
    """A download sends none of our credentials."""
    sent = (await downloader.fetch(f"{storage}/echo{SIGNED}", most=10_000)).decode().lower()
    assert not any(word in sent for word in ("authorization", "api-key", "api-secret", "paradime"))


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("large", BoltTooLarge),
        ("endless", BoltTooLarge),
        ("packed/bomb", BoltTooLarge),
        ("packed/twice", BoltOutcomeUnknown),
        ("packed/other", BoltOutcomeUnknown),
        ("packed/garbage", BoltOutcomeUnknown),
        ("packed/half", BoltOutcomeUnknown),
        ("broken", BoltOutcomeUnknown),
        ("elsewhere", DownloadRefused),
        ("expired", DownloadRefused),
    ],
)
async def test_what_does_not_come_has_a_reason_without_the_address(
    storage: str, downloader: Downloader, what: str, error: type[BoltError]
) -> None:
    """A download that fails has an error without the signed URL, and a redirect isn't followed."""
    with pytest.raises(error) as caught:
        await downloader.fetch(f"{storage}/{what}{SIGNED}", most=1_000_000)
    assert "Signature" not in f"{caught.value}{caught.value.__cause__}{caught.value.sentence}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_what_comes_too_slowly_is_given_up(storage: str) -> None:
    """A download that takes too long is abandoned at its timeout, which covers the whole file."""
    downloader = Downloader(LOCAL, timeout_s=2)
    with pytest.raises(BoltOutcomeUnknown):
        await downloader.fetch(f"{storage}/slow{SIGNED}", most=1_000_000)
    await downloader.aclose()


async def test_nobody_there(downloader: Downloader) -> None:
    """If nothing listens at the address, nothing was sent."""
    with pytest.raises(BoltNotSent):
        await downloader.fetch("http://127.0.0.1:9/text", most=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/a",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/a",
        "file:///etc/passwd",
        "https://user:pass@storage.example/a",
        "https:///a",
        "https://storage.example:99999/a",
        "gopher://storage.example/a",
        "",
    ],
)
async def test_only_https_is_fetched(url: str) -> None:
    """Only https URLs are fetched, unless the API itself is on this machine."""
    downloader = Downloader(REAL, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with pytest.raises(DownloadRefused):
        await downloader.fetch(url, most=100)
    assert await downloader.fetch("https://storage.example/a", most=100) == b""
    await downloader.aclose()


async def test_even_here_only_this_machine_is_asked_in_clear(downloader: Downloader) -> None:
    """Even if the API is on this machine, plain http isn't used for any other machine."""
    with pytest.raises(DownloadRefused):
        await downloader.fetch("http://169.254.169.254/latest/meta-data", most=100)


async def test_what_commands_left_behind_comes_without_their_output(backend: Backend) -> None:
    """The artifacts of many commands come in one request, and an unknown command is left out."""
    world = backend.world
    run = next(one for one in world.runs("nightly"))
    ids = [command.id for command in world.view(run.id).commands]
    found = await backend.client.resources([*ids, 999_999])
    assert list(found) == ids
    assert found[ids[0]] == ()
    assert {one.path for one in found[ids[-1]]} == {"target/manifest.json", "target/run_results.json"}
    before = len(backend.records)
    assert await backend.client.resources(ids) == found
    assert len(backend.records) == before + 1
    assert await backend.client.resources([]) == {}
