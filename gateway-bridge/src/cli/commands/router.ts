import type { RouterReport } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

const heads = ["PROTOCOL", "OUTSIDE", "INSIDE", "LEASE", "WHAT FOR", ""];

const routerText = ({
  name,
  address,
  igd,
  natPmp,
  pcp,
  externalAddress,
  mappings,
}: RouterReport["routers"][number]): string => {
  const speaks = [
    ...(igd === null ? [] : [`UPnP IGD ${igd}`]),
    ...(natPmp ? ["NAT-PMP"] : []),
    ...(pcp ? ["PCP"] : []),
  ];
  const rows = mappings.map(({ protocol, externalPort, internalClient, internalPort, lease, description, camera }) => [
    ...[protocol, String(externalPort), `${internalClient}:${internalPort}`],
    ...[lease === 0 ? "for good" : `${lease} s`, description, camera === null ? "" : "! leads to a camera"],
  ]);
  return [
    `${name} at ${address}, ${externalAddress ?? "no address"} outside`,
    speaks.length === 0
      ? "It lets nobody open ports by itself."
      : `Anything at home may open ports, by ${speaks.join(", ")}. Switch that off at the router's own page.`,
    rows.length === 0 ? "No port is forwarded, as far as it tells." : table(heads, rows),
  ].join("\n");
};

export const routerCommand: Command = {
  path: ["router"],
  summary: "what the home's router lets in from the internet, as far as it tells",
  operands: [],
  options: { last: { type: "boolean", help: "do not ask it now: what it said the last time" } },
  examples: ["gatehouse router"],
  run: async ({ options }, { client, signal }) => {
    await using gateway = await client();
    const query = options["last"] === true ? {} : { fresh: "true" };
    const report = await gateway.call("router", { query }, { signal });
    const none = "No router answers to UPnP, NAT-PMP or PCP. That is how it should be.";
    return { json: report, text: report.routers.length === 0 ? none : report.routers.map(routerText).join("\n\n") };
  },
};
