import type { Acting, Form } from "../blocks/acting";
import { post } from "../lib/api";
import type { Json, Outcome } from "../types";

export type Values = Record<string, Record<string, unknown>>;

// Actions of the elements in a view. `values` returns the current values of its inputs.
export function viewActing(viewId: string, values: () => Values, form?: Form): Acting {
  return {
    act: async (element, _blockId, value) => {
      await post<Outcome>("/control/view", {
        view_id: viewId,
        do: "click",
        action_id: element.action_id,
        values: values(),
        ...(value === undefined ? {} : { value }),
      });
    },
    suggest: async (element, typed): Promise<Json | null> => {
      const outcome = await post<Outcome>("/control/view", {
        view_id: viewId,
        do: "suggest",
        action_id: element.action_id,
        value: typed,
      });
      return outcome.payload;
    },
    ...(form ? { form } : {}),
  };
}
