"""Foreign text is inert everywhere: sentences, labels, menus, modals, boxes, file names and spoken labels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack.elements import PLAIN_OPTION
from bolt_sandbox.slack.validate import check_blocks, check_view
from bot.core.model.bolt import Resource, RunSummary, Schedule
from bot.core.model.cause import Cause
from bot.core.model.command import ListCommand, PauseCommand, RunsCommand
from bot.core.model.incident import (
    Incident,
    IncidentRun,
    IncidentState,
    OnIt,
    PostKind,
    RetryOfIncident,
    Snooze,
    ThreadPost,
)
from bot.core.model.log_tail import LogBatch
from bot.core.model.run import FailedNode, Run, RunKey
from bot.core.model.run_end import RunError
from bot.core.runs.history import History, alt_text
from bot.core.schedules.lookup import Ambiguous, Missing
from bot.core.schedules.run_form import Filled, Form, own_commands
from bot.core.schedules.typeahead import Index
from bot.core.text.message import Button, Buttons, Confirm, Facts, Heading, Message, Paragraph, Preformatted
from bot.core.text.text import Bold, Channel, Code, Emoji, Link, Mention
from bot.core.views import pause_question
from bot.core.views.active_runs import ListedRun
from bot.core.views.artifact_list import artifact_list, safe_name
from bot.core.views.card import run_card
from bot.core.views.home import FrequentSchedule, HomePage, HomeSection, home
from bot.core.views.incident import incident_message, thread_post
from bot.core.views.live_log import batch_post
from bot.core.views.paging import page
from bot.core.views.retry_failing import RefusedRetry, outcome, question
from bot.core.views.run_list import run_list
from bot.core.views.schedule_list import schedule_list
from bot.core.views.schedule_not_found import did_you_mean
from bot.core.views.schedule_page import schedule_page
from bot.core.views.thread import end_post, log_file_name
from bot.flows.history import in_words, too_few
from bot.slack.blocks.form import menu, run_form
from bot.slack.blocks.mrkdwn import mrkdwn
from bot.slack.blocks.render import render
from bot.slack.client import SlackChat
from bot.slack.views.home import HOME_BLOCKS_MOST, HOME_TEXTS_MOST, home_view
from tests.core.runs.test_history import of
from tests.slack.blocks.hostile import HOSTILE, UNSEEN, checked, live, sentence, texts
from tests.slack.blocks.test_cards import FACTS, FAILED, RUN, RUNNING, SUCCESS, TEST
from tests.slack.blocks.test_reading import NIGHTLY, NOW

APP = "https://app.example"


@given(HOSTILE, HOSTILE)
def test_a_sentence_does_nothing(text: str, other: str) -> None:
    """Foreign text is inert on its own, beside other text, in bold, in code and as a link's label."""
    assert live(mrkdwn((text,))) == []
    assert live(mrkdwn((text, other))) == []
    bold = mrkdwn((Bold(text),))
    assert bold == "" or (bold[0] == bold[-1] == "*" and len(bold) > 2 and live(bold[1:-1].removeprefix("&gt;")) == [])
    code = mrkdwn((Code(text),))
    assert "`" not in text or live(code) == []
    assert "`" in text or code == "" or (code[0] == code[-1] == "`" and not set("`<>\n") & set(code[1:-1]))
    link = mrkdwn((Link("https://x.test/a", text),))
    assert link.startswith("<https://x.test/a|")
    assert live(link.removeprefix("<https://x.test/a|").removesuffix(">").removeprefix("&gt;")) == []


@given(HOSTILE)
def test_a_forged_id_or_address_is_text(text: str) -> None:
    """An invalid id, emoji or web address is shown as text."""
    for span in (
        Mention(text),
        Channel(text),
        Link(f"javascript:{text}", "x"),
        Link(f"https://x.test/{text}", "x"),
        Emoji(text),
    ):
        sentence(mrkdwn((span,)))


