import type { Trust } from "@gatehouse/shared";
import { renderUnicodeCompact } from "uqr";

import type { Command } from "../command.ts";

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const kinds = {
  home: "the home's certificate",
  own: "your own certificate",
  acme: "a public authority's certificate",
} as const satisfies Record<Trust["certificates"][number]["kind"], string>;

/** What people do with it, on each kind of device. */
export const trustText = ({ url, fingerprint, expires, certificates, notice }: Trust): string =>
  [
    renderUnicodeCompact(url, { border: 2 }),
    "",
    `Scan it, or open ${url} on the phone or computer that is to trust this gateway. It warns once: that is what this ends.`,
    `iPhone and iPad: ${url.replace(/ca\.crt$/, "ca.mobileconfig")}; install it in Settings, then switch it on under`,
    "General > About > Certificate Trust Settings. Android: Settings > Security > Install a certificate > CA certificate.",
    "",
    "Before you confirm, compare its SHA-256 fingerprint:",
    fingerprint,
    `It can vouch for this gateway and for addresses at home alone, until ${day(expires)}.`,
    "",
    ...certificates.map(
      ({ kind, names, expires: until }) => `${kinds[kind]}, until ${day(until)}: ${names.join(", ")}`,
    ),
    ...(notice === null ? [] : [`! ${notice}; \`gatehouse certificate\` says what to do.`]),
  ].join("\n");

export const trustCommand: Command = {
  path: ["trust"],
  summary: "let phones and browsers know the gateway: QR code and fingerprint of its authority",
  operands: [],
  options: {},
  examples: ["gatehouse trust", "gatehouse trust --json"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const trust = await gateway.call("trust", {}, { signal });
    return { json: trust, text: trustText(trust) };
  },
};
