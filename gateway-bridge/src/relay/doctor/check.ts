import type { Cancellable, Clock } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import type { RelayConfig } from "../relay-config.ts";
import type { RunningRelay } from "../running-file.ts";

/** Something at a relay that is not as it should be. */
export interface Finding {
  /** By which it is looked up: never renamed. */
  readonly code: string;
  readonly what: string;
  /** What may come of it. */
  readonly why: string;
  /** What to do, mostly a command. */
  readonly remedy: string;
}

/** A fault of a package that this relay runs, as it was made public. */
export interface PublishedFault {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly severity: string;
  readonly url: string;
}

/** The relay that is looked at, and the box that it is on. */
export interface Patient {
  readonly data: string;
  /** A key of an operator's that lies elsewhere. */
  readonly keyFile: string | undefined;
  /** Undefined where `relay.json` cannot be used. */
  readonly config: RelayConfig | undefined;
  /** Undefined while no relay runs on these data. */
  readonly running: RunningRelay | undefined;
  /** What the release's own list says; undefined where it came from no release. */
  readonly faults: () => Promise<
    { readonly asOf: string | null; readonly found: readonly PublishedFault[] } | undefined
  >;
  readonly interfaces: typeof networkInterfaces;
  readonly clock: Clock;
  /** Where the system tells of its processes and of its clock: `/proc` and `/run`. */
  readonly proc: string;
  readonly run: string;
}

/** What came of a check: what it found, or why it could not look. */
export type CheckOutcome = readonly Finding[] | { readonly skipped: string };

export interface Check {
  readonly name: string;
  /** What it looks at, in a few words. */
  readonly about: string;
  readonly look: (patient: Patient, cancel: Cancellable) => Promise<CheckOutcome>;
}

export const notRunning = { skipped: "no relay runs on this data folder" } as const;
export const noConfiguration = { skipped: "its configuration cannot be used" } as const;
