"""The run form, filled in as a person does, through the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bolt_sandbox.slack.model import View
from tests.e2e.stage import PERSON, Stage

CHOOSE = "form.schedule"
Json = dict[str, Any]


@dataclass
class Modal:
    """The modal that a person has open, and what that person has put into it."""

    stage: Stage
    user: str = PERSON
    filled: Json = field(default_factory=dict)

    @property
    def view(self) -> View | None:
        """The modal's view as it is now, or None if it's closed."""
        workspace = self.stage.sandbox.workspace
        mine = [one for one in workspace.views.values() if one.user == workspace.user(self.user).id]
        return next((one for one in reversed(mine) if one.open and one.kind == "modal"), None)

    @property
    def id(self) -> str:
        """The modal's id."""
        assert self.view is not None
        return self.view.id

    @property
    def blocks(self) -> list[Json]:
        """The modal's blocks."""
        return self.view.content["blocks"] if self.view else []

    def block(self, name: str) -> Json | None:
        """The field of this name; the block id of the commands field has a suffix."""
        return next((one for one in self.blocks if str(one.get("block_id")).partition(".")[0] == name), None)

    def offered(self) -> str:
        """The commands that the form offers for editing."""
        block = self.block("commands")
        return str(block["element"].get("initial_value", "")) if block else ""

    def says(self, words: str) -> bool:
        """Whether the modal contains these words."""
        return words in str(self.blocks)

    async def opened(self) -> Modal:
        """Wait until the modal is open."""
        await self.stage.until(lambda: self.view is not None)
        return self

    async def closed(self) -> None:
        """Wait until the modal is closed."""
        await self.stage.until(lambda: self.view is None)

    async def offers(self, typed: str) -> Json:
        """Type into the schedule menu, and return what it offers."""
        outcome = await self.stage.sandbox.slack.people.suggest(self.id, CHOOSE, typed)
        assert outcome.problem == ""
        return outcome.payload or {}

    async def options(self, typed: str) -> list[Json]:
        """The options that the menu offers for `typed`, without headings."""
        menu = await self.offers(typed)
        return [*menu.get("options", ()), *(one for group in menu.get("option_groups", ()) for one in group["options"])]

    async def choose(self, typed: str, *, number: int = 0) -> Json:
        """Type, choose one of the options, and wait until its commands are there."""
        option: Json = (await self.options(typed))[number]
        self.fill("schedule", option, CHOOSE)
        before = self.block("commands")
        await self.stage.sandbox.slack.people.click_in_view(self.id, CHOOSE, option, filled=self.filled)
        await self.stage.until(lambda: self.block("commands") not in (None, before))
        return option

    def fill(self, name: str, value: object, action: str = "value") -> None:
        """Fill in a field."""
        block = self.block(name)
        assert block is not None, name
        self.filled[block["block_id"]] = {action: value}

    async def submit(self, *, times: int = 1) -> Json:
        """Press *Start run*, and return the app's answer."""
        outcome = await self.stage.sandbox.slack.people.submit(self.id, self.filled, times=times)
        assert outcome.problem == ""
        return outcome.payload or {}

    async def errors(self) -> Json:
        """Press *Start run*, which must be refused, and return the error under each field."""
        answer = await self.submit()
        assert answer.get("response_action") == "errors", answer
        errors: Json = answer["errors"]
        names = {block.get("block_id") for block in self.blocks if block["type"] == "input"}
        assert set(errors) <= names, "Slack shows an error only under a field that is there"
        return {name.partition(".")[0]: text for name, text in errors.items()}


async def open_form(stage: Stage, text: str = "", *, user: str = PERSON, channel: str = "data-eng") -> Modal:
    """Type `/bolt`, and wait for the form."""
    outcome = await stage.slash(text, user=user, channel=channel)
    assert outcome.problem == ""
    return await Modal(stage, user).opened()
