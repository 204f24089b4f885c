import { GatehouseError, type ConnectionState, type ServerMessage } from "@gatehouse/shared";

import type { GatewayConnection, Picture } from "../gateway-port.ts";

type Listener = Parameters<GatewayConnection["watch"]>[0];

/** One request of the plugin, which the test answers when it likes. */
export interface AskedCall {
  readonly route: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  answer(value: unknown): void;
  fail(error: GatehouseError): void;
}

/** A gateway of which the test decides each answer. */
export class FakeGatewayConnection {
  readonly calls: AskedCall[] = [];
  readonly listeners = new Set<Listener>();
  closed = false;

  /** As the plugin takes it. */
  get connection(): GatewayConnection {
    return {
      call: (route: string, request: unknown, { signal }: { signal: AbortSignal }) => this.#ask(route, request, signal),
      snapshot: (camera: unknown, size: unknown, { signal }: { signal: AbortSignal }) =>
        this.#ask("snapshot", { camera, size }, signal) as Promise<Picture>,
      watch: (listener: Listener) => {
        this.listeners.add(listener);
        return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
      },
      [Symbol.asyncDispose]: async () => void (this.closed = true),
    } as unknown as GatewayConnection;
  }

  say(message: unknown): void {
    for (const listener of this.listeners) listener.message(message as ServerMessage);
  }

  fare(state: ConnectionState): void {
    for (const listener of this.listeners) listener.state(state);
  }

  /** The requests for one route. */
  of(route: string): AskedCall[] {
    return this.calls.filter((call) => call.route === route);
  }

  #ask(route: string, request: unknown, signal: AbortSignal): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.calls.push({ route, request: request as Record<string, unknown>, signal, answer: resolve, fail: reject });
    return promise;
  }
}
