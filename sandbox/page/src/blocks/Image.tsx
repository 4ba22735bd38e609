import { Icon } from "../lib/Icon";
import { useState } from "react";
import { plainOf, safeUrl } from "../lib/text";
import type { Block, Element, TextObject } from "../types";
import { Text } from "./Text";

// Only what the sandbox itself serves is loaded; of an image elsewhere its description and its address are shown.
function source(of: Record<string, unknown>): string | null {
  const file = of["slack_file"] as { id?: unknown } | undefined;
  if (typeof file?.id === "string") return `/control/files/${encodeURIComponent(file.id)}`;
  try {
    const url = new URL(String(of["image_url"]));
    return url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}

export function Picture({ of, className }: { of: Record<string, unknown>; className: string }) {
  const [broken, setBroken] = useState(false);
  const from = source(of);
  const alt = plainOf(of["alt_text"]) || "Image";
  if (from && !broken) return <img className={className} src={from} alt={alt} onError={() => setBroken(true)} />;
  const elsewhere = safeUrl(of["image_url"]);
  return (
    <span className="image-missing">
      <Icon name="image" /> 
      {elsewhere ? (
        <a href={elsewhere} target="_blank" rel="noopener noreferrer">
          {alt}
        </a>
      ) : (
        alt
      )}
    </span>
  );
}

export function ImageElement({ element, className }: { element: Element; className: string }) {
  return <Picture of={element} className={className} />;
}

export function ImageBlock({ block }: { block: Block }) {
  const title = block["title"] as TextObject | undefined;
  return (
    <figure className="block block-image">
      {title && (
        <figcaption>
          <Text of={title} />
        </figcaption>
      )}
      <Picture of={block} className="image" />
    </figure>
  );
}
