import { GatehouseError } from "@gatehouse/shared";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { loadConfig } from "../../config/load.ts";
import type { Command } from "../command.ts";
import { passphraseSource, stdinPassphraseOption, vaultPassphrase } from "../passphrase.ts";

const anywhere = { host: "127.0.0.1", port: 0 } as const;

export const checkCommand: Command = {
  path: ["check"],
  summary: "open a data folder as `up` does, bring it to this version's form, and close it again",
  operands: [],
  options: stdinPassphraseOption("the vault's passphrase, where one protects it,"),
  examples: ["gatehouse check --data /path/to/a/copy"],
  run: async (input, context) => {
    const { data, searchPath, clock, log, random, signal, client } = context;
    if (!existsSync(join(data, "gatehouse.db")))
      throw new GatehouseError("data-folder", `There is no gateway's data in ${data}.`);
    // Where the gateway itself would listen may be taken by the one that runs.
    const config = { ...(await loadConfig(data)), listen: anywhere, rtsp: { ...anywhere, plainPort: null } };
    // Here and not above: every other command starts without reading the whole gateway.
    const { Gateway } = await import("../../gateway.ts");
    await using _gateway = await Gateway.open(
      {
        data,
        config,
        searchPath,
        clock,
        log,
        random,
        interfaces: networkInterfaces,
        passphrase: vaultPassphrase(passphraseSource(input, context), context),
      },
      { signal },
    );
    await using asking = await client();
    const { gateway, audit, cameras } = await asking.call("status", {}, { signal });
    if (!audit.intact) throw new GatehouseError("audit-broken", "The audit log's chain is broken.");
    const found = { version: gateway.version, cameras, auditRows: audit.rows };
    return { json: found, text: `Version ${gateway.version} can use ${data}: ${cameras} cameras, audit log intact.` };
  },
};
