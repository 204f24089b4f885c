import { GatehouseError, onAbort, type Cancellable, type SessionId } from "@gatehouse/shared";

import { matchesFilter, type SessionFilter, type SessionOwner } from "../domain/session-filter.ts";

/** A viewer's session that others may end. */
export interface OpenSession extends SessionOwner {
  readonly id: SessionId;
  /** Sends nothing more. `why` completes a log line. */
  end(why: string): void;
}

interface Pending extends SessionOwner {
  readonly aborting: AbortController;
}

/** The sessions of one kind: those that are open, and those that are being opened and can be called off. */
export class OpenSessions<S extends OpenSession> {
  readonly #sessions = new Map<SessionId, S>();
  readonly #pending = new Set<Pending>();

  get list(): readonly S[] {
    return [...this.#sessions.values()];
  }

  /** Everybody who takes a place, those included that are still being opened. */
  get owners(): readonly SessionOwner[] {
    return [...this.#pending, ...this.#sessions.values()];
  }

  get(id: SessionId): S | undefined {
    return this.#sessions.get(id);
  }

  /** Whose a session is, for deciding who may touch it. */
  find(id: SessionId): SessionOwner | undefined {
    const session = this.#sessions.get(id);
    return session === undefined ? undefined : { principal: session.principal, camera: session.camera };
  }

  /**
   * Opens one, which is listed until it calls `onEnded`.
   * @throws whatever `run` throws, or the signal's reason; then nothing is open
   */
  async open(
    { principal, camera }: SessionOwner,
    run: (cancel: Cancellable, onEnded: (session: S) => void) => Promise<S>,
    { signal }: Cancellable,
  ): Promise<S> {
    const pending: Pending = { principal, camera, aborting: new AbortController() };
    using _outer = onAbort(signal, (reason) => pending.aborting.abort(reason));
    this.#pending.add(pending);
    try {
      const cancel: Cancellable = { signal: pending.aborting.signal };
      const ended = new Set<S>();
      const session = await run(cancel, (over) => {
        ended.add(over);
        this.#sessions.delete(over.id);
      });
      if (cancel.signal.aborted) session.end("it was no longer wanted");
      cancel.signal.throwIfAborted();
      if (!ended.has(session)) this.#sessions.set(session.id, session);
      return session;
    } finally {
      this.#pending.delete(pending);
    }
  }

  /** Ends those of a revoked principal or a removed camera, also those still being opened. Not a packet follows. */
  endAll(of: SessionFilter, why: string): void {
    for (const pending of this.#pending) {
      if (matchesFilter(of, pending))
        pending.aborting.abort(new GatehouseError("stream-ended", `The session was ended: ${why}.`));
    }
    for (const session of this.list) if (matchesFilter(of, session)) session.end(why);
  }
}
