import {
  GuestAction,
  GuestLinkId,
  Name,
  type Clock,
  type GuestLink,
  type MadeGuestLink,
  type NewGuestLink,
} from "@gatehouse/shared";
import { renderUnicodeCompact } from "uqr";

import { listOption, textOption, type Command, type CommandInput } from "../command.ts";
import { camerasOf, refuse, scheduleOf, timeOptions, untilOf } from "../grant-options.ts";
import { table } from "../table.ts";

/** What a guest usually wants. */
const usual: readonly GuestAction[] = ["live", "snapshot"];
const hourMs = 3_600_000;
const defaultHours = 24;

const actionsOf = (input: CommandInput): GuestAction[] => {
  const named = listOption(input, "action").map((name) => {
    const action = GuestAction.safeParse(name);
    if (action.success) return action.data;
    throw refuse(`A guest cannot hold \`${name}\`.`, `Choose of ${GuestAction.options.join(", ")}.`);
  });
  return named.length > 0 ? [...new Set(named)] : [...usual];
};

const endOf = (input: CommandInput, clock: Clock): number => {
  const [until, text] = [untilOf(input), textOption(input, "hours")];
  if (until !== undefined && text !== undefined) throw refuse("Until when?", "Use either --hours or --until.");
  if (until !== undefined) return until;
  const hours = Number(text ?? defaultHours);
  if (Number.isFinite(hours) && hours > 0) return clock.now() + Math.round(hours * hourMs);
  throw refuse(`\`${text ?? ""}\` is no number of hours.`);
};

const newLink = (input: CommandInput, clock: Clock): NewGuestLink => {
  const name = Name.safeParse(input.positionals[0]);
  if (!name.success) throw refuse("Say whom the link is for, in at most 64 letters.");
  const [cameras, schedule] = [camerasOf(input), scheduleOf(input)];
  if (cameras.length === 0) throw refuse("Say which cameras the guest may see.", "Use --camera ID for each.");
  return {
    ...{ name: name.data, cameras, actions: actionsOf(input), until: endOf(input, clock) },
    ...(schedule !== undefined && { schedule }),
  };
};

/** What to do with a link. */
export const guestText = ({ url, link: { name, actions, cameras, until } }: MadeGuestLink): string =>
  [
    renderUnicodeCompact(url, { border: 2 }),
    "",
    url,
    "",
    `Let ${name} scan it or open it, in your home's network. It works once, in one browser, and until ${new Date(until).toLocaleString()}`,
    `allows ${actions.join(", ")} on ${cameras.join(", ")}. \`gatehouse guest revoke\` ends it before.`,
  ].join("\n");

/** @param now Unix milliseconds */
export const stateOf = ({ used, until, revoked }: GuestLink, now: number): string => {
  if (revoked !== null) return "revoked";
  if (now >= until) return "over";
  return used === null ? "not opened yet" : `opened ${new Date(used).toLocaleString()}`;
};

export const guestInviteCommand: Command = {
  path: ["guest", "invite"],
  summary: "a link that lets a guest see some cameras for a while, without a password",
  operands: ["NAME"],
  options: {
    camera: { type: "string", value: "ID", multiple: true, help: "a camera to see (may be repeated)" },
    action: {
      ...{ type: "string", value: "ACTION", multiple: true },
      help: `what is allowed: ${GuestAction.options.join(", ")} (may be repeated; default: ${usual.join(", ")})`,
    },
    hours: { type: "string", value: "N", help: `for so long (default: ${defaultHours})` },
    ...timeOptions,
  },
  examples: [
    "gatehouse guest invite 'Cat sitter' --camera cam-abcdefghijklmnop --hours 48",
    "gatehouse guest invite Plumber --camera cam-abcdefghijklmnop --action live --until 2030-12-31T18:00 --json",
  ],
  run: async (input, { client, clock, signal }) => {
    const body = newLink(input, clock);
    await using gateway = await client();
    const made = await gateway.call("makeGuestLink", { body }, { signal });
    return { json: made, text: guestText(made) };
  },
};

export const guestListCommand: Command = {
  path: ["guest", "list"],
  summary: "the links for guests, and whether they were opened",
  operands: [],
  options: {},
  examples: ["gatehouse guest list"],
  run: async (_input, { client, clock, signal }) => {
    await using gateway = await client();
    const links = await gateway.call("listGuestLinks", {}, { signal });
    const rows = links.map((link) => [
      ...[link.id, link.name, stateOf(link, clock.now()), new Date(link.until).toLocaleString()],
      `${link.actions.join("+")} on ${link.cameras.join(", ")}`,
    ]);
    return { json: links, text: table(["ID", "NAME", "STATE", "UNTIL", "MAY"], rows) };
  },
};

export const guestRevokeCommand: Command = {
  path: ["guest", "revoke"],
  summary: "end a guest link at once, opened or not",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse guest revoke link-abcdefghijklmnop"],
  run: async (input, { client, signal }) => {
    const link = GuestLinkId.safeParse(input.positionals[0]);
    if (!link.success) throw refuse("That is no guest link's id.", "`gatehouse guest list` shows the ids.");
    await using gateway = await client();
    await gateway.call("revokeGuestLink", { params: { link: link.data } }, { signal });
    return { json: { revoked: link.data }, text: `Revoked ${link.data}. Every view of that guest ended.` };
  },
};
