import { createContext, use, useCallback, useEffect, useId, useMemo, useRef, useState, type ReactNode } from "react";
import { Text } from "../blocks/Text";
import type { ConfirmObject } from "../types";

// Native dialogs: the browser keeps the focus inside, and gives it back at the end.

interface DialogProps {
  title: ReactNode;
  className: string;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, className, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onClose={(event) => {
        // A browser may close it whatever we say to the cancelling.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <h2 className="dialog-title" id={id}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}

type Ask = (confirm: ConfirmObject) => Promise<boolean>;
const AskContext = createContext<Ask>(() => Promise.resolve(true));

export const useConfirm = (): Ask => use(AskContext);

interface Asked {
  confirm: ConfirmObject;
  answer: (yes: boolean) => void;
}

export function ConfirmHost({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const ask = useCallback<Ask>(
    (confirm) => new Promise((resolve) => setAsked({ confirm, answer: resolve })),
    [],
  );
  const close = (yes: boolean): void => {
    asked?.answer(yes);
    setAsked(null);
  };
  const value = useMemo(() => ask, [ask]);
  return (
    <AskContext value={value}>
      {children}
      {asked && <Confirm asked={asked.confirm} onAnswer={close} />}
    </AskContext>
  );
}

function Confirm({ asked, onAnswer }: { asked: ConfirmObject; onAnswer: (yes: boolean) => void }) {
  const deny = useRef<HTMLButtonElement>(null);
  useEffect(() => deny.current?.focus(), []);
  return (
    <Dialog title={asked.title?.text ?? "Are you sure?"} className="dialog-confirm" onClose={() => onAnswer(false)}>
      <div className="dialog-body">
        <Text of={asked.text} />
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" ref={deny} onClick={() => onAnswer(false)}>
          {asked.deny?.text ?? "Cancel"}
        </button>
        <button
          type="button"
          className={asked.style === "danger" ? "button button-danger-full" : "button button-primary"}
          onClick={() => onAnswer(true)}
        >
          {asked.confirm?.text ?? "Yes"}
        </button>
      </div>
    </Dialog>
  );
}
