"""The owner of a deployment's data: the Slack team, app and Bolt workspace that first started under its name.

Two bots under one name in one Redis would take each other's work: ends would be posted with the wrong token, and runs
of the other Bolt workspace would never be polled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bot.core.model.errors import StoreUnfit
from bot.store.scripts import Scripts


@dataclass(frozen=True, slots=True)
class DataOwner:
    """The owner of the data.

    `team`, `bot` and `app` are Slack's ids; if `app` is empty, `bot` identifies the installation.
    """

    team: str
    team_name: str
    bot: str
    app: str
    workspace: str

    def is_same_bot(self, other: DataOwner) -> bool:
        """Whether both are the same Slack app in the same team, on the same Bolt workspace."""
        app = self.app == other.app if self.app and other.app else self.bot == other.bot
        return app and (self.team, self.workspace) == (other.team, other.workspace)

    def difference_from(self, other: DataOwner) -> str:
        """Describe in words how this owner differs from another one."""
        parts = []
        if self.team != other.team:
            parts.append(
                f"the Slack team {self.team_name or self.team}" + (f" ({self.team})" if self.team_name else "")
            )
        elif (self.app and other.app and self.app != other.app) or (
            self.bot != other.bot and not (self.app and other.app)
        ):
            parts.append(f"the Slack app {self.app or f'of the bot {self.bot}'}")
        if self.workspace != other.workspace:
            parts.append(f"the Bolt workspace {self.workspace}")
        return " and ".join(parts)


async def claim_data(scripts: Scripts, name: str, mine: DataOwner, *, adopt: bool) -> DataOwner | None:
    """Record the owner of the data at the first start. With `adopt`, another owner's record is replaced and returned.

    Raises StoreUnfit if the data belongs to another bot and `adopt` is off; StoreUnavailable.
    """
    key, text = scripts.key("deployment"), json.dumps(asdict(mine))
    if await scripts.ask(scripts.redis.set(key, text, nx=True)):
        return None
    found: str | None = await scripts.ask(scripts.redis.get(key))
    theirs = _read(found)
    if theirs is not None and not theirs.is_same_bot(mine):
        if not adopt:
            raise StoreUnfit(
                f"Redis holds the data of another bot named {name!r}, which is for {theirs.difference_from(mine)}; this bot is for "
                f"{mine.difference_from(theirs)}. Set BOLT_BOT_NAME to another name, or set BOLT_BOT_ADOPT=1 to take over that data."
            )
        await scripts.ask(scripts.redis.set(key, text))
        return theirs
    if found != text:
        # The team was renamed, or the app's id has become known.
        await scripts.ask(scripts.redis.set(key, text))
    return None


async def read_data_owner(scripts: Scripts) -> DataOwner | None:
    """Return the owner of the data, or None if it has none yet. Raises StoreUnavailable."""
    return _read(await scripts.ask(scripts.redis.get(scripts.key("deployment"))))


def _read(text: str | None) -> DataOwner | None:
    """Parse a stored owner. Returns None if this version can't read it, in which case it's overwritten."""
    try:
        fields = json.loads(text or "")
        return DataOwner(**{name: str(fields.get(name) or "") for name in DataOwner.__slots__})
    except (ValueError, AttributeError):
        return None
