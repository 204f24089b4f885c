import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:net";
import { once } from "node:events";

import type { TestCertificate } from "@gatehouse/shared/testing";

import type { HomeProcess } from "./home.ts";
import type { RelayTarget } from "./relay-target.ts";

/** Where devices connect to. */
export type DeviceTarget =
  | { readonly kind: "tcp"; readonly port: number }
  /** Whoever listens there shows a certificate of `authority`, PEM. */
  | { readonly kind: "tls"; readonly port: number; readonly authority: string }
  | ({ readonly kind: "relay" } & RelayTarget);

/** What lies between devices and homes. */
export interface Passage extends AsyncDisposable {
  /** The processes that do the work. */
  readonly pids: readonly number[];
  readonly target: DeviceTarget;
  /** Throws when it has ended. */
  check(): void;
}

export interface PassageNeeds {
  /** The process of the homes' side. */
  readonly home: HomeProcess;
  /** The name `localhost`. */
  readonly tls: TestCertificate;
  /** An empty folder that goes with the benchmark. */
  readonly folder: string;
}

/** A program that carries bytes between the two sides. */
export interface Candidate {
  readonly name: string;
  version(): Promise<string>;
  /** Why it cannot run on this machine. */
  missing(): string | undefined;
  open(needs: PassageNeeds): Promise<Passage>;
}

/** Resolves when somebody listens at the port of loopback; `check` throws where nobody will any more. */
export const listening = async (port: number, check: () => void): Promise<void> => {
  for (;;) {
    check();
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await delay(20);
    } finally {
      socket.destroy();
    }
  }
};
