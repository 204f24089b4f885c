import type { MediaHost } from "../media-host/host.ts";

/** What came to a viewer. */
export interface Received {
  /** Whole pictures. */
  readonly pictures: number;
  /** Pictures that never came, or came damaged. */
  readonly missing: number;
}

/** A viewer that looks at what it gets. */
export interface Watcher extends AsyncDisposable {
  received(): Promise<Received>;
}

/** A way out of the gateway. */
export interface Output {
  readonly name: string;
  /** A viewer that takes everything and throws it away, as cheaply as it can. */
  join(host: MediaHost, camera: number): Promise<AsyncDisposable>;
  /** A viewer that checks every picture. */
  watch(host: MediaHost, camera: number): Promise<Watcher>;
}
