"""Load the modules of commands, buttons, events, shortcuts and modals from their packages: no list is needed."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from slack_bolt.async_app import AsyncApp

from bot.slack.listener_context import ListenerContext


def modules_of(package: str) -> tuple[ModuleType, ...]:
    """Return the modules of a package, sorted by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__))
    return tuple(importlib.import_module(f"{package}.{name}") for name in names)


def register_all(modules: tuple[ModuleType, ...], app: AsyncApp, context: ListenerContext) -> None:
    """Register each module that has `register(app, context)`; the others are shared helpers."""
    for module in modules:
        if hasattr(module, "register"):
            module.register(app, context)
