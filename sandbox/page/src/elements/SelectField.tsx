import { use, useEffect, useRef, useState } from "react";
import { ActingContext } from "../blocks/acting";
import { NamesContext, type Names } from "../blocks/Mention";
import { plainOf, shownName } from "../lib/text";
import type { Element, Json, Option, OptionGroup } from "../types";
import { Combobox, type Choice, type ChoiceGroup } from "./Combobox";
import { described, type FieldProps } from "./Field";

const DEBOUNCE_MS = 150;
const LEAST_TYPED = 3;

const choiceOf = (option: Option): Choice => ({
  value: option.value,
  label: plainOf(option.text),
  description: plainOf(option.description),
  raw: option,
});

function groupsOf(from: { options?: Option[]; option_groups?: OptionGroup[] }): ChoiceGroup[] {
  if (Array.isArray(from.option_groups)) {
    return from.option_groups.map((group) => ({ label: plainOf(group.label), choices: group.options.map(choiceOf) }));
  }
  return [{ label: "", choices: (from.options ?? []).map(choiceOf) }];
}

function people({ users }: Names): Choice[] {
  return [...users.values()].map((user) => ({
    value: user.id,
    label: shownName(user),
    description: `@${user.name}`,
    raw: user.id,
  }));
}

function channels({ channels: all, users, me }: Names, publicOnly: boolean): Choice[] {
  const mine = users.get(me)?.name ?? "";
  return [...all.values()]
    .filter((channel) => channel.kind === "public" || (!publicOnly && channel.members.includes(mine)))
    .map((channel) => ({
      value: channel.id,
      label: channel.kind === "im" ? "Bolt" : `#${channel.name}`,
      description: channel.kind === "private" ? "private" : "",
      raw: channel.id,
    }));
}

function groupsFor(element: Element, names: Names): ChoiceGroup[] {
  const kind = element.type.replace("multi_", "");
  if (kind === "users_select") return [{ label: "", choices: people(names) }];
  if (kind === "channels_select") return [{ label: "", choices: channels(names, true) }];
  if (kind === "conversations_select") return [{ label: "", choices: channels(names, false) }];
  return groupsOf(element);
}

export function SelectField(props: FieldProps) {
  const { element, value, onChange } = props;
  const names = use(NamesContext);
  const external = element.type.endsWith("external_select");
  const loaded = useSuggestions(element, external);
  const groups = external ? loaded.groups : groupsFor(element, names);
  const many = element.type.startsWith("multi_");
  const values = many ? (Array.isArray(value) ? value : []) : value === null || value === undefined ? [] : [value];
  const known = groups.flatMap((group) => group.choices);
  const chosen = values.map((each): Choice => {
    if (typeof each === "object") return choiceOf(each as Option);
    return known.find((choice) => choice.value === each) ?? { value: String(each), label: String(each), raw: each };
  });
  const sent = (choice: Choice): unknown => (external ? choice.raw : choice.value);
  return (
    <Combobox
      {...described(props)}
      groups={groups}
      chosen={chosen}
      many={many}
      most={Number(element["max_selected_items"] ?? 100)}
      placeholder={plainOf(element.placeholder) || "Choose an option"}
      filtered={external}
      note={loaded.note}
      onType={loaded.type}
      onChoose={(choices) => onChange(many ? choices.map(sent) : choices[0] ? sent(choices[0]) : null)}
    />
  );
}

// What the app offers for what is typed. The answer to what has been typed over since is dropped.
function useSuggestions(element: Element, on: boolean) {
  const { suggest } = use(ActingContext);
  const [groups, setGroups] = useState<ChoiceGroup[]>([]);
  const [note, setNote] = useState("");
  const latest = useRef(0);
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const least = typeof element["min_query_length"] === "number" ? element["min_query_length"] : LEAST_TYPED;

  function type(typed: string): void {
    window.clearTimeout(timer.current);
    latest.current += 1;
    const mine = latest.current;
    setGroups([]);
    if (!suggest) return setNote("You can search this only in a dialog.");
    if (typed.length < least) return setNote(`Type at least ${least} characters.`);
    setNote("Searching…");
    timer.current = window.setTimeout(() => {
      suggest(element, typed).then(
        (payload) => mine === latest.current && show(payload),
        () => mine === latest.current && setNote("The options couldn't be loaded."),
      );
    }, DEBOUNCE_MS);
  }

  function show(payload: Json | null): void {
    const found = payload ? groupsOf(payload as { options?: Option[]; option_groups?: OptionGroup[] }) : [];
    setGroups(found);
    setNote(payload ? "" : "The options couldn't be loaded.");
  }

  return { groups, note, type: on ? type : undefined };
}
