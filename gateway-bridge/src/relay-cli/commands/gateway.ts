import { TunnelId } from "@gatehouse/shared";

import { textOption, type CommandInput } from "../../cli/command.ts";
import { table } from "../../cli/table.ts";
import { OwnLimits } from "../../relay/relay-config.ts";
import type { GatewayLimits } from "../../relay/server/limits.ts";
import { invalid, keyOption, openControl, type RelayCommand } from "../relay-command.ts";

const readGateway = ({ positionals: [text] }: CommandInput): TunnelId => {
  const id = TunnelId.safeParse(text);
  if (id.success) return id.data;
  throw invalid("That is no gateway's id.", "`gatehouse-relay gateway list` shows the ids.");
};

export const gatewayListCommand: RelayCommand = {
  path: ["gateway", "list"],
  summary: "the gateways that may come, and which of them are there",
  operands: [],
  options: keyOption,
  examples: ["gatehouse-relay gateway list", "gatehouse-relay gateway list --json"],
  run: async (input, context) => {
    const gateways = await (await openControl(input, context)).call("listGateways", {}, context);
    const rows = gateways.map(({ id, enrolled, revoked, connected, pins, limits }) => [
      id,
      revoked !== null ? "revoked" : connected ? "connected" : "away",
      new Date(enrolled).toISOString(),
      pins.length > 1 ? "changing" : "one",
      Object.entries(limits)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ") || "-",
    ]);
    const text = rows.length === 0 ? "No gateways yet. `gatehouse-relay invite` lets one in." : table(heads, rows);
    return { json: gateways, text };
  },
};

const heads = ["ID", "STATE", "ENROLLED", "KEYS", "LIMITS OF ITS OWN"];

export const gatewayRevokeCommand: RelayCommand = {
  path: ["gateway", "revoke"],
  summary: "let a gateway in no more; what flows to it ends at once",
  operands: ["ID"],
  options: keyOption,
  examples: ["gatehouse-relay gateway revoke gr-abcdefghijklmnop"],
  run: async (input, context) => {
    const gateway = readGateway(input);
    await (await openControl(input, context)).call("revokeGateway", { gateway }, context);
    return { json: { gateway }, text: `${gateway} is let in no more. To let it in again, invite it anew.` };
  },
};

const limitOptions = {
  channels: "channelsPerGateway",
  "channels-per-device": "channelsPerDevice",
  "bytes-per-second": "bytesPerSecond",
} as const satisfies Record<string, keyof GatewayLimits>;

const readLimits = (input: CommandInput): GatewayLimits => {
  const given = Object.entries(limitOptions).flatMap(([option, name]) => {
    const text = textOption(input, option);
    return text === undefined ? [] : [[name, Number(text)] as const];
  });
  const limits = OwnLimits.safeParse(Object.fromEntries(given));
  if (limits.success && given.length > 0 !== (input.options["default"] === true)) return limits.data;
  throw invalid("Say which limits, as whole numbers.", "See `gatehouse-relay gateway limit --help`.");
};

export const gatewayLimitCommand: RelayCommand = {
  path: ["gateway", "limit"],
  summary: "give a gateway limits of its own, in the place of those it had",
  operands: ["ID"],
  options: {
    ...keyOption,
    channels: { type: "string", value: "N", help: "channels that may stand at once" },
    "channels-per-device": { type: "string", value: "N", help: "of them, of one device" },
    "bytes-per-second": { type: "string", value: "N", help: "in both directions together" },
    default: { type: "boolean", help: "none of its own: the relay's" },
  },
  examples: [
    "gatehouse-relay gateway limit gr-abcdefghijklmnop --bytes-per-second 2500000",
    "gatehouse-relay gateway limit gr-abcdefghijklmnop --default",
  ],
  run: async (input, context) => {
    const gateway = readGateway(input);
    const limits = readLimits(input);
    await (await openControl(input, context)).call("limitGateway", { gateway, limits }, context);
    return { json: { gateway, limits }, text: `${gateway} has these limits from now on.` };
  },
};
