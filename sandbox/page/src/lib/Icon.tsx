import type { ReactNode } from "react";

// Drawn here: not every machine has a font with pictures.
const DRAWN: Record<string, ReactNode> = {
  hash: <path d="M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5" />,
  lock: <path d="M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9" />,
  message: <path d="M3 4.5h14v9H9.5L6 16.5v-3H3z" />,
  app: <path d="M11.5 2.5 5 11h4l-1 6.5L15 9h-4.2z" />,
  eye: <path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z" />,
  file: <path d="M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15M7.5 10h5M7.5 13h5" />,
  image: <path d="M3 4h14v12H3zM3 14l4.5-5 3.5 4 2-2 4 4M13 8.2h.01" />,
  close: <path d="m5 5 10 10M15 5 5 15" />,
  back: <path d="M11.5 4.5 6 10l5.5 5.5M6 10h10" />,
  more: <path strokeLinecap="round" strokeWidth="2.4" d="M5 10h.01M10 10h.01M15 10h.01" />,
  plus: <path d="M10 4v12M4 10h12" />,
  warning: <path d="M10 3 2.5 16.5h15zM10 8v4M10 14.4h.01" />,
};

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      width={size}
      height={size}
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinejoin="round"
    >
      {DRAWN[name]}
    </svg>
  );
}
