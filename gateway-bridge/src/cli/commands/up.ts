import { onAbort } from "@gatehouse/shared";
import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";

import { loadConfig } from "../../config/load.ts";
import type { Command } from "../command.ts";
import { passphraseSource, stdinPassphraseOption, vaultPassphrase } from "../passphrase.ts";

const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => void onAbort(signal, () => resolve()));

export const upCommand: Command = {
  path: ["up"],
  summary: "run the gateway until it is stopped",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase, where one protects it,"),
  examples: ["gatehouse up", "gatehouse up --data /srv/gatehouse"],
  run: async (input, context) => {
    const { data, searchPath, release, clock, log, random, signal, terminal, json } = context;
    await mkdir(data, { recursive: true, mode: 0o700 });
    const config = await loadConfig(data);
    // Here and not above: every other command starts without reading the whole gateway.
    const { Gateway } = await import("../../gateway.ts");
    await using gateway = await Gateway.open(
      {
        data,
        config,
        searchPath,
        release,
        clock,
        log,
        random,
        interfaces: networkInterfaces,
        passphrase: vaultPassphrase(passphraseSource(input, context), context),
      },
      { signal },
    );
    terminal.print(
      json
        ? JSON.stringify({ address: gateway.address, gateway: gateway.id, data })
        : [
            `${config.name} is up at https://${gateway.address}; only paired clients get in. Stop it with Ctrl+C.`,
            "Next, in another terminal: `gatehouse camera discover`, then `gatehouse pair --help`.",
          ].join("\n"),
    );
    await untilStopped(signal);
    return undefined;
  },
};
