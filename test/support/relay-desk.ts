import {
  GatehouseError,
  silentLogger,
  systemClock,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { codeAt } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import type { Terminal } from "../../gateway-bridge/src/cli/command.ts";
import { runCommandLine } from "../../gateway-bridge/src/cli/run.ts";
import { relayCommands } from "../../gateway-bridge/src/relay-cli/commands/index.ts";
import { loadRelayConfig } from "../../gateway-bridge/src/relay-cli/load-relay-config.ts";
import { gatehouseRelay, type RelayContext } from "../../gateway-bridge/src/relay-cli/relay-command.ts";
import { RelayNode } from "../../gateway-bridge/src/relay-node.ts";
import { openRelayOperation, type RelayOperation } from "../../gateway-bridge/src/relay-operation.ts";
import { relayFiles } from "../../gateway-bridge/src/relay-store.ts";
import { ControlClient } from "../../gateway-bridge/src/relay/control/control-client.ts";
import { loadOperatorKey, makeOperatorKey } from "../../gateway-bridge/src/relay/control/operator-key.ts";
import type { OperatorKey } from "../../gateway-bridge/src/relay/control/operator-key.ts";
import type { OperatorRole } from "../../gateway-bridge/src/relay/operators/operator.ts";
import { freshCode } from "./fresh-code.ts";
import type { CommandResult } from "./gateway-process.ts";

export const never: Cancellable = { signal: new AbortController().signal };

export interface RelayCommandOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly input?: string;
  readonly release?: string;
}

/** Runs a `gatehouse-relay` command in the test's own process, as `relay-main.ts` does. */
export const runRelayCommand = async (
  data: string,
  args: readonly string[],
  { clock = systemClock, log = silentLogger, input = "", release }: RelayCommandOptions = {},
): Promise<CommandResult> => {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    print: (text) => void stdout.push(text),
    note: (text) => void stderr.push(text),
    ask: async () => undefined,
    readInput: async () => input,
  };
  const context = ({ json }: { readonly json: boolean }): RelayContext => ({
    ...{ terminal, data, json, clock, log, release, keyFile: undefined, credentialsFolder: undefined },
    ...{ random: () => 0.5, ...never },
  });
  const code = await runCommandLine({ args, commands: relayCommands, program: gatehouseRelay, terminal, context });
  return { code, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
};

/** Somebody who works at a relay, with the authenticator. */
export interface Worker {
  readonly key: OperatorKey;
  readonly secret: string;
}

export interface RelayDeskOptions {
  readonly clock: Clock;
  /** What `init` is told besides. */
  readonly init?: readonly string[];
}

/** A whole relay with what goes round it, in the test's own process. */
export class RelayDesk implements AsyncDisposable {
  readonly data: string;
  readonly node: RelayNode;
  readonly operation: RelayOperation;
  /** The first operator. */
  readonly ada: Worker;
  readonly #clock: Clock;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<RelayDesk, "data" | "node" | "operation" | "ada">,
    clock: Clock,
    resources: AsyncDisposableStack,
  ) {
    ({ data: this.data, node: this.node, operation: this.operation, ada: this.ada } = parts);
    this.#clock = clock;
    this.#resources = resources;
  }

  static async open({ clock, init = [] }: RelayDeskOptions): Promise<RelayDesk> {
    await using opening = new AsyncDisposableStack();
    const data = await mkdtemp(join(tmpdir(), "gatehouse-relay-"));
    opening.defer(() => rm(data, { recursive: true, force: true }));
    const args = ["init", "--name", "relay.test", "--listen", "127.0.0.1:0", "--operator", "ada", "--json", ...init];
    const { code, stdout } = await runRelayCommand(data, args, { clock });
    if (code !== 0) throw new Error(stdout);
    const { totp, key } = JSON.parse(stdout) as { readonly totp: { readonly secret: string }; readonly key: string };
    const ada = { key: await loadOperatorKey(key), secret: totp.secret };
    const config = await loadRelayConfig(data);
    const parts = { data, config, clock, log: silentLogger };
    const node = opening.use(await RelayNode.open(parts, never));
    const operation = opening.use(await openRelayOperation({ ...parts, node, onDrained: () => undefined }, never));
    return new RelayDesk({ data, node, operation, ada }, clock, opening.move());
  }

  get socket(): string {
    return join(this.data, relayFiles.control);
  }

  client({ key }: Pick<Worker, "key">, token?: string): ControlClient {
    return new ControlClient({ path: this.socket, key, token, clock: this.#clock });
  }

  code({ secret }: Worker): string {
    return codeAt(secret, this.#clock.now());
  }

  async token(worker: Worker): Promise<string> {
    return (await this.client(worker).call("signIn", { code: await freshCode(worker.secret, this.#clock) }, never))
      .token;
  }

  /** One who is signed in. */
  async signIn(worker: Worker): Promise<ControlClient> {
    return this.client(worker, await this.token(worker));
  }

  /** Somebody more, added by who is signed in. */
  async add(by: ControlClient, name: string, role: OperatorRole): Promise<Worker> {
    const { publicKey, privateKey } = makeOperatorKey();
    const { operator, certificate, totp } = await by.call("addOperator", { name, role, publicKey }, never);
    return { key: { ...this.ada.key, operator: operator.id, name, certificate, privateKey }, secret: totp.secret };
  }

  /** What goes round the relay once more, after it was closed. */
  async reopen(): Promise<RelayOperation> {
    const { data, node } = this;
    const parts = { data, node, clock: this.#clock, log: silentLogger, config: await loadRelayConfig(data) };
    return openRelayOperation({ ...parts, onDrained: () => undefined }, never);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** What a promise was rejected with, by its code. */
export const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return "nothing";
  } catch (error) {
    if (error instanceof GatehouseError) return error.code;
    throw error;
  }
};
