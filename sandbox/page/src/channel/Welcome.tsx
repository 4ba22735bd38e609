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
          Bolt is not in {name}. In a public channel it joins when a run is started there; elsewhere type{" "}
          <code>/invite @bolt</code>.
        </p>
        <button type="button" className="button" onClick={() => onFill("/invite @bolt")}>
          Put <code>/invite @bolt</code> into the message
        </button>
      </div>
    );
  }
  return (
    <div className="welcome">
      <h2>Start a run from here</h2>
      <p>
        Type <code>/bolt run nightly</code> and watch the card that appears. Then try <code>/bolt run hourly</code>, which
        fails: its thread tells why.
      </p>
      <button type="button" className="button button-primary" onClick={() => onFill("/bolt run nightly")}>
        Put <code>/bolt run nightly</code> into the message
      </button>
    </div>
  );
}
