import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export interface MenuItem {
  label: string;
  description?: string;
  href?: string;
  choose: () => void;
}

interface MenuProps {
  label: string;
  className: string;
  items: MenuItem[];
  children: ReactNode;
}

// A button that opens a menu: arrow keys, Home, End, Escape, and what a click elsewhere does.
export function Menu({ label, className, items, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const entries = (): HTMLElement[] => [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];

  useEffect(() => {
    if (!open) return;
    entries()[0]?.focus();
    list.current?.scrollIntoView({ block: "nearest" });
    const outside = (event: PointerEvent): void => {
      const at = event.target as Node;
      if (!list.current?.contains(at) && !trigger.current?.contains(at)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  function close(): void {
    setOpen(false);
    trigger.current?.focus();
  }

  function move(event: KeyboardEvent): void {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (next !== undefined) all[next]?.focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") {
      setOpen(false);
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <span className="menu-anchor">
      <button
        type="button"
        ref={trigger}
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <div className="menu" role="menu" aria-label={label} ref={list} onKeyDown={move}>
          {items.map((item, at) => {
            const choose = (): void => {
              close();
              item.choose();
            };
            const inside = (
              <>
                {item.label}
                {item.description && <span className="menu-description">{item.description}</span>}
              </>
            );
            return item.href ? (
              <a
                key={at}
                role="menuitem"
                tabIndex={-1}
                href={item.href}
                target="_blank"
                rel="noopener noreferrer"
                onClick={choose}
              >
                {inside}
              </a>
            ) : (
              <button key={at} type="button" role="menuitem" tabIndex={-1} onClick={choose}>
                {inside}
              </button>
            );
          })}
        </div>
      )}
    </span>
  );
}
