"""Imported last by the process that bots are forked off: what it holds is never collected, so forks share its memory.

Before that it does what every bot would do again at its start: the modules that are found by being there are imported, and
the patterns of the hints compiled, which alone takes as long as the rest of a start.
"""

import gc
import importlib

from bot.core.logs.hints.causes import built_in
from bot.slack.modules import modules_of
from bot.tls import tls

LATE = ("encodings.idna", "slack_bolt.listener_matcher.async_builtins", "bot.load_settings")

for package in ("actions", "commands", "events", "shortcuts", "views"):
    modules_of(f"bot.slack.{package}")
for module in LATE:
    importlib.import_module(module)
built_in()
tls()
gc.collect()
gc.freeze()
