"""Imported last by the process that bots are forked off: what it holds is never collected, so forks share its memory."""

import gc

from bot.paradime.transport import tls

tls()
gc.collect()
gc.freeze()
