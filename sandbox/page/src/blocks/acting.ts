import { createContext } from "react";
import type { Element, Json } from "../types";

// What elements do where they stand: in a message, in a modal or on the Home tab.
export interface Acting {
  act: (element: Element, blockId: string, value?: unknown) => Promise<void>;
  suggest?: (element: Element, typed: string) => Promise<Json | null>;
  form?: Form;
}

export interface Form {
  valueOf: (blockId: string, element: Element) => unknown;
  set: (blockId: string, element: Element, value: unknown) => void;
  errors: Record<string, string>;
}

export const ActingContext = createContext<Acting>({ act: () => Promise.resolve() });