@settings(max_examples=60)
@given(HOSTILE, HOSTILE)
def test_each_part_of_a_message(text: str, other: str) -> None:
    """Each part of a message is inert and within Slack's limits."""
    confirm = Confirm(text, (text, Bold(other)), text, other)
    button = Button("run.cancel", text, value="{}", confirm=confirm, spoken=other)
    spans = (text, Bold(other), Code(text), " ", Link("https://x.test/a", other), text)
    blocks = (
        Heading(text),
        Paragraph(spans),
        Facts(spans),
        Preformatted(text),
        Preformatted(text * 40),
        Buttons((button,)),
    )
    shown, made = render(Message(spans, blocks))
    sentence(shown)
    checked(made)
    check_blocks(made)
    boxes = [one for kind, one in texts(made) if kind == "text"]
    assert len(boxes) == 2


def pictured(name: str) -> History:
    """The history of a schedule with this name."""
    return replace(of(("S", 60), ("F", 30), ("S", 50)), name=name)


def schedule(text: str, other: str) -> Schedule:
    """A schedule with hostile names."""
    return replace(
        NIGHTLY,
        name=text,
        slug=other,
        cron=text,
        owner=other,
        last_run_state=text,
        commands=(text, other),
        git_branch=text,
    )


def messages(text: str, other: str) -> list[Message]:
    """The messages about runs and schedules with such names, commands, logs and reasons."""
    named = replace(FACTS, name=text, slug=other, branch=text, commands=(text, other), overridden=True, actor=other)
    command = replace(TEST, text=text)
    failed = replace(FAILED, facts=named, seen=replace(FAILED.seen, commands=(command,)))
    assert failed.end is not None
    nodes = (FailedNode("FAIL", text, other, text, 0.4, 2), FailedNode("ERROR", other, text, other, 1.0))
    end = replace(
        failed.end, failed=command, number=1, excerpt=text, summary=other, nodes=nodes, counts=(("error", 2),)
    )
    runs: list[Run] = [replace(one, facts=named) for one in (RUNNING, SUCCESS)] + [replace(failed, end=end)]
    one = schedule(text, other)
    listed = [RunSummary(7, text, other, text, 8, NOW, NOW, other, text, other)]
    return [
        *(run_card(run, APP) for run in runs),
        end_post(runs[-1], APP),
        schedule_list(page([one] * 3, 1), ListCommand(text), NOW, prefix="/bolt"),
        schedule_page(one, listed, NOW, app_url=APP, active=True),
        run_list(one, page(listed, 1), RunsCommand(other), workspace="w", app_url=APP, most=100),
        pause_question.refused(one, text, pause=True),
        did_you_mean(text, Missing((one, one)), lambda slug: PauseCommand(slug, pause=True)),
        did_you_mean(text, Ambiguous((text, other)), RunsCommand),
        too_few(one, pictured(text)),
        in_words(one, pictured(text), other),
        artifact_list(RunKey("w", 1), "ERROR", [(command, Resource(1, text)), (command, Resource(2, other))]),
    ]


def incidents(text: str, other: str) -> list[Message]:
    """The messages about incidents with such names, errors, hints and people."""
    error = RunError("key", text, other)
    run = IncidentRun(7, "FAILED", NOW, NOW, text, other, actor=other)
    incident = Incident(
        "C1",
        other,
        "T1",
        1,
        name=text,
        owner=other,
        failures=2,
        first=run,
        latest=replace(run, state=text),
        failed=run,
        errors=("key",),
        lines=(error,),
        command=text,
        cause=Cause(1, "own", text, other),
        on_it=OnIt("U1", NOW, text),
        snooze=Snooze("U2", NOW, other),
        retry=RetryOfIncident(8, "RUNNING", text),
    )
    flapping = replace(incident, state=IncidentState.FLAPPING, command="", snooze=None, on_it=None, retry=None)
    recovered = replace(incident, state=IncidentState.RECOVERED, recovered_by=run)
    closed = replace(incident, state=IncidentState.CLOSED, why=text)
    posts = [ThreadPost(number, kind, 7, (error, error)) for number, kind in enumerate(PostKind, 1)]
    return [
        *(incident_message(one, APP) for one in (incident, flapping, recovered, closed)),
        *(thread_post(incident, post, None, (Mention("U1"),), APP) for post in posts),
        question([flapping], APP),
        outcome([], [RefusedRetry(incident, (text,))], APP),
    ]


