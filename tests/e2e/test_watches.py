"""Watching schedules: set up, listed and stopped in Slack, by those whom the policy allows."""

from __future__ import annotations

from bolt_sandbox.bolt.model import Character, Schedule, Step
from tests.e2e.modal import Modal
from tests.e2e.stage import CHANNEL, Stage
from tests.e2e.test_policy import policy
from tests.waiting import eventually

WATCH_CHOOSE = "form.watch.schedule"
EVERY = {"text": {"type": "plain_text", "text": "*"}, "value": "*"}
NOT_GRACE = """\
version: 1
rules:
  - what: watch
    who: {users: [U0GRACE]}
    deny: Grace has enough to read
  - allow: true
"""


async def test_a_watch_is_made_listed_and_stopped(stage: Stage) -> None:
    """A watch outlives the bot; the answers about it are private, and their buttons work."""
    bot = await stage.start_bot()
    await stage.slash("watch Nightly full build --mention none")
    await stage.until(
        stage.told_privately(
            "Now watching `nightly` here (watch 1): failures and recoveries, runs that are 30 min late"
        )
    )
    await stage.until(stage.told_privately("In the last 7 days"))
    await stage.slash("watch nothing-*")
    await stage.until(stage.told_privately("No schedule matches it yet."))
    bot.kill()
    await bot.ended()
    await stage.start_bot()
    await stage.mention("watches", user="grace")
    await stage.until(stage.told_privately("2 watches here.", user="grace"))
    await stage.click("Stop", user="grace")
    await stage.until(stage.told_privately("No longer watching", user="grace"))
    await stage.slash("unwatch 9")
    await stage.until(stage.told_privately("There's no watch `9` here."))
    await stage.slash("watches")
    await stage.until(stage.told_privately("1 watch here."))


async def test_a_schedule_offers_to_be_watched(stage: Stage) -> None:
    """A schedule's details offer to watch it, and then say where it's watched."""
    await stage.start_bot()
    await stage.slash("show nightly")
    await stage.until(stage.told_privately("Nightly full build"))
    await stage.click("Watch")
    await stage.until(stage.told_privately("Now watching `nightly` here"))
    await stage.slash("show nightly")
    await stage.until(lambda: "Watched in <#C0DATAENG>." in str(stage.private()[-1].blocks))


async def test_a_direct_message_can_watch(stage: Stage) -> None:
    """A watch in a direct message is for one person."""
    await stage.start_bot()
    await stage.say("watch nightly", channel="dm")
    await stage.until(stage.card_says("Now watching `nightly` here", stage.sandbox.workspace.direct("U0ADA").id))
    await stage.slash("watches")
    await stage.until(stage.told_privately("Nothing is watched here."))


async def test_the_policy_decides_who_watches(stage: Stage) -> None:
    """The policy decides who can set up and stop watches."""
    await stage.start_bot(policy(stage, NOT_GRACE))
    await stage.slash("watch nightly", user="grace")
    await stage.until(stage.told_privately("Grace has enough to read", user="grace"))
    await stage.slash("watch nightly")
    await stage.until(stage.told_privately("Now watching"))
    await stage.slash("unwatch 1", user="grace")
    await stage.until(stage.told_privately("You can't watch this here: Grace has enough to read", user="grace"))


async def test_admins_see_every_channels_watches(stage: Stage) -> None:
    """By default, only admins see what other channels watch."""
    await stage.start_bot()
    await stage.slash("watch nightly")
    await stage.until(stage.told_privately("Now watching"))
    await stage.slash("watches --all")
    await stage.until(stage.told_privately("You can't see what other channels watch here: only admins can."))


async def test_a_failure_is_reported_until_it_is_no_longer_watched(stage: Stage) -> None:
    """A watched run's failure is posted and listed, and the incident is closed when the watch is stopped."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "Long job", "long", Character((Step("dbt run", 3000.0),))))
    await stage.start_bot({"BOLT_BOT_DISCOVER_S": "1"})
    run = stage.sandbox.bolt.start("long")
    await stage.slash("watch long")
    await stage.until(stage.told_privately("Now watching"))
    looked = stage.asked("listBoltRuns")
    await stage.until(lambda: stage.asked("listBoltRuns") > looked)
    stage.sandbox.bolt.end(run.id, "FAILED")
    await stage.until(stage.card_says("*Long job* failed"))
    await stage.slash("failing")
    await stage.until(stage.told_privately("1 schedule failing here."))
    assert f"run {run.id}" in str(stage.private()[-1].blocks)
    await stage.slash("unwatch long")
    await stage.until(stage.card_says("*Long job*: no longer watched here"))


async def test_a_file_says_what_is_watched(stage: Stage) -> None:
    """Watches from a file apply from the start, and can't be changed in Slack."""
    refused = "is set in a file, so it can't be changed or stopped here"
    file = stage.folder / "watches.yaml"
    file.write_text("version: 1\nchannels:\n  C0DATAENG:\n    - {watch: nightly, mention: none}\n")
    await stage.start_bot({"BOLT_BOT_WATCHES_FILE": str(file)})

    async def listed() -> bool:
        await stage.slash("watches")
        return any("1 watch here." in one.text for one in stage.private())

    await eventually("the file to be applied", listed)
    assert "set in a file" in str(stage.private()[-1].blocks)
    assert "Stop" not in str(stage.private()[-1].blocks)
    for times, text in enumerate(("unwatch nightly", "watch nightly --mention owner"), 1):
        await stage.slash(text)
        await stage.until(lambda most=times: sum(refused in one.text for one in stage.private()) == most)  # type: ignore[misc]


