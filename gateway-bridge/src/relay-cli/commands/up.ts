import { onAbort } from "@gatehouse/shared";

import { passphraseSource, stdinPassphraseOption, vaultPassphrase } from "../../cli/passphrase.ts";
import { loadRelayConfig } from "../load-relay-config.ts";
import type { RelayCommand } from "../relay-command.ts";

/** How long channels may go on after SIGTERM, in ms: less than systemd waits (TimeoutStopSec). */
const lastMoments = 10_000;

export const upCommand: RelayCommand = {
  path: ["up"],
  summary: "run the relay until it is stopped; then channels have ten seconds to end",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase, where one protects it,"),
  examples: ["gatehouse-relay up", "gatehouse-relay up --data /srv/relay --json"],
  run: async (input, context) => {
    const { data, clock, log, signal, terminal, json } = context;
    const config = await loadRelayConfig(data);
    const passphrase = vaultPassphrase(passphraseSource(input, context), context);
    const stop = Promise.withResolvers<undefined>();
    // Here and not above: every other command starts without reading the whole relay.
    const [{ RelayNode }, { openRelayOperation }] = await Promise.all([
      import("../../relay-node.ts"),
      import("../../relay-operation.ts"),
    ]);
    await using node = await RelayNode.open({ data, config, clock, log, passphrase }, { signal });
    // Operators can still look while it drains: what they have is closed last but one.
    const lasting = { signal: new AbortController().signal };
    const onDrained = (): void => stop.resolve(undefined);
    await using operation = await openRelayOperation({ data, config, node, clock, log, onDrained }, lasting);
    const { address } = node.relay;
    const facts = { address, relay: config.name, key: node.keys.shown.pin, metrics: operation.metrics, data };
    terminal.print(json ? JSON.stringify(facts) : tell(facts));
    using _stopping = onAbort(signal, () => void node.relay.drain(lastMoments, lasting).finally(onDrained));
    await stop.promise;
    return undefined;
  },
};

const tell = ({
  relay,
  address,
  key,
}: {
  readonly relay: string;
  readonly address: string;
  readonly key: string;
}): string =>
  [
    `${relay} is up at ${address}. Stop it with Ctrl+C.`,
    `Its key is ${key}.`,
    "Next, in another terminal: `gatehouse-relay sign-in`, then `gatehouse-relay invite`.",
  ].join("\n");
