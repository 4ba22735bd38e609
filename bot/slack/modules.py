"""Commands, buttons, events, shortcuts and modals are a module each, found in their package: adding one edits no list."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import ListenerContext


def modules_of(package: str) -> tuple[ModuleType, ...]:
    """The modules of a package, in the order of their names."""
    names = sorted(found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__))
    return tuple(importlib.import_module(f"{package}.{name}") for name in names)


def register_all(modules: tuple[ModuleType, ...], app: AsyncApp, context: ListenerContext) -> None:
    """Let each module listen that has `register(app, context)`; the others are what several of them share."""
    for module in modules:
        if hasattr(module, "register"):
            module.register(app, context)
