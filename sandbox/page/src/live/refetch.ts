const BURST_MS = 50;

// Fetches again when asked. A burst of requests becomes one fetch, and two fetches never overlap, so the page shows the
// latest state.
export class Refetch {
  private timer = 0;
  private running = false;
  private again = false;
  private stopped = false;

  constructor(private readonly load: () => Promise<void>) {}

  ask(): void {
    if (this.running) {
      this.again = true;
      return;
    }
    if (!this.timer && !this.stopped) this.timer = window.setTimeout(() => void this.run(), BURST_MS);
  }

  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.timer = 0;
    this.running = true;
    this.again = false;
    try {
      await this.load();
    } catch {
      // A refusal needs no retry. If there was no answer, everything is fetched again once the server is back.
    }
    this.running = false;
    if (this.again) this.ask();
  }
}
