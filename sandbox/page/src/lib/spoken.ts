import { readMrkdwn, unpackDate, type Leaf } from "./mrkdwn";
import { fillDate } from "./time";

// mrkdwn as words, for announcements and names.
export function spoken(text: string, nameOf: (id: string) => string): string {
  return readMrkdwn(text, { verbatim: true })
    .map((element) => element.elements.map((leaf) => said(leaf, nameOf)).join(""))
    .join(" ")
    .replace(/[\u2060\s]+/g, (gap) => (gap.includes("\u2060") && gap.length === 1 ? "" : " "))
    .trim();
}

function said(leaf: Leaf, nameOf: (id: string) => string): string {
  switch (leaf.type) {
    case "text":
      return leaf.text;
    case "link":
      return leaf.text ?? leaf.url;
    case "user":
      return nameOf(leaf.user_id);
    case "channel":
      return `#${leaf.channel_id.split("|")[1] ?? nameOf(leaf.channel_id)}`;
    case "usergroup":
      return leaf.usergroup_id.split("|")[1] ?? nameOf(leaf.usergroup_id);
    case "broadcast":
      return `@${leaf.range}`;
    case "emoji":
      return leaf.name.replaceAll("_", " ");
    case "date":
      return fillDate(unpackDate(leaf.format)[0], new Date(leaf.timestamp * 1000), new Date());
  }
}
