"""The page: a Slack workspace in the browser, served from built files in this package.

The page's source is the folder `page` of the repository. The page uses only the control API.
"""

from __future__ import annotations

from importlib import resources

from aiohttp import web

# Messages are foreign text: if any of it ever became a script or an address, it must not be run or requested.
# Styles may be inline: the widths of bars, and the renderer's own colors.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
NOT_BUILT = "The page is not built: run `make page`. The control API works without it: see /control.\n"
BUILT = resources.files("bolt_sandbox") / "page"


def routes() -> list[web.RouteDef]:
    """Return the routes of the page at / and its assets."""
    return [web.get("/", _index), web.get(r"/page/assets/{name:[\w.-]+}", _asset)]


async def _index(_request: web.Request) -> web.Response:
    return _file("index.html") or web.Response(status=404, text=NOT_BUILT)


async def _asset(request: web.Request) -> web.Response:
    return _file("assets", request.match_info["name"]) or web.Response(status=404)


def _file(*path: str) -> web.Response | None:
    found = BUILT.joinpath(*path)
    kind = TYPES.get(path[-1].rpartition(".")[2])
    if kind is None or not found.is_file():
        return None
    return web.Response(body=found.read_bytes(), content_type=kind, charset="utf-8", headers=HEADERS)
