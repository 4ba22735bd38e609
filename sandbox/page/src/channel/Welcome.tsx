interface Props {
  name: string;
  hasBot: boolean;
  onFill: (text: string) => void;
}

export function Welcome({ name, hasBot, onFill }: Props) {
  if (!hasBot) {
    return (
      <div className="welcome">
        <h2>Nothing here yet</h2>
        <p>
          Bolt isn't in {name}. It joins a public channel when a run is started there. In any other channel, type{" "}
          <code>/invite @bolt</code>.
        </p>
        <button type="button" className="button" onClick={() => onFill("/invite @bolt")}>
          Put <code>/invite @bolt</code> in the message box
        </button>
      </div>
    );
  }
  return (
    <div className="welcome">
      <h2>Start a run from here</h2>
      <p>
        Type <code>/bolt run nightly</code> and watch the card that appears. Then try <code>/bolt run hourly</code>, which
        fails: its thread says why.
      </p>
      <button type="button" className="button button-primary" onClick={() => onFill("/bolt run nightly")}>
        Put <code>/bolt run nightly</code> in the message box
      </button>
    </div>
  );
}