async def test_channels_come_and_go(stage: Stage) -> None:
    """Watches pause while the bot isn't in a channel, resume after an invitation, and end if the channel is shared."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "Long job", "long", Character((Step("dbt run", 3000.0),))))
    await stage.start_bot({"BOLT_BOT_DISCOVER_S": "1"})
    run = stage.sandbox.bolt.start("long")
    await stage.slash("watch long --mention none")
    await stage.until(stage.told_privately("Now watching"))
    looked = stage.asked("listBoltRuns")
    await stage.until(lambda: stage.asked("listBoltRuns") > looked)
    admin = stage.sandbox.slack.admin
    await admin.kick(CHANNEL, "bolt", "grace")
    await answers(stage, "watches", "paused: I'm not in the channel")
    stage.sandbox.bolt.end(run.id, "FAILED")
    await answers(stage, "failing", "Long job")
    assert stage.cards() == []
    await admin.invite(CHANNEL, "bolt", "grace")
    await stage.until(stage.card_says("I can post here again"))
    assert "Long job" in str(stage.cards()[0].blocks)
    await admin.share(CHANNEL, "T0OTHER")
    direct = stage.sandbox.workspace.direct("U0ADA").id
    await stage.until(stage.card_says("that channel is now shared with another organization", direct))


async def answers(stage: Stage, text: str, words: str) -> None:
    """Ask until a private answer contains these words."""

    async def says() -> bool:
        await stage.slash(text)
        return any(words in str(one.blocks) for one in stage.private())

    # Seldom enough to stay within the limit on commands.
    await eventually(f"{text} to say {words}", says, every_s=0.4)


async def test_a_digest_is_set_and_shown(stage: Stage) -> None:
    """A digest is set up, previewed and turned off, with private answers."""
    await stage.start_bot()
    await stage.slash("watch nightly")
    await stage.until(stage.told_privately("Now watching `nightly` here"))
    await stage.slash("digest daily 09:00 --tz Europe/Berlin")
    await stage.until(stage.told_privately("I'll post a digest here every day at 09:00 (Europe/Berlin)."))
    await stage.click("Preview")
    await stage.until(stage.told_privately("A digest is posted here every day at 09:00 (Europe/Berlin)."))
    await stage.slash("digest off")
    await stage.until(stage.told_privately("I'll no longer post a digest here."))


async def test_a_watch_is_set_up_and_edited_in_a_form(stage: Stage) -> None:
    """A watch is set up and edited in a form, which shows each error below its field and keeps the earlier choices."""
    await stage.start_bot()
    await stage.slash("watch")
    form = await Modal(stage).opened()
    people = stage.sandbox.slack.people
    menu = (await people.suggest(form.id, WATCH_CHOOSE, "night")).payload or {}
    assert [group["label"]["text"] for group in menu["option_groups"]] == ["Schedules", "Pattern"]
    form.fill("schedule", menu["option_groups"][1]["options"][0], WATCH_CHOOSE)
    form.fill("quiet", "at night")
    assert await form.errors() == {"quiet": "Enter two different times of day, for example 22:00-07:00."}
    form.fill("quiet", "22:00-07:00")
    form.fill("time_zone", "Europe/Berlin")
    assert await form.submit() == {}
    await form.closed()
    await stage.until(stage.told_privately("Now watching `night*` here (watch 1): failures and recoveries, quiet from"))
    await stage.click("Edit")
    form = await Modal(stage).opened()
    assert form.says("Watches `night*`")
    form.fill("mention", "none")
    await form.submit()
    await stage.until(stage.told_privately("Changed: now watching `night*` here (watch 1)"))
    assert "quiet from 22:00 to 07:00 (Europe/Berlin)" in str(stage.private()[-1].blocks)
    await stage.click("Edit")
    form = await Modal(stage).opened()
    await stage.slash("unwatch 1")
    await stage.until(stage.told_privately("No longer watching"))
    assert "There's no watch 1 here." in (await form.errors())["mention"]


async def test_the_form_asks_the_policy_and_who_is_in_the_channel(stage: Stage) -> None:
    """The form checks the policy and the channel's members when it's submitted; a mention offers it with a button."""
    await stage.start_bot(policy(stage, NOT_GRACE))
    await stage.slash("watch", user="grace")
    form = await Modal(stage, "grace").opened()
    form.fill("schedule", EVERY, WATCH_CHOOSE)
    assert "Grace has enough to read" in (await form.errors())["schedule"]
    await stage.mention("watch")
    await stage.until(stage.told_privately("A form can't be opened from a message."))
    await stage.click("Watch schedules…")
    form = await Modal(stage).opened()
    form.fill("schedule", EVERY, WATCH_CHOOSE)
    channel, ada = stage.sandbox.workspace.channel("data-eng"), stage.sandbox.workspace.user("ada")
    channel.members.remove(ada.id)
    assert "one of us isn't in it, so nothing was changed" in (await form.errors())["schedule"]
