import type { Trust } from "@gatehouse/shared";

import type { Command } from "../command.ts";

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const kinds = {
  home: "the home's own, to whoever asks for anything else",
  own: "yours, from your files",
  acme: "a public authority's, by ACME",
} as const satisfies Record<Trust["certificates"][number]["kind"], string>;

/** What is served, and what to do where that is not what it should be. */
export const certificateText = ({ certificates, named, notice }: Trust, now: number): string =>
  [
    ...certificates.map(({ kind, names, expires }) => {
      const until = expires <= now ? `ENDED on ${day(expires)}` : `until ${day(expires)}`;
      return `${kinds[kind]}: ${until}\n  ${names.join(", ")}`;
    }),
    ...namedText(named, now),
    ...(notice === null ? [] : [`! ${notice}`, `  ${remedyFor(named)}`]),
  ].join("\n");

const namedText = (named: Trust["named"], now: number): string[] => {
  if (named === null) return [];
  const { name, shown, nextTry } = named;
  const missing = `! There is no certificate for ${name} yet. Whoever opens that name is warned: the home's is not for it.`;
  const next =
    nextTry === null
      ? "your files are looked at every minute"
      : nextTry <= now
        ? "it is asked for now"
        : `it is asked for on ${new Date(nextTry).toISOString()}`;
  return [...(shown ? [] : [missing]), `next for ${name}: ${next}`];
};

const remedyFor = (named: Trust["named"]): string =>
  named?.kind === "acme"
    ? "Look at `tls` in the configuration, at the box's clock and way out; `gatehouse certificate token` gives the DNS provider's token anew and tries at once."
    : "Correct the files that `tls` names in the configuration. What was served before is served on.";

export const certificateCommand: Command = {
  path: ["certificate"],
  summary: "what browsers are shown, until when, and what to do",
  operands: [],
  options: {},
  examples: ["gatehouse certificate", "gatehouse certificate --json"],
  run: async (_input, { client, signal, clock }) => {
    await using gateway = await client();
    const trust = await gateway.call("trust", {}, { signal });
    const { certificates, named, notice } = trust;
    return { json: { certificates, named, notice }, text: certificateText(trust, clock.now()) };
  },
};
