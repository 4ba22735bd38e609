"""The form for a watch as a modal, and long lists of watches: readable, and within Slack's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bolt_sandbox.slack.validate import check_blocks, check_view
from bot.core.model.command import WatchesCommand
from bot.core.model.watch import WATCHES_MOST_IN_CHANNEL, Quiet, SlowAfter
from bot.core.text.message import Message
from bot.core.views.paging import page
from bot.core.views.watches import ListedWatch, watch_list
from bot.core.watching.watch_form import Filled, Form, filled_from
from bot.slack.blocks.render import render
from bot.slack.blocks.watch_form import watch_form
from tests.core.watching.ends import WATCH
from tests.slack.blocks.outline import check
from tests.slack.blocks.test_form import picture

# Slack cuts longer texts (docs.slack.dev, chat.postMessage).
TEXT_MOST = 4000
NIGHTLY = replace(WATCH, number=3, made_by="U0ADA", quiet=Quiet("22:00", "07:00"), time_zone="Europe/Berlin")


def checked(form: Form) -> dict[str, Any]:
    """The modal, after checking it with the SDK's models and the sandbox's rules."""
    view = watch_form(form)
    check_view(view, "modal")
    assert Block.parse_all(view["blocks"])
    assert View(**view).to_dict()["callback_id"] == "form.watch"
    return view


REPORTED = ("Report ", "Pull requests")


def lines(form: Form) -> list[str]:
    """The modal's lines, without the fields about what is reported."""
    return [line for line in picture(checked(form)).split("\n") if not line.startswith(REPORTED)]


def reported(form: Form) -> list[str]:
    """The modal's fields for choosing what to report."""
    return [line for line in picture(checked(form)).split("\n") if line.startswith(REPORTED)]


def test_as_it_opens() -> None:
    """A new form asks what to watch, and everything else is optional."""
    assert lines(Form(Filled("C0DATAENG"))) == [
        "Watch schedules  [Close] [Watch]",
        "Schedule or pattern * (external_select)",
        "Only schedules owned by (plain_text_input)",
        "Branch (plain_text_input)",
        "Mention * (static_select): The schedule's owner",
        "Or mention this person (multi_users_select)",
        "Quiet hours (plain_text_input)",
        "Time zone for the quiet hours (plain_text_input)",
        "  Reports are posted in <#C0DATAENG>. To mention a user group, use --mention in the typed command.",
    ]


def test_an_existing_one_says_what_it_watches() -> None:
    """The form of an existing watch says what it watches, and lets only its options be changed."""
    watch = replace(NIGHTLY, pattern="fin*", owner="ada", branch="dev", mention="S0DATA")
    assert lines(Form(filled_from(watch), watch)) == [
        "Edit watch 3  [Close] [Save]",
        (
            "  Watches `fin*`, owned by ada, on branch `dev`. To watch other schedules or another branch, add a watch and "
            "stop this one."
        ),
        "Mention * (static_select): The user group below",
        "  The user group is <!subteam^S0DATA>.",
        "Or mention this person (multi_users_select)",
        "Quiet hours (plain_text_input): 22:00-07:00",
        "Time zone for the quiet hours (plain_text_input): Europe/Berlin",
        "  Reports are posted in <#C1>. To mention a user group, use --mention in the typed command.",
    ]
    person = replace(NIGHTLY, mention="U0ADA", channel="D0ADA")
    view = checked(Form(filled_from(person), person))
    assert "'initial_users': ['U0ADA']" in str(view)
    assert "Reports are posted in this conversation." in picture(view)
    assert view["private_metadata"] == '{"v":1,"c":"D0ADA","n":3}'


def test_what_is_reported_can_be_chosen() -> None:
    """A form for a new watch shows the defaults, and a form for an existing watch shows its options."""
    watch = replace(WATCH, only="ends", pull_requests=True, late_s=1800, slow=SlowAfter(factor=2))
    assert reported(Form(Filled("C1"))) == [
        "Report * (static_select): Failures and recoveries",
        "Pull requests (checkboxes): [ ] Report runs for pull requests too",
        "Report late runs after (plain_text_input)",
        "Report slow runs after (plain_text_input)",
    ]
    assert reported(Form(filled_from(watch), watch)) == [
        "Report * (static_select): The end of every run",
        "Pull requests (checkboxes): [x] Report runs for pull requests too",
        "Report late runs after (plain_text_input): 30m",
        "Report slow runs after (plain_text_input): 2x",
    ]


TEXTS = st.text(max_size=400) | st.text(min_size=1, max_size=3).map(lambda some: some * 1500)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_stands_in_it_slack_takes_it(pattern: str, owner: str, branch: str, text: str) -> None:
    """Whatever the form contains, it passes the rules of the sandbox's Slack, which are independent of this module."""
    watch = replace(WATCH, pattern=pattern, owner=owner, branch=branch, made_by="U0ADA")
    check_view(watch_form(Form(filled_from(watch), watch)), "modal")
    filled = Filled("C1", owner=owner, branch=branch, quiet=text, time_zone=text, late=text, slow=text)
    check_view(watch_form(Form(filled, notes=((text,),))), "modal")


def test_a_full_channel_is_listed_page_by_page() -> None:
    """A full channel's watches fit Slack's limits on each page, however long their patterns and options are."""
    long = replace(NIGHTLY, pattern=f"{'x' * 500}*", owner="o" * 500, branch="b" * 200, mention="U0ADA")
    listed = [ListedWatch(replace(long, number=number), 2000) for number in range(1, WATCHES_MOST_IN_CHANNEL + 1)]
    for number in range(1, 6):
        message = watch_list(page(listed, number), WatchesCommand(), prefix="/bolt")
        if number == 1:
            check("watches-full", message)
        check_page(message)
    short = [ListedWatch(replace(NIGHTLY, number=number, pattern=f"s-{number}"), 1) for number in range(1, 51)]
    check("watches-page", watch_list(page(short, 3), WatchesCommand(), prefix="/bolt"))


def check_page(message: Message) -> None:
    """Check that the page fits Slack's limits and that all action ids are different."""
    text, blocks = render(message)
    check_blocks(blocks)
    assert len(text) <= TEXT_MOST
    ids = [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]
    assert len(ids) == len(set(ids))
