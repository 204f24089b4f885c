import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";

import { listOption, textOption, type CommandInput } from "../../cli/command.ts";
import type { Check, Patient } from "../../relay/doctor/check.ts";
import { checks, examine, type DoctorReport } from "../../relay/doctor/doctor.ts";
import { readRunning, type RunningRelay } from "../../relay/running-file.ts";
import { relayFiles } from "../../relay-store.ts";
import { knownFaults } from "../../update/known-faults.ts";
import { loadRelayConfig } from "../load-relay-config.ts";
import { invalid, type RelayCommand, type RelayContext } from "../relay-command.ts";

/** What the running relay told; undefined where none listens at its control socket any more. */
const findRunning = async (data: string, cancel: Cancellable): Promise<RunningRelay | undefined> => {
  const socket = connect(join(data, relayFiles.control));
  try {
    await once(socket, "connect", cancel);
    return await readRunning(join(data, relayFiles.running));
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
};

const configOf = (data: string) =>
  loadRelayConfig(data).catch((error: unknown) => {
    if (isGatehouseError(error)) return undefined;
    throw error;
  });

const patientOf = async (
  input: CommandInput,
  { data: given, release, keyFile, clock, signal }: RelayContext,
): Promise<Patient> => {
  const data = resolve(given);
  if (!existsSync(data)) throw new GatehouseError("relay-missing", `There is no folder ${data}.`);
  return {
    data,
    keyFile: textOption(input, "key") ?? keyFile,
    config: await configOf(data),
    running: await findRunning(data, { signal }),
    faults: async () => (release === undefined ? undefined : knownFaults(release)),
    interfaces: networkInterfaces,
    clock,
    proc: "/proc",
    run: "/run",
  };
};

const chosen = (input: CommandInput): readonly Check[] => {
  const names = listOption(input, "check");
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) {
    throw invalid(`There is no check \`${unknown}\`.`, `There are: ${checks.map(({ name }) => name).join(", ")}.`);
  }
  return names.length === 0 ? checks : checks.filter(({ name }) => names.includes(name));
};

const tell = ({ running, findings, checks: done }: DoctorReport): string =>
  [
    running ? "The relay runs." : "The relay does not run; what can be seen only then was left out.",
    ...findings.map(({ what, why, remedy, code }) => `! ${what}\n  ${why}\n  ${remedy} (${code})`),
    ...done.flatMap(({ name, state, why }) => (state === "skipped" ? [`- ${name}: not looked at, ${why ?? ""}`] : [])),
    findings.length === 0 ? "Nothing was found." : `${findings.length} findings.`,
  ].join("\n");

export const doctorCommand: RelayCommand = {
  path: ["doctor"],
  summary: "look at the relay from all sides; ends with 1 where something is not as it should be",
  operands: [],
  options: {
    key: { type: "string", value: "FILE", help: "look at this operator's key, too" },
    check: { type: "string", value: "NAME", multiple: true, help: "only this one (may be repeated)" },
    running: { type: "boolean", help: "that no relay runs is a finding, too" },
  },
  examples: [
    "gatehouse-relay doctor",
    "gatehouse-relay doctor --json",
    "gatehouse-relay doctor --running --check tls-key",
  ],
  run: async (input, context) => {
    const patient = await patientOf(input, context);
    const report = await examine(patient, chosen(input), context);
    const missing = input.options["running"] === true && patient.running === undefined;
    const whole = missing ? { ...report, findings: [stopped(patient), ...report.findings] } : report;
    return { json: whole, text: tell(whole), bad: whole.findings.length > 0 };
  },
};

const stopped = ({ data }: Patient) => ({
  check: "running",
  code: "relay-stopped",
  what: `No relay runs on ${data}.`,
  why: "Nobody gets home.",
  remedy: "`gatehouse-relay up`, or `systemctl start gatehouse-relay`.",
});
