import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import { join } from "node:path";
import { pid } from "node:process";

import { ProcessMetrics } from "./metrics/process-metrics.ts";
import { ControlServer } from "./relay/control/control-server.ts";
import { createControlHandlers, type OperatedRelay } from "./relay/control/handlers.ts";
import { SignIns } from "./relay/control/sign-ins.ts";
import { MetricsDoor } from "./relay/metrics/metrics-door.ts";
import { RelayMetrics } from "./relay/metrics/relay-metrics.ts";
import { OperatorAuthority } from "./relay/operators/operator-authority.ts";
import { Operators } from "./relay/operators/operators.ts";
import type { RelayConfig } from "./relay/relay-config.ts";
import { takeBackRunning, tellRunning } from "./relay/running-file.ts";
import type { RelayNode } from "./relay-node.ts";
import { relayFiles } from "./relay-store.ts";
import { version } from "./version.ts";

export interface RelayOperationOptions {
  readonly data: string;
  readonly config: RelayConfig;
  readonly node: RelayNode;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once an operator had the relay drained: it is to be stopped then. */
  readonly onDrained: () => void;
}

/** What goes round a relay so that people can run it: operators, the control socket, measurements. */
export interface RelayOperation extends AsyncDisposable {
  /** `host:port` of the measurements; null without any. */
  readonly metrics: string | null;
}

/** @throws GatehouseError `data-folder`, `address-in-use`, `file-permissions` */
export const openRelayOperation = async (
  options: RelayOperationOptions,
  cancel: Cancellable,
): Promise<RelayOperation> => {
  const { data, clock, log, node, config } = options;
  const { database, vault: secrets, audit } = node.store;
  await using opening = new AsyncDisposableStack();
  const operators = Operators.open({ database, secrets, clock, relay: config.name });
  const authority = new OperatorAuthority(secrets);
  const signIns = new SignIns({ clock });
  const metrics = opening.use(await openMetrics(options));
  const relay = operate(options, cancel);
  const handlers = createControlHandlers({ relay, operators, authority, signIns, audit, clock });
  const running = await keepTold(options, metrics?.address ?? null);
  opening.use(running);
  const socket = { path: join(data, relayFiles.control), certificate: authority.control };
  opening.use(await ControlServer.open({ ...socket, operators, signIns, handlers, database, audit, log }, cancel));
  const resources = opening.move();
  return { metrics: metrics?.address ?? null, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

const openMetrics = async ({
  data,
  config,
  node,
  clock,
  log,
}: RelayOperationOptions): Promise<OpenMetrics | undefined> => {
  const { port } = config.metrics;
  if (port === null) return undefined;
  const started = clock.now();
  const metrics = new RelayMetrics({
    version,
    figures: () => node.relay.figures(),
    enrolled: () => node.gateways.count,
    onOpened: (listener) => node.relay.onOpened(listener),
    process: (registry) => new ProcessMetrics(registry, started),
  });
  const tokenFile = join(data, relayFiles.metricsToken);
  try {
    const door = await MetricsDoor.open({ port, tokenFile, render: () => metrics.render(), log });
    const close = async (): Promise<void> => {
      await door[Symbol.asyncDispose]();
      metrics[Symbol.dispose]();
    };
    return { address: door.address, [Symbol.asyncDispose]: close };
  } catch (error) {
    metrics[Symbol.dispose]();
    throw error;
  }
};

type OpenMetrics = AsyncDisposable & { readonly address: string };

/** Tells who may read the data folder that it runs, also when its key has become another. */
const keepTold = async (
  { data, config, node, clock, log }: RelayOperationOptions,
  metrics: string | null,
): Promise<AsyncDisposable> => {
  const file = join(data, relayFiles.running);
  const started = clock.now();
  const tell = (): Promise<void> =>
    tellRunning(file, {
      pid,
      name: config.name,
      version,
      started,
      address: node.relay.address,
      metrics,
      keys: [node.keys.shown.pin],
    });
  let last = tell();
  await last;
  const changes = node.keys.onChanged(() => {
    last = last
      .then(tell)
      .catch((error: unknown) => log.error("running.json cannot be written", { error: String(error) }));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      changes[Symbol.dispose]();
      await last;
      await takeBackRunning(file);
    },
  };
};

const operate = (
  { config, node, clock, log, onDrained }: RelayOperationOptions,
  { signal }: Cancellable,
): OperatedRelay => {
  const { relay, gateways, keys } = node;
  const started = clock.now();
  const drain = async (withinMs: number): Promise<void> => {
    log.info("an operator has the relay drained", { withinMs });
    await relay.drain(withinMs, { signal }).catch(() => undefined);
    onDrained();
  };
  return {
    status: () => {
      const { tunnels, channels, draining } = relay.figures();
      const counts = { gateways: gateways.count, tunnels: tunnels.live, channels, draining };
      const { address } = relay;
      const told = { address, public: config.public ?? address, keys: [...keys.pins] };
      return { name: config.name, version, started, ...told, ...counts };
    },
    gateways: () =>
      gateways.list().map(({ id, enrolled, revoked, pins, limits }) => {
        const connected = relay.isConnected(id);
        return { id, enrolled, revoked: revoked ?? null, pins: [...pins], limits, connected };
      }),
    invite: (lifetime) => gateways.invite(lifetime),
    revoke: (gateway) => gateways.revoke(gateway),
    setLimits: (gateway, limits) => gateways.setLimits(gateway, limits),
    rotateKey: () => keys.rotate(),
    drain: (withinMs) => void drain(withinMs),
  };
};
