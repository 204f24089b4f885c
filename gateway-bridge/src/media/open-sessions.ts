import { GatehouseError, onAbort, type Action, type Cancellable, type SessionId } from "@gatehouse/shared";

import { matchesFilter, ownerOf, type SessionFilter, type SessionOwner } from "../domain/session-filter.ts";
import type { Hold } from "../ports.ts";

/** A viewer's session that others may end. */
export interface OpenSession {
  readonly id: SessionId;
  /** Sends nothing more. `why` completes a log line. */
  end(why: string): void;
}

interface Pending {
  readonly owner: SessionOwner;
  readonly aborting: AbortController;
}

interface Opened<S> {
  readonly owner: SessionOwner;
  readonly session: S;
}

/** The sessions of one kind: those that are open, and those that are being opened and can be called off. */
export class OpenSessions<S extends OpenSession> {
  readonly #sessions = new Map<SessionId, Opened<S>>();
  readonly #pending = new Set<Pending>();

  get list(): readonly S[] {
    return [...this.#sessions.values()].map(({ session }) => session);
  }

  /** Everybody who takes a place, those included that are still being opened. */
  get owners(): readonly SessionOwner[] {
    return [...this.#pending, ...this.#sessions.values()].map(({ owner }) => owner);
  }

  /** The same, by the right to which they were opened. */
  holds(action: Action): readonly Hold[] {
    return this.owners.map((owner) => ({ ...owner, action }));
  }

  get(id: SessionId): S | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** Whose a session is, for deciding who may touch it. */
  find(id: SessionId): SessionOwner | undefined {
    return this.#sessions.get(id)?.owner;
  }

  /**
   * Opens one, which is listed until it calls `onEnded`.
   * @throws whatever `run` throws, or the signal's reason; then nothing is open
   */
  async open(
    of: SessionOwner,
    run: (cancel: Cancellable, onEnded: (session: S) => void) => Promise<S>,
    { signal }: Cancellable,
  ): Promise<S> {
    const owner = ownerOf(of);
    const pending: Pending = { owner, aborting: new AbortController() };
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
      if (!ended.has(session)) this.#sessions.set(session.id, { owner, session });
      return session;
    } finally {
      this.#pending.delete(pending);
    }
  }

  /** Ends those of a revoked principal or a removed camera, also those still being opened. Not a packet follows. */
  endAll(of: SessionFilter, why: string): void {
    for (const { owner, aborting } of this.#pending) {
      if (matchesFilter(of, owner))
        aborting.abort(new GatehouseError("stream-ended", `The session was ended: ${why}.`));
    }
    for (const { owner, session } of [...this.#sessions.values()]) if (matchesFilter(of, owner)) session.end(why);
  }
}
