"""Which buttons of an answer are offered: none that would be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.policy.rules import Action, Question
from bot.core.text.message import Block, Buttons, Message
from bot.core.views import buttons

# What each button asks for; more may follow its name. One that is not named here only reads.
ACTIONS: dict[str, Action] = {
    **dict.fromkeys((buttons.RETRY_FAILED, buttons.RETRY_ALL, f"{buttons.COMMAND}.retry"), Action.RETRY),
    **dict.fromkeys(
        (
            buttons.RUN_AGAIN,
            buttons.START_QUEUED,
            buttons.START_ANOTHER,
            buttons.START_SUGGESTED,
            buttons.HOME_RUN,
            f"{buttons.COMMAND}.run",
            f"{buttons.COMMAND}.runform",
        ),
        Action.START,
    ),
    **dict.fromkeys((buttons.CANCEL_RUN, buttons.DROP_QUEUED, f"{buttons.COMMAND}.cancel"), Action.CANCEL),
    **dict.fromkeys((buttons.WHOLE_LOG, buttons.STOP_FOLLOWING, f"{buttons.COMMAND}.logs"), Action.LOGS),
    **dict.fromkeys(
        (buttons.ARTIFACTS_PAGE, buttons.ARTIFACT_FILE, buttons.ARTIFACT_OPEN, f"{buttons.COMMAND}.artifacts"),
        Action.ARTIFACTS,
    ),
    **dict.fromkeys((buttons.SUSPEND, f"{buttons.COMMAND}.suspend"), Action.PAUSE),
}
# What makes something appear in the channel.
POSTS = (
    buttons.WATCH_RUN,
    buttons.WHOLE_LOG,
    buttons.ARTIFACT_FILE,
    *(name for name, action in ACTIONS.items() if action in {Action.START, Action.RETRY}),
)


def offered(message: Message, may: Callable[[Question], bool]) -> Message:
    """The message without buttons that ask for what somebody may not do."""
    blocks = (_kept(block, may) for block in message.blocks)
    return replace(message, blocks=tuple(block for block in blocks if block is not None))


def question_of(button: str) -> Question:
    """What a button asks the policy, by its action id."""
    found = (action for name, action in ACTIONS.items() if _is(button, name))
    return Question(next(found, Action.READ), posts=any(_is(button, name) for name in POSTS))


def _is(button: str, name: str) -> bool:
    return button == name or button.startswith(f"{name}.")


def _kept(block: Block, may: Callable[[Question], bool]) -> Block | None:
    if not isinstance(block, Buttons):
        return block
    kept = tuple(one for one in block.buttons if one.url or may(question_of(one.action)))
    return Buttons(kept) if kept else None
