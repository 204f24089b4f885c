import { GatehouseError, GatewayClient, loadIdentity, silentLogger, systemClock, type Clock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import type { CommandContext, Terminal } from "../../gateway-bridge/src/cli/command.ts";
import { commands } from "../../gateway-bridge/src/cli/commands/index.ts";
import { runCommandLine } from "../../gateway-bridge/src/cli/run.ts";
import { loadConfig } from "../../gateway-bridge/src/config/load.ts";
import { Gateway } from "../../gateway-bridge/src/gateway.ts";
import type { CommandResult } from "./gateway-process.ts";

const never = { signal: new AbortController().signal };
const random = (): number => 0.5;

/** A whole gateway in the test's own process, for tests that start many; without programs of the box. */
export const openGateway = async (
  data: string,
  config: object,
  clock: Clock = systemClock,
): Promise<{ readonly log: MemoryLogger; readonly gateway: Gateway } & AsyncDisposable> => {
  await mkdir(data, { recursive: true, mode: 0o700 });
  await writeFile(join(data, "config.json"), JSON.stringify(config));
  const log = new MemoryLogger();
  const parts = { searchPath: "", clock, random, interfaces: networkInterfaces };
  const gateway = await Gateway.open({ ...parts, data, log, config: await loadConfig(data) }, never);
  return { log, gateway, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
};

/** Runs a `gatehouse` command in the test's own process, as `main.ts` does. */
export const runGatehouse = async (data: string, args: readonly string[], input = ""): Promise<CommandResult> => {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    print: (text) => void stdout.push(text),
    note: (text) => void stderr.push(text),
    ask: async () => undefined,
    readInput: async () => input,
  };
  const context = ({ json }: { readonly json: boolean }): CommandContext => ({
    ...{ terminal, data, json, random, searchPath: "", clock: systemClock, log: silentLogger },
    ...never,
    client: async () => {
      const identity = await loadIdentity(join(data, "cli.json"));
      if (identity === undefined) throw new GatehouseError("gateway-unreachable", "No gateway was ever started here.");
      return new GatewayClient({ identity, clock: systemClock, log: silentLogger, random });
    },
  });
  const code = await runCommandLine({ args, commands, terminal, context });
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
};

/** The command's JSON answer; throws with what it said when it failed. */
export const runGatehouseJson = async (data: string, args: readonly string[], input = ""): Promise<unknown> => {
  const { code, stdout } = await runGatehouse(data, [...args, "--json"], input);
  if (code !== 0) throw new Error(`gatehouse ${args.join(" ")} ended with ${code}: ${stdout}`);
  return JSON.parse(stdout);
};
