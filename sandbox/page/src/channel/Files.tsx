import { Icon } from "../lib/Icon";
import { useEffect, useState } from "react";
import { get, told } from "../lib/api";
import { Dialog } from "../lib/dialogs";
import { count, size } from "../lib/text";
import type { FileInfo } from "../types";

const addressOf = (file: FileInfo): string => `/control/files/${encodeURIComponent(file.id)}`;

export function Files({ files }: { files: FileInfo[] }) {
  return (
    <div className="files">
      {files.map((file) => (
        <OneFile key={file.id} file={file} />
      ))}
    </div>
  );
}

function OneFile({ file }: { file: FileInfo }) {
  const [open, setOpen] = useState(false);
  const title = file.title || file.name;
  const isImage = file.mimetype?.startsWith("image/") && file.mimetype !== "image/svg+xml";
  const facts = [file.lines ? count(file.lines, "line") : "", size(file.size)].filter(Boolean).join(" · ");
  return (
    <section className="file" aria-label={`File ${title}`}>
      <header className="file-head">
        <Icon name={isImage ? "image" : "file"} size={22} />
        <span className="file-title">
          <strong>{title}</strong>
          <span className="file-facts">{facts}</span>
        </span>
        <a className="button" href={`${addressOf(file)}?download=1`} download={file.name}>
          Download
        </a>
      </header>
      {isImage && <img className="image" src={addressOf(file)} alt={file.alt_txt || title} />}
      {!isImage && file.preview && (
        <pre className="file-preview" tabIndex={0} aria-label={`Beginning of ${title}`}>
          {file.preview}
        </pre>
      )}
      {!isImage && (
        <button type="button" className="link file-more" onClick={() => setOpen(true)}>
          Show all
          {file.lines_more ? <span className="file-facts"> ({count(file.lines_more, "more line")})</span> : null}
        </button>
      )}
      {open && (
        <Dialog title={title} className="dialog-file" onClose={() => setOpen(false)}>
          <Whole file={file} />
          <div className="dialog-foot">
            <a className="button" href={`${addressOf(file)}?download=1`} download={file.name}>
              Download
            </a>
            <button type="button" className="button button-primary" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function Whole({ file }: { file: FileInfo }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const stopped = new AbortController();
    fetch(addressOf(file), { signal: stopped.signal })
      .then(async (answer) => (answer.ok ? setText(await answer.text()) : void (await get(addressOf(file)))))
      .catch((problem: unknown) => !stopped.signal.aborted && setError(told(problem)));
    return () => stopped.abort();
  }, [file]);
  if (error) return <p className="field-error">{error}</p>;
  return (
    <pre className="file-whole" tabIndex={0} aria-busy={text === null} aria-label={`All of ${file.name}`}>
      {text ?? "Loading…"}
    </pre>
  );
}
