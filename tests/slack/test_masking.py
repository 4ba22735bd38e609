"""Secrets never leave in a message, however they're escaped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest
from aiohttp import web

from bot.core.model.bolt import Schedule
from bot.core.redact.masker import Masker
from bot.core.schedules.run_form import Filled, Form, changed_note, own_commands
from bot.core.schedules.typeahead import Index
from bot.core.text.message import Button, Buttons, Confirm, Facts, Heading, Message, Paragraph, Preformatted
from bot.core.text.text import Bold, Code, Link, cut
from bot.slack.blocks.form import run_form
from bot.slack.client import SlackChat
from bot.slack.views.home import SlackHomeTab

SECRETS = (
    "our<own>&secret_-value",
    "glpat-abcdEFGH_-jklMNOP1234",
    "eyJhbGciOi-_JIUzI1NiJ9.eyJzdWIi-_OiIxMjM0In0.dozjgNryP4J3jVmN-_HRH",
    "ghp_abcdEFGH1234567890abcdEFGH1234567890",
)


@pytest.fixture
def chat() -> SlackChat:
    """A client that masks, and sends nothing."""
    return SlackChat("xoxb-1", "http://127.0.0.1:1/", Masker(SECRETS[:1]).mask)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_part_of_a_message(chat: SlackChat, secret: str) -> None:
    """A secret is masked in text, bold, code, links, facts, excerpts, labels and dialogs."""
    confirm = Confirm("Sure?", (f"with {secret}",), "Yes", "No")
    button = Button("a", f"Run {secret}", value="v", confirm=confirm, spoken=f"Run {secret}")
    sentence = (f"It said {secret} ", Bold(secret), " ", Code(secret), Link("https://x.test", secret))
    blocks = (Paragraph(sentence), Facts(sentence), Preformatted(f"x {secret} y"), Buttons((button,)))
    shown = str(chat.content(Message(sentence, blocks))).replace("\u2060", "")
    for piece in (secret, secret[8:], secret[:-8]):
        assert piece not in shown
    assert "•••" in shown


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_part_of_a_form(chat: SlackChat, secret: str) -> None:
    """A secret in names, notes or typed text is masked; the form's metadata and the choices' values stay unchanged."""
    one = Schedule(
        1,
        "u",
        f"{'x' * (70 - len(secret))} Run {secret}",
        "nightly",
        "OFF",
        "ui",
        f"{secret}@example.com",
        git_branch=secret,
    )
    mask = Masker(SECRETS[:1]).mask
    offer = Index.from_schedules([one]).offer(one, mask)
    own = own_commands("nightly", (f"echo {secret}", "dbt run"), mask)
    filled = Filled(
        "nightly", "dev", "1", f"curl {secret}", own.mark, own.offered, reason=f"for {secret}", channel="C1"
    )
    for form in (Form(filled, offer, own, mask(secret), kept=True), Form(replace(filled, commands=""), offer, own)):
        made = run_form(replace(form, notes=(changed_note(form),)))
        shown = chat.view(made)
        assert secret[8:] not in str(shown).replace("\u2060", "")
        assert (shown["private_metadata"], shown["callback_id"]) == (made["private_metadata"], made["callback_id"])
        assert shown["blocks"][0]["element"]["initial_option"]["value"] == "nightly"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_was_cut_does_not_show_its_beginning(chat: SlackChat, secret: str) -> None:
    """A secret's beginning is masked even if the text was cut first."""
    for length in range(20, 30 + len(secret)):
        text = cut(f"The last command was {secret} and more", length)
        shown = str(chat.content(Message((text, Code(text)), (Preformatted(text),)))).replace("\u2060", "")
        assert secret[:12] not in shown, length


class Recorder:
    """A server that accepts every call and keeps what it received."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.base_url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer every call with success."""
        sent = f"{request.query_string} {(await request.read()).decode()}"
        self.calls.append((request.path.rpartition("/")[2], unquote_plus(sent)))
        view, put = {"id": "V1"}, f"{self.base_url}put"
        return web.json_response(
            {"ok": True, "ts": "1.2", "view": view, "channel": {"id": "D1"}, "upload_url": put, "file_id": "F1"}
        )


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    """A recorder that is listening."""
    made = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{method}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield made
    await runner.cleanup()


async def test_nothing_secret_leaves_by_any_call(recorder: Recorder) -> None:
    """No call sends a secret: posts, edits, private messages, replies, modals, Home, and the text around a file."""
    secret = SECRETS[0]
    chat = SlackChat("xoxb-1", recorder.base_url, Masker([secret]).mask)
    view = {"type": "modal", "title": secret, "blocks": [{"type": "section", "text": {"text": secret}}]}
    button = Button("a", f"Run {secret}", value=f'{{"v":1,"c":"run {secret}"}}', spoken=secret)
    message = Message((f"it said {secret}",), (Heading(secret), Preformatted(secret), Buttons((button,))))
    try:
        await chat.post_message("C1", message, key="k")
        await chat.edit_message("C1", "1.2", message)
        await chat.post_ephemeral("C1", "U1", message)
        await chat.post_direct("U1", message, key="k")
        await chat.respond(f"{recorder.base_url}respond", message)
        await chat.open_view("T1", view)
        await chat.update_view("V1", view)
        await SlackHomeTab(chat).publish("U1", message, page=0)
        await chat.start_upload(f"{secret}.log", b"masked before", snippet=True, alt=f"runs of {secret}")
        await chat.share_upload("C1", None, "F1", f"Log of {secret}", comment=(f"of {secret}",))
    finally:
        await chat.close()
    sent = {name for name, _ in recorder.calls}
    assert {"chat.postMessage", "chat.update", "chat.postEphemeral", "respond", "views.open", "views.update"} <= sent
    assert {"views.publish", "files.getUploadURLExternal", "files.completeUploadExternal", "put"} <= sent
    for name, body in recorder.calls:
        shown = body.encode().decode("unicode_escape").encode("latin-1", "ignore").decode("utf-8", "ignore")
        assert "secret_-value" not in body + shown, name
        assert "own<" not in body + shown, name
