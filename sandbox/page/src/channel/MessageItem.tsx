import { Icon } from "../lib/Icon";
import { memo, use, useMemo } from "react";
import { ActingContext, type Acting } from "../blocks/acting";
import { Blocks } from "../blocks/Blocks";
import { NamesContext } from "../blocks/Mention";
import { Library, Mrkdwn } from "../blocks/Text";
import { ApiError, post } from "../lib/api";
import { Boundary } from "../lib/Boundary";
import { Menu } from "../lib/Menu";
import { count, shownName } from "../lib/text";
import { ago, clock, ofTs, useNow } from "../lib/time";
import { stillThere } from "../live/sameElement";
import type { Block, FileInfo, Message, Outcome, Shortcut } from "../types";
import { Avatar } from "./Avatar";
import { Files } from "./Files";

export interface Shown {
  ts: string;
  // A user's id, or "" for Slackbot.
  user: string;
  text: string;
  blocks?: Block[] | undefined;
  files?: FileInfo[] | undefined;
  edited?: boolean;
  subtype?: string | undefined;
  reactions?: Message["reactions"];
  isPrivate?: boolean;
  replies?: Message[] | undefined;
}

interface Props {
  message: Shown;
  as: string;
  channel: string;
  compact: boolean;
  newCount?: number;
  shortcuts: Shortcut[];
  onThread?: ((ts: string) => void) | undefined;
  onDismiss?: ((ts: string) => void) | undefined;
  onShortcut?: ((shortcut: Shortcut, ts: string) => void) | undefined;
}

export const MessageItem = memo(function MessageItem(props: Props) {
  const { message, as, channel, compact, shortcuts, newCount = 0, onThread, onDismiss, onShortcut } = props;
  const { users } = use(NamesContext);
  const user = users.get(message.user);
  const sender = message.user ? shownName(user, message.user) : "Slackbot";
  const time = clock(ofTs(message.ts));
  const acting = useMemo<Acting>(
    () => ({
      act: async (element, blockId, value) => {
        const click = {
          user: as,
          channel,
          ts: message.ts,
          action_id: element.action_id,
          ...(value === undefined ? {} : { value }),
        };
        try {
          await post<Outcome>("/control/click", { ...click, block_id: blockId });
        } catch (error) {
          // The message was edited while its question stood open: its blocks have other ids, and the button may still be there.
          const gone = error instanceof ApiError && error.code === "action_not_found";
          if (!gone || !stillThere(channel, message.ts, element)) throw error;
          await post<Outcome>("/control/click", click);
        }
      },
    }),
    [as, channel, message.ts],
  );
  const className = ["message", compact ? "is-compact" : "", message.isPrivate ? "is-private" : ""].join(" ");

  return (
    <article className={className} aria-label={`${sender}, ${time}`} data-ts={message.ts}>
      {message.isPrivate && (
        <p className="private-note">
          <Icon name="eye" size={15} />
          Only visible to you
          {onDismiss && (
            <button type="button" className="link" onClick={() => onDismiss(message.ts)}>
              Dismiss
            </button>
          )}
        </p>
      )}
      <div className="message-side">
        {compact ? (
          <time className="message-side-time" aria-hidden="true">
            {time}
          </time>
        ) : (
          <Avatar user={user} name={sender} />
        )}
      </div>
      <div className="message-main">
        {!compact && (
          <header className="message-head">
            <span className="sender">{sender}</span>
            {user?.guest && <span className="badge">Guest</span>}
            {(user?.bot || !message.user) && <span className="badge">App</span>}
            <time className="message-time" dateTime={ofTs(message.ts).toISOString()}>
              {time}
            </time>
          </header>
        )}
        <ActingContext value={acting}>
          <Boundary fallback={<p className="broken-text">{message.text || "[message]"}</p>}>
            <Content message={message} />
          </Boundary>
        </ActingContext>
        {message.reactions && message.reactions.length > 0 && <Reactions of={message.reactions} />}
        {onThread && message.replies && message.replies.length > 0 && (
          <ReplyBar message={message} newCount={newCount} onOpen={() => onThread(message.ts)} />
        )}
      </div>
      {!message.isPrivate && (onThread || shortcuts.length > 0) && (
        <div className="message-tools">
          {onThread && (
            <button type="button" className="icon-button" title="Reply in thread" aria-label="Reply in thread" onClick={() => onThread(message.ts)}>
              <Icon name="message" />
            </button>
          )}
          {shortcuts.length > 0 && (
            <Menu
              label="More actions"
              className="icon-button"
              items={shortcuts.map((each) => ({
                label: each.name,
                description: each.description ?? "",
                choose: () => onShortcut?.(each, message.ts),
              }))}
            >
              <Icon name="more" />
            </Menu>
          )}
        </div>
      )}
    </article>
  );
});

function Content({ message }: { message: Shown }) {
  const hasBlocks = Array.isArray(message.blocks) && message.blocks.length > 0;
  const edited = message.edited ? <span className="edited">(edited)</span> : null;
  return (
    <div className={message.subtype?.endsWith("_join") ? "content is-quiet" : "content"}>
      {hasBlocks ? <Blocks blocks={message.blocks ?? []} /> : message.text && <Mrkdwn text={message.text} />}
      {edited}
      {message.files && message.files.length > 0 && <Files files={message.files} />}
    </div>
  );
}

function Reactions({ of }: { of: NonNullable<Message["reactions"]> }) {
  return (
    <ul className="reactions" aria-label="Reactions">
      {of.map((each) => (
        <li key={each.name}>
          <span className="reaction">
            <Library blocks={[reaction(each.name)]} /> {each.count}
          </span>
        </li>
      ))}
    </ul>
  );
}

const reaction = (name: string): unknown => ({
  type: "rich_text",
  elements: [{ type: "rich_text_section", elements: [{ type: "emoji", name }] }],
});

function ReplyBar({ message, newCount, onOpen }: { message: Shown; newCount: number; onOpen: () => void }) {
  const { users } = use(NamesContext);
  const replies = message.replies ?? [];
  const now = useNow(true);
  const last = replies[replies.length - 1];
  const who = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  return (
    <button type="button" className="reply-bar" onClick={onOpen}>
      <span className="reply-faces" aria-hidden="true">
        {who.map((id) => (
          <Avatar key={id} user={users.get(id)} name={shownName(users.get(id), id)} small />
        ))}
      </span>
      <span className="reply-count">{count(replies.length, "reply", "replies")}</span>
      {newCount > 0 && <span className="reply-new">{newCount} new</span>}
      {last && <span className="reply-last">Last reply {ago(ofTs(last.ts), now)}</span>}
    </button>
  );
}
