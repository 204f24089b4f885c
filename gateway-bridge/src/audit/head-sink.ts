import type { Cancellable } from "@gatehouse/shared";

/** A place off the gateway's data folder that keeps signed heads. */
export interface HeadSink {
  /** The note that was pushed last; undefined where none was. */
  newest(cancel: Cancellable): Promise<string | undefined>;
  /** Durable when it resolves. */
  push(note: string, cancel: Cancellable): Promise<void>;
}
