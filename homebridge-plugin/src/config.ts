import { GatehouseError } from "@gatehouse/shared";
import { z } from "zod";

/** What the owner fills in. The form that Homebridge's web page shows is made from this. */
export const GatehouseSettings = z.object({
  name: z.string().min(1).max(64).default("Gatehouse").meta({
    title: "Name",
    description: "How this platform is called in Homebridge's log.",
  }),
  pairingString: z
    .string()
    .max(1_024)
    .optional()
    .meta({
      title: "Pairing string",
      description:
        "Run `gatehouse pair --for homebridge` on the gateway, paste what it prints, and restart Homebridge within five minutes. " +
        "It works once: the plugin then keeps a key of its own outside this configuration and empties this field. " +
        "Leave it empty afterwards.",
    }),
  external: z
    .boolean()
    .default(false)
    .meta({
      title: "Publish each camera as an accessory of its own",
      description:
        "Off: one pairing of the bridge brings every camera, and cameras that you add to or remove from the gateway come and go by themselves. " +
        "That is safe for the bridge, because video never passes through Homebridge and no picture is waited for longer than 4.5 seconds. " +
        "On: each camera is added in the Home app one by one, with the bridge's code. Apple's Home then treats it as independent of the bridge and " +
        "its home hub; choose it if live views start slowly at home. A camera removed from the gateway then stays listed until Homebridge restarts.",
    }),
});
export type GatehouseSettings = z.infer<typeof GatehouseSettings>;

/** The platform's entry in config.json: the settings, and what Homebridge itself puts there. */
const PlatformEntry = z.strictObject({
  ...GatehouseSettings.shape,
  platform: z.string(),
  _bridge: z.unknown().optional(),
});

/**
 * Reads the platform's entry in config.json.
 * @throws GatehouseError `config-invalid`, naming the key but never its value
 */
export const parseConfig = (entry: unknown): GatehouseSettings => {
  const parsed = PlatformEntry.safeParse(entry);
  if (parsed.success) {
    const { name, pairingString, external } = parsed.data;
    const pasted = pairingString?.trim();
    return { name, external, ...(pasted ? { pairingString: pasted } : {}) };
  }
  const problems = parsed.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`
      : `${issue.path.join(".")}: ${issue.message}`,
  );
  throw new GatehouseError("config-invalid", `The Gatehouse platform in config.json: ${problems.join("; ")}`, {
    remedy: "Correct it in config.json and restart Homebridge; nothing was changed.",
  });
};
