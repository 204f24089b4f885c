import { join } from "node:path";

import { parseConfig, readConfigFile } from "./config-file.ts";
import { Config } from "./schema.ts";

const form = { schema: Config, example: Config.parse({}) };

/**
 * Reads `config.json` in the data folder; without one the defaults hold.
 * @throws GatehouseError `config-invalid` naming file, key and rule, never the value
 */
export const loadConfig = async (data: string): Promise<Config> => {
  const file = join(data, "config.json");
  return (await readConfigFile(file, form)) ?? parseConfig(file, {}, form);
};
