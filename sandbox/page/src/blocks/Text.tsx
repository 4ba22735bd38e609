import { memo, useMemo } from "react";
import { Message, type Block as LibraryBlock, type MessageProps } from "slack-blocks-to-jsx";
import { readMrkdwn, readPlain, unpackDate, type RichElement } from "../lib/mrkdwn";
import { safeUrl } from "../lib/text";
import { useTheme } from "../lib/theme";
import { fillDate, useNow } from "../lib/time";
import type { TextObject } from "../types";
import { ChannelMention, UserGroupMention, UserMention } from "./Mention";

function DateToken({ seconds, packed }: { seconds: number; packed: string }) {
  const [format, link, fallback] = unpackDate(packed);
  const now = useNow(format.includes("{ago}"));
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return <>{fallback}</>;
  const shown = (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {fillDate(format, date, now) || fallback}
    </time>
  );
  return link ? <SafeLink href={link}>{shown}</SafeLink> : shown;
}

function SafeLink({ href, className, children }: { href: string; className?: string; children: React.ReactNode }) {
  const url = safeUrl(href);
  if (!url) return <>{children}</>;
  return (
    <a href={url} className={className} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

// The library keeps the hooks of its first rendering, so they are constant, and what they show looks things up itself.
const HOOKS: NonNullable<MessageProps["hooks"]> = {
  user: ({ id }) => <UserMention id={id} />,
  channel: ({ id }) => <ChannelMention id={id} />,
  usergroup: ({ id }) => <UserGroupMention id={id} />,
  atHere: () => <span className="mention mention-all">@here</span>,
  atChannel: () => <span className="mention mention-all">@channel</span>,
  atEveryone: () => <span className="mention mention-all">@everyone</span>,
  emoji: (data, parse) => {
    const found = parse(data);
    return found === data.name || found === `:${data.name}:` ? `:${data.name}:` : found;
  },
  date: ({ timestamp, format }) => <DateToken seconds={Number(timestamp)} packed={format} />,
  link: ({ href, className, children }) => (
    <SafeLink href={href} className={className}>
      {children}
    </SafeLink>
  ),
};

export const Library = memo(function Library({ blocks }: { blocks: unknown[] }) {
  const theme = useTheme();
  return (
    <Message
      withoutWrapper
      name=""
      logo=""
      theme={theme}
      blocks={blocks as LibraryBlock[]}
      hooks={HOOKS}
    />
  );
});

function Rich({ elements }: { elements: RichElement[] }) {
  const blocks = useMemo(() => [{ type: "rich_text", elements }], [elements]);
  return <Library blocks={blocks} />;
}

export const Mrkdwn = memo(function Mrkdwn({ text, verbatim }: { text: string; verbatim?: boolean }) {
  const elements = useMemo(() => readMrkdwn(text, { verbatim: verbatim ?? false }), [text, verbatim]);
  return <Rich elements={elements} />;
});

export const Plain = memo(function Plain({ text, emoji }: { text: string; emoji?: boolean }) {
  const elements = useMemo(() => readPlain(text, emoji !== false), [text, emoji]);
  return <Rich elements={elements} />;
});

export function Text({ of }: { of: TextObject | undefined | null }) {
  if (!of || typeof of.text !== "string") return null;
  if (of.type === "mrkdwn") return <Mrkdwn text={of.text} verbatim={of.verbatim === true} />;
  return <Plain text={of.text} emoji={of.emoji !== false} />;
}
