"""Build the flows that post and edit messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.flows.claimed_post import DIGEST
from bot.flows.deliver_posts import PostDeliverer, Send
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.edit_cards import CardEditor
from bot.flows.post_channel_back import ChannelBackPoster
from bot.flows.post_digest import DigestPoster
from bot.flows.post_digest_picture import DigestPicturePoster
from bot.flows.post_file import FilePoster
from bot.flows.post_gap import GapPoster
from bot.flows.post_incident import IncidentPoster
from bot.flows.post_log_file import LogFilePoster
from bot.flows.post_notice import NoticePoster
from bot.flows.post_outage import OutagePoster
from bot.flows.post_quiet_end import QuietEndPoster
from bot.flows.poster import MessagePoster
from bot.flows.read_digest import DigestReader
from bot.flows.read_requested_file import RequestedFileReader
from bot.flows.tail_log import LogTailRules, TailPoster
from bot.flows.watch_messages import WatchMessages
from bot.flows.watch_permissions import WatchPermissions
from bot.store.log_tails import LogTails
from bot.store.quiet_ends import QuietEnds
from bot.wiring.base import Base


@dataclass(frozen=True, slots=True)
class PostingFlows:
    """The flows that post and edit. `outages` also plans the posts about an outage's causes."""

    deliver: PostDeliverer
    edit_cards: CardEditor
    outages: OutagePoster


def build_posting_flows(base: Base, permissions: WatchPermissions, digest_reader: DigestReader) -> PostingFlows:
    """Build the flows that post and edit messages."""
    incidents, outages = _build_post_incident(base), _build_post_outage(base)
    gaps, notices = _build_post_gap(base), _build_post_notice(base, permissions)
    # By the first part of the queued post's name.
    senders = {
        "upload": _build_post_file(base).post_requested_file,
        "follow": _build_post_tail(base).post_lines,
        "incident": incidents.post_of_incident,
        "outage": outages.post_of_outage,
        "gap": gaps.post_of_gap,
        "quiet": _build_post_quiet_end(base, permissions).post_quiet_end,
        DIGEST: _build_post_digest(base, digest_reader).post_digest,
        "back": _build_post_channel_back(base, permissions).post_channel_back,
        "notice": notices.post_notice,
    }
    return PostingFlows(
        deliver=_build_deliver(base, senders),
        edit_cards=_build_edit_cards(base, WatchMessages(incidents, outages, gaps, notices)),
        outages=outages,
    )


def tail_rules(base: Base) -> LogTailRules:
    """The rules by which live logs are read and posted."""
    gap_s = base.settings.bolt_bot_follow_gap_s
    return LogTailRules(gap_s=gap_s, settle_s=_settle_s(base), bot_name=base.bot_name)


def _settle_s(base: Base) -> float:
    """The time in which a call may still take effect after its response was lost: its timeout plus half a second."""
    return base.settings.slack_call_s + 0.5


def _message_poster(base: Base) -> MessagePoster:
    return MessagePoster(base.services.chat, base.stores.posts, settle_s=_settle_s(base))


def _delivery_settings(base: Base) -> DeliverySettings:
    settings = base.settings
    return DeliverySettings(
        settings.paradime_app_url,
        base.bot_name,
        settings.bolt_bot_command,
        deadline_s=settings.bolt_bot_start_deadline_s,
        call_s=settings.slack_call_s,
        settle_s=_settle_s(base),
    )


# --- runs: their cards, threads and files ---


def _build_deliver(base: Base, others: Mapping[str, Send]) -> PostDeliverer:
    services, stores = base.services, base.stores
    return PostDeliverer(
        services.chat,
        stores.posts,
        stores.of_runs,
        base.clients.logs,
        services.answers,
        _delivery_settings(base),
        others,
    )


def _build_edit_cards(base: Base, watched: WatchMessages) -> CardEditor:
    stores = base.stores
    return CardEditor(
        base.services.chat,
        stores.edits,
        stores.requests,
        stores.runs,
        app_url=base.settings.paradime_app_url,
        watched=watched,
    )


