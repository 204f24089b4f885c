import { z } from "zod";

import { GatehouseSettings } from "./config.ts";

/** The content of config.schema.json, from which Homebridge's web page makes its form. */
export const configSchema = (): Record<string, unknown> => {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(GatehouseSettings, { target: "draft-7", io: "input" });
  return {
    pluginAlias: "Gatehouse",
    pluginType: "platform",
    singular: true,
    headerDisplay: "Cameras behind a Gatehouse gateway. The plugin needs one pairing string, once.",
    // The web page always writes a name, and reads it as required.
    schema: { ...schema, required: ["name"] },
  };
};
