import { systemCode, toGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { Check, CheckOutcome, Finding, Patient } from "./check.ts";
import { clockCheck } from "./checks/clock.ts";
import { configurationCheck } from "./checks/configuration.ts";
import { fileModesCheck } from "./checks/file-modes.ts";
import { fileOwnersCheck } from "./checks/file-owners.ts";
import { limitsCheck } from "./checks/limits.ts";
import { listenersCheck } from "./checks/listeners.ts";
import { metricsCheck } from "./checks/metrics.ts";
import { publicAddressCheck } from "./checks/public-address.ts";
import { tlsKeyCheck } from "./checks/tls-key.ts";
import { tlsVersionCheck } from "./checks/tls-version.ts";
import { versionsCheck } from "./checks/versions.ts";

/** Every check, in the order in which they look. */
export const checks: readonly Check[] = [
  configurationCheck,
  fileModesCheck,
  fileOwnersCheck,
  limitsCheck,
  clockCheck,
  versionsCheck,
  tlsVersionCheck,
  tlsKeyCheck,
  publicAddressCheck,
  listenersCheck,
  metricsCheck,
];

export interface DoctorReport {
  readonly running: boolean;
  readonly findings: readonly (Finding & { readonly check: string })[];
  readonly checks: readonly {
    readonly name: string;
    readonly state: "clean" | "found" | "skipped";
    readonly why?: string;
  }[];
}

/** Looks at a relay from all sides, and changes nothing. A check that fails has found something. */
export const examine = async (
  patient: Patient,
  which: readonly Check[],
  cancel: Cancellable,
): Promise<DoctorReport> => {
  const done: { readonly check: Check; readonly outcome: CheckOutcome }[] = [];
  for (const check of which) done.push({ check, outcome: await lookWith(check, patient, cancel) });
  return {
    running: patient.running !== undefined,
    findings: done.flatMap(({ check, outcome }) =>
      "skipped" in outcome ? [] : outcome.map((finding) => ({ check: check.name, ...finding })),
    ),
    checks: done.map(({ check: { name }, outcome }) => {
      if ("skipped" in outcome) return { name, state: "skipped", why: outcome.skipped };
      return { name, state: outcome.length === 0 ? "clean" : "found" };
    }),
  };
};

const lookWith = async (check: Check, patient: Patient, cancel: Cancellable): Promise<CheckOutcome> => {
  try {
    return await check.look(patient, cancel);
  } catch (cause) {
    cancel.signal.throwIfAborted();
    const { message, remedy } = toGatehouseError(cause);
    const own = ["EACCES", "EPERM"].includes(systemCode(cause) ?? "");
    return [
      {
        code: "check-failed",
        what: `${check.about} could not be looked at: ${message}`,
        why: "What could not be looked at may be anything.",
        remedy: own ? "Run the doctor as root, or as the relay's own user." : remedy,
      },
    ];
  }
};
