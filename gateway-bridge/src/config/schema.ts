import { Name } from "@gatehouse/shared";
import { z } from "zod";

/** The gateway's configuration file. Every key has a default; a key that is not here is an error. Never a secret. */
export const Config = z.strictObject({
  /** What the gateway calls itself. */
  name: Name.default("Gatehouse"),
  listen: z
    .strictObject({
      /** Loopback unless told otherwise: nothing outside this box can even knock. */
      host: z.union([z.ipv4(), z.ipv6(), z.hostname()]).default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(8443),
    })
    .prefault({}),
  media: z
    .strictObject({
      /** How long a camera's stream stays open after its last viewer. */
      lingerSeconds: z.number().min(0).max(3_600).default(10),
      /** What the newest group of pictures of one stream may weigh. */
      ringMegabytes: z.int().min(1).max(256).default(8),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
