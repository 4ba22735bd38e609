// The control API's answers. Fields that an older or a different sandbox may leave out are optional.

export type Json = Record<string, unknown>;

export interface User {
  id: string;
  name: string;
  real_name?: string;
  guest?: boolean;
  bot?: boolean;
}

export interface UserGroup {
  id: string;
  handle: string;
}

export interface ChannelInfo {
  id: string;
  name: string;
  kind: "public" | "private" | "mpim" | "im";
  members: string[];
  is_archived: boolean;
}

export interface Command {
  command: string;
  description?: string;
  usage_hint?: string;
  should_escape?: boolean;
}

export interface Shortcut {
  name: string;
  type: "global" | "message";
  callback_id: string;
  description?: string;
}

export interface SlackFault {
  kind: string;
  method?: string;
  count?: number | null;
  retry_after_s?: number;
}

export interface State {
  team: string;
  team_name?: string;
  bot: string;
  users: User[];
  channels: ChannelInfo[];
  usergroups?: UserGroup[];
  commands?: Command[];
  shortcuts?: Shortcut[];
  home_tab_enabled?: boolean;
  messages_tab_read_only?: boolean;
  sockets: number;
  away?: boolean;
  faults?: SlackFault[];
  calls: number;
}

export interface FileInfo {
  id: string;
  name: string;
  title?: string;
  size: number;
  mimetype?: string;
  mode?: string;
  preview?: string;
  lines?: number;
  lines_more?: number;
  alt_txt?: string;
}

export interface Message {
  ts: string;
  user: string;
  user_name?: string;
  text: string;
  blocks?: Block[];
  files?: FileInfo[];
  edited?: { ts: string };
  reactions?: { name: string; count: number; users: string[] }[];
  subtype?: string;
  thread_ts?: string;
  replies?: Message[];
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: string;
}

export interface Private {
  ts: string;
  kind: "ephemeral" | "notice";
  text: string;
  blocks?: Block[];
  channel?: string;
  thread_ts?: string | null;
  deleted?: boolean;
}

export interface ChannelData {
  channel: { id: string; name?: string; is_archived?: boolean };
  members: string[];
  messages: Message[];
  private?: Private[];
}

export interface TextObject {
  type: "plain_text" | "mrkdwn";
  text: string;
  emoji?: boolean;
  verbatim?: boolean;
}

export interface Option {
  text: TextObject;
  value: string;
  description?: TextObject;
  url?: string;
}

export interface OptionGroup {
  label: TextObject;
  options: Option[];
}

export interface ConfirmObject {
  title: TextObject;
  text: TextObject;
  confirm: TextObject;
  deny: TextObject;
  style?: "primary" | "danger";
}

// Blocks and elements come from the app and may be anything, so each field is checked where it's read.
export interface Block {
  type: string;
  block_id?: string;
  [name: string]: unknown;
}

export interface Element {
  type: string;
  action_id?: string;
  text?: TextObject;
  value?: string;
  url?: string;
  style?: string;
  confirm?: ConfirmObject;
  placeholder?: TextObject;
  options?: Option[];
  option_groups?: OptionGroup[];
  [name: string]: unknown;
}

export interface View {
  id: string;
  type: "modal" | "home";
  blocks: Block[];
  title?: TextObject;
  submit?: TextObject | null;
  close?: TextObject | null;
  hash: string;
  callback_id?: string;
  private_metadata?: string;
  // The conversation that was open when the view opened.
  current_conversation?: string;
}

export interface UserData {
  user: { id: string; name: string };
  views: View[];
}

export interface Outcome {
  acknowledged: boolean;
  problem: string;
  payload: Json | null;
}

export interface Call {
  at: number;
  what: string;
  direction: "from_app" | "to_app" | "bolt";
  outcome: string;
  details: Json;
}

export interface Run {
  id: number;
  state: string;
  slug: string;
  endDttm: string | null;
  startDttm?: string;
  actor?: string;
}

export interface Schedule {
  name: string;
  slug: string;
  active?: boolean;
  suspended?: boolean;
}

export interface BoltFault {
  kind: string;
  count: number | null;
  latency_s?: number;
  operation?: string | null;
}

export interface Timetable {
  slug: string;
  next_at: string;
  skip: number;
}

export interface BoltState {
  schedules: Schedule[];
  runs: Run[];
  faults: BoltFault[];
  scheduler?: { mode: string; timetables: Record<string, Timetable> };
  warehouse?: { away: boolean; cause: string | null };
}

export interface BotState {
  run_by_sandbox: boolean;
  state: "running" | "starting" | "stopping" | "stopped";
  pid?: number | null;
  starts?: number;
}
