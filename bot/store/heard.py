"""Messages that were heard: Slack delivers an event again when it got no answer in time."""

from __future__ import annotations

from bot.store.scripts import Scripts

# Longer than a delivery is dealt with; a process that dies in it leaves the message to Slack's next delivery.
BEGUN_S = 10.0
# Slack delivers again after a minute and after five, and where the app asks for it during a day.
KEPT_S = 86_400


class Heard:
    """Implements the flows' `Heard` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def begin(self, delivery: str) -> str:
        """Begin to deal with a delivery: `new`, `begun` where another one does already, `done`."""
        return str(await self._scripts.run("hear", delivery, round(BEGUN_S * 1000)))

    async def done(self, delivery: str) -> None:
        """It is dealt with: each further delivery of it is to do nothing."""
        await self._scripts.ask(self._scripts.redis.set(self._scripts.key("heard", delivery), "done", ex=KEPT_S))