@settings(max_examples=40)
@given(HOSTILE, HOSTILE)
def test_what_is_told_of_runs_and_schedules(text: str, other: str) -> None:
    """Every message about runs, schedules and incidents is inert and within Slack's limits."""
    chat = SlackChat("xoxb-1", "http://127.0.0.1:1/", str)
    for message in (*messages(text, other), *incidents(text, other)):
        content = chat.content(message)
        sentence(content["text"])
        assert len(content["text"]) <= 4000
        if content.get("blocks"):
            checked(content["blocks"])
            check_blocks(content["blocks"])


@settings(max_examples=40)
@given(HOSTILE, HOSTILE)
def test_the_form_its_menu_and_the_home_tab(text: str, other: str) -> None:
    """The form, its menu and the Home tab are inert and accepted by Slack's rules."""
    # Neither text from Bolt nor typed text still contains halves of surrogate pairs here.
    text, other = (one.encode(errors="replace").decode() for one in (text, other))
    one = schedule(text, other)
    own = own_commands(other, (text, other), str)
    index = Index.from_schedules([one])
    filled = Filled(other, text, "1", own.text, own.mark, own.offered, reason=text, channel="C1")
    view = run_form(Form(filled, index.offer(one), own, notes=((text,),), branch=other))
    check_view(view, "modal")
    checked(view)
    for typed in ("", text):
        made = menu(index.offers(typed))
        options = [
            *made.get("options", ()),
            *(one for group in made.get("option_groups", ()) for one in group["options"]),
        ]
        for option in options:
            assert list(PLAIN_OPTION(option, "")) == []
            checked(option)
    chat = SlackChat("xoxb-1", "http://127.0.0.1:1/", str)
    listed = ListedRun(replace(RUN, facts=replace(FACTS, name=text)), "C1", f"https://acme.slack.com/{text}")
    shown = HomePage(
        NOW, mine=HomeSection(1, (listed,)), schedules=(FrequentSchedule(other, text, "C1", other),), schedules_total=1
    )
    tab = home_view(chat.blocks(home(shown, APP, "/bolt"), most=HOME_BLOCKS_MOST, room=HOME_TEXTS_MOST), 0)
    check_view(tab, "home")
    checked(tab)


@given(HOSTILE)
def test_names_of_files(text: str) -> None:
    """A file's name can't be a path on any machine, and a log's has only plain characters."""
    name = safe_name(text)
    assert not set('/\\:*?"<>|\n\r\t') & set(name)
    assert UNSEEN.findall(name) == []
    log = log_file_name(1, text)
    assert all(letter.isascii() and (letter.isalnum() or letter in "-.") for letter in log.name)
    assert len(log.name) <= 80
    assert len(log.title) <= 150


@given(HOSTILE, HOSTILE)
def test_lines_of_a_log_that_is_followed(command: str, lines: str) -> None:
    """A live log's lines are in a box, where nothing is markup."""
    text, made = render(batch_post(RunKey("w", 1), LogBatch(command, 3, lines, 1, "0:0"), 0))
    sentence(text)
    check_blocks(made)
    checked(made)


@pytest.fixture
async def chat(sandbox: Sandbox) -> AsyncIterator[SlackChat]:
    """A client of the sandbox's Slack."""
    made = SlackChat(sandbox.workspace.bot_token, f"{sandbox.base_url}/slack/api", str, call_s=10)
    yield made
    await made.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE)
async def test_a_picture_is_named_titled_and_described_in_a_line(chat: SlackChat, sandbox: Sandbox, text: str) -> None:
    """A picture's name, title and alternative text are each one inert line within Slack's limit."""
    name = f"run-1-{safe_name(text)}.png"
    file_id = await chat.start_upload(name, b"png", snippet=False, alt=alt_text(pictured(text)))
    await chat.share_upload("C0DATAENG", None, file_id, f"History of {text}", comment=(Bold(text), ": fine"))
    file = sandbox.workspace.files[file_id]
    for shown in (file.name, file.title, file.alt_text):
        assert UNSEEN.findall(shown) == []
        assert "\n" not in shown
    assert 0 < len(file.alt_text) <= 1000
    sentence(list(sandbox.workspace.channels["C0DATAENG"].messages.values())[-1].text)
