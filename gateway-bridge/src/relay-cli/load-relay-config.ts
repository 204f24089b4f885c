import { GatehouseError } from "@gatehouse/shared";
import { join } from "node:path";

import { readConfigFile } from "../config/config-file.ts";
import { RelayConfig } from "../relay/relay-config.ts";
import { relayFiles } from "../relay-store.ts";

/** How `relay.json` is judged. */
export const relayConfigForm = { schema: RelayConfig, example: RelayConfig.parse({ name: "relay.example.org" }) };

/** @throws GatehouseError `relay-missing`, `config-invalid` naming file, key and rule, never the value */
export const loadRelayConfig = async (data: string): Promise<RelayConfig> => {
  const config = await readConfigFile(join(data, relayFiles.config), relayConfigForm);
  if (config !== undefined) return config;
  throw new GatehouseError("relay-missing", `There is no relay in ${data}.`);
};
