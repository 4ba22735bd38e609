"""Find the sandbox by its entry points: it's a separate distribution, not part of the bot's wheel and image."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from importlib import metadata
from typing import Any, Protocol, cast

GROUP = "bolt_bot.sandbox"
DISTRIBUTION = "bolt-bot-sandbox"


class SandboxMissingError(Exception):
    """The sandbox can't be used. The message is a sentence for the terminal: why, and what to install."""


class Demo(Protocol):
    """The entry point `demo`: runs the sandbox with the bot until stopped."""

    def __call__(
        self, port: int, speed: float, *, manifest: str, command: Sequence[str], tour: bool
    ) -> Coroutine[Any, Any, int]:
        """Return the exit status.

        `manifest` is the Slack app's manifest, in YAML; `command` starts the bot as a child process.
        """


class Serve(Protocol):
    """The entry point `serve`: runs the sandbox alone until stopped."""

    def __call__(self, port: int, speed: float, *, manifest: str, on_grid: bool) -> Coroutine[Any, Any, int]:
        """Return the exit status. `manifest` is the Slack app's, in YAML."""


def find_demo() -> Demo:
    """Return the sandbox's demo. Raises SandboxMissingError."""
    return cast("Demo", _load("demo"))


def find_serve() -> Serve:
    """Return the sandbox's server. Raises SandboxMissingError."""
    return cast("Serve", _load("serve"))


def _load(name: str) -> object:
    found = next(iter(metadata.entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise SandboxMissingError(
            f"The sandbox isn't installed: in a clone of the repository, install {DISTRIBUTION} with `pip install ./sandbox`."
        )
    # There's no stable interface between the two, so their versions must be equal.
    ours = metadata.version("bolt-bot")
    theirs = found.dist.version if found.dist is not None else ""
    if theirs != ours:
        raise SandboxMissingError(
            f"{DISTRIBUTION} {theirs} doesn't match bolt-bot {ours}: "
            "install it again with `pip install ./sandbox` in a clone of the repository at the bot's version."
        )
    try:
        return found.load()
    except ImportError as error:
        raise SandboxMissingError(
            f"{DISTRIBUTION} can't be loaded ({error}): "
            "install it again with `pip install ./sandbox` in a clone of the repository."
        ) from error