def _build_post_file(base: Base) -> FilePoster:
    services, stores = base.services, base.stores
    files = RequestedFileReader(
        services.bolt, services.downloads, base.clients.logs, mask=services.mask, hide=base.clients.hide
    )
    return FilePoster(
        services.chat,
        stores.posts,
        stores.uploads,
        files,
        services.answers,
        bot_name=base.bot_name,
        settle_s=_settle_s(base),
    )


def _build_post_tail(base: Base) -> TailPoster:
    services, stores = base.services, base.stores
    return TailPoster(services.chat, stores.posts, LogTails(stores.scripts), services.answers, tail_rules(base))


def _build_post_log_file(base: Base) -> LogFilePoster:
    chat, stores = base.services.chat, base.stores
    return LogFilePoster(
        chat, stores.posts, stores.runs, base.clients.logs, _message_poster(base), _delivery_settings(base)
    )


# --- watches: incidents, outages, notices, gaps, quiet hours, digests ---


def _build_post_incident(base: Base) -> IncidentPoster:
    stores = base.stores
    return IncidentPoster(
        base.services.chat,
        stores.posts,
        _message_poster(base),
        stores.incidents,
        stores.runs,
        base.incident_people,
        base.quiet_hours,
        base.incident_retries,
        _build_post_log_file(base),
        workspace=base.settings.workspace,
        app_url=base.settings.paradime_app_url,
    )


def _build_post_outage(base: Base) -> OutagePoster:
    stores = base.stores
    return OutagePoster(
        base.services.chat,
        stores.posts,
        _message_poster(base),
        stores.outages,
        base.incident_people,
        stores.due["outages"],
        base.quiet_hours,
        stores.runs,
        _build_post_log_file(base),
        base.incident_retries,
        workspace=base.settings.workspace,
        app_url=base.settings.paradime_app_url,
    )


def _build_post_notice(base: Base, permissions: WatchPermissions) -> NoticePoster:
    stores = base.stores
    return NoticePoster(
        _message_poster(base),
        stores.posts,
        stores.notices,
        stores.watches,
        permissions,
        base.clients.people,
        app_url=base.settings.paradime_app_url,
        now=base.now,
    )


def _build_post_gap(base: Base) -> GapPoster:
    stores = base.stores
    return GapPoster(
        base.services.chat,
        stores.posts,
        stores.gaps,
        stores.incidents,
        base.incident_people,
        base.quiet_hours,
        app_url=base.settings.paradime_app_url,
        slash_command=base.settings.bolt_bot_command,
        settle_s=_settle_s(base),
        mask=base.services.mask,
    )


def _build_post_quiet_end(base: Base, permissions: WatchPermissions) -> QuietEndPoster:
    stores = base.stores
    return QuietEndPoster(
        _message_poster(base),
        stores.posts,
        QuietEnds(stores.scripts, stores.incidents),
        stores.incidents,
        base.incident_people,
        stores.watches,
        permissions,
        app_url=base.settings.paradime_app_url,
        slash_command=base.settings.bolt_bot_command,
    )


def _build_post_channel_back(base: Base, permissions: WatchPermissions) -> ChannelBackPoster:
    stores = base.stores
    return ChannelBackPoster(
        _message_poster(base),
        stores.incidents,
        stores.watches,
        permissions,
        app_url=base.settings.paradime_app_url,
        now=base.now,
        time=base.services.bolt.time,
    )


def _build_post_digest(base: Base, reader: DigestReader) -> DigestPoster:
    services, stores = base.services, base.stores
    pictures = DigestPicturePoster(services.chat, stores.posts, reader, services.charts, settle_s=_settle_s(base))
    return DigestPoster(
        _message_poster(base), stores.posts, stores.digests, reader, base.clients.gate, pictures, now=base.now
    )
