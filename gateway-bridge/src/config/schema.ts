import { Name } from "@gatehouse/shared";
import { z } from "zod";

import { parseAuthority } from "../domain/authority.ts";

const HttpsUrl = z
  .url({ protocol: /^https$/ })
  .refine((url) => !/^https:\/\/[^/]*@/.test(url), "an address without a name or password in it")
  .transform((url) => url.replace(/\/$/, ""));
/** How long to wait until everybody sees a record; each provider has its own time unless told otherwise. */
const settleSeconds = z.int().min(0).max(600).optional();

const AbsolutePath = z.string().regex(/^\/[^\0]{1,1023}$/, "an absolute path");

/** The gateway's configuration file. Every key has a default; a key that is not here is an error. Never a secret. */
export const Config = z
  .strictObject({
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
        /** How much of the past each connected stream keeps for clips. 0 keeps what a new viewer needs, and no more. */
        prerollSeconds: z.number().min(0).max(60).default(0),
        /** The ffmpeg that transcodes: an absolute path, or a name that is looked for in PATH. */
        ffmpeg: z
          .string()
          .regex(/^(\/[^\0]{1,1023}|[\w.-]{1,64})$/, "an absolute path, or a plain name")
          .default("ffmpeg"),
        /** Lets it run where nothing on this box can keep it from the network and the gateway's files. */
        unsandboxedFfmpeg: z.boolean().default(false),
      })
      .prefault({}),
    update: z
      .strictObject({
        /** Where releases come from: an https address or a folder. Nowhere unless told otherwise. */
        source: z
          .union(
            [z.url({ protocol: /^https$/ }), z.string().regex(/^\/[^\0]{1,1023}$/)],
            "an https address or an absolute path",
          )
          .nullable()
          .default(null),
      })
      .prefault({}),
    /** For players and recorders. Nothing listens before the first application has been added. */
    rtsp: z
      .strictObject({
        /** The address of `listen` unless told otherwise. */
        host: z.union([z.ipv4(), z.ipv6(), z.hostname()]).optional(),
        /** RTSP over TLS. */
        port: z.int().min(0).max(65_535).default(8322),
        /** RTSP in clear: whoever listens on the network sees the pictures. Closed unless a port is given. */
        plainPort: z.int().min(0).max(65_535).nullable().default(null),
      })
      .prefault({}),
    web: z
      .strictObject({
        /** A name of the gateway's own, for browsers. Without it, `gw-....local`. */
        name: z
          .string()
          .refine(
            (name) => !name.includes(":") && parseAuthority(name)?.kind === "name",
            "a name such as cams.home.arpa",
          )
          .optional(),
        /** Further hosts that lead here, with a port where another one is forwarded: `gate.lan`, `cams.example.org:443`. */
        hosts: z
          .array(
            z.string().refine((host) => parseAuthority(host) !== undefined, "a name or an address, and perhaps a port"),
          )
          .max(16)
          .default([]),
      })
      .prefault({}),
    posture: z
      .strictObject({
        /** Looks at the cameras' weaknesses once a day, where their owner allowed it. */
        daily: z.boolean().default(true),
        /** Tells the time to the cameras, at this address of the gateway in their network. To nobody unless told otherwise. */
        time: z
          .strictObject({ address: z.union([z.ipv4(), z.ipv6()]), port: z.int().min(1).max(65_535).default(123) })
          .nullable()
          .default(null),
      })
      .prefault({}),
    signIn: z
      .strictObject({
        /** Passwords that have leaked: SHA-1 hashes in order, as the downloader of Have I Been Pwned writes them. */
        breachedPasswords: AbsolutePath.optional(),
      })
      .prefault({}),
    /** Tells the local network where the gateway is, by multicast DNS; never where it listens on loopback alone. */
    advertise: z.boolean().default(true),
    /** What browsers are shown: the home's own certificate; beside it, for `web.name`, the owner's or one that is sought by ACME. */
    tls: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("home") }),
        /** PEM files, which another program renews. */
        z.strictObject({ kind: z.literal("own"), certificate: AbsolutePath, key: AbsolutePath }),
        /** From an authority that browsers know, which looks for a record in DNS; nothing of the gateway need be reachable from outside. */
        z.strictObject({
          kind: z.literal("acme"),
          directory: HttpsUrl.default("https://acme-v02.api.letsencrypt.org/directory"),
          /** The owner agrees to the authority's terms of service. */
          termsAgreed: z.literal(true),
          /** For the authority's own notices. */
          email: z.email().optional(),
          /** A PEM file with an authority that these servers' certificates may come from, beside those that this box trusts. */
          authority: AbsolutePath.optional(),
          /** Who keeps the records of `web.name`. The token is a secret: `gatehouse certificate token` takes it. */
          dns: z.discriminatedUnion("kind", [
            z.strictObject({
              kind: z.enum(["desec", "cloudflare"]),
              domain: z.hostname(),
              api: HttpsUrl.optional(),
              settleSeconds,
            }),
            z.strictObject({
              kind: z.literal("acme-dns"),
              api: HttpsUrl,
              username: z.string().min(1).max(128),
              subdomain: z.string().min(1).max(128),
              settleSeconds,
            }),
          ]),
        }),
      ])
      .default({ kind: "home" }),
    audit: z
      .strictObject({
        /** Where the audit log's signed heads are pushed. Only what lies off this box shows a log that was put back or rewritten whole. */
        heads: z
          .discriminatedUnion("kind", [
            z.strictObject({ kind: z.literal("nowhere") }),
            /** A file that grows: on another medium or a share. */
            z.strictObject({ kind: z.literal("file"), path: AbsolutePath }),
            /** Takes each head by POST and gives the newest by GET. */
            z.strictObject({
              kind: z.literal("https"),
              url: z
                .url({ protocol: /^https$/ })
                .refine((url) => !/^https:\/\/[^/]*@/.test(url), "an address without a name or password in it"),
              /** A PEM file with the authority of that server's certificate, where this box does not trust it already. */
              authority: AbsolutePath.optional(),
            }),
          ])
          .default({ kind: "nowhere" }),
      })
      .prefault({}),
  })
  .refine(({ tls, web }) => tls.kind === "home" || web.name !== undefined, {
    path: ["web", "name"],
    message: "the name that the certificate is for",
  });
export type Config = z.infer<typeof Config>;
