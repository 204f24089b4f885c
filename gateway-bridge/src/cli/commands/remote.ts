import {
  GatehouseError,
  type Cancellable,
  type Clock,
  type GatewayClient,
  type ListedPrincipal,
  type RemoteState,
} from "@gatehouse/shared";

import type { Answer, Command } from "../command.ts";
import { refuse } from "../grant-options.ts";

/** How long the gateway may take to reach its relay before the owner is told that it still tries. */
const patienceMs = 10_000;
const lookMs = 250;

const connectionText = ({ connection, relay, trouble, since }: RemoteState): string => {
  const where = relay === null ? "no relay" : `${relay.name} (${relay.address})`;
  const how = {
    off: relay === null ? "No relay knows this gateway." : `No connection to ${where}.`,
    connecting: `Not connected to ${where} yet; it is tried again and again.`,
    connected: `Connected to ${where} since ${new Date(since).toLocaleString()}.`,
    refused: `${where} does not know this gateway.`,
  }[connection];
  return trouble === null ? how : `${how}\n  ${trouble}`;
};

/** How remote access stands, for people. */
export const stateText = (state: RemoteState): string => {
  const { enabled, stops, tunnel, devices, channels, refusedChannels } = state;
  const lines = [`Remote access is ${enabled ? "ON" : "OFF"}. ${connectionText(state)}`];
  if (tunnel !== null) lines.push(`The relay knows this gateway as ${tunnel}, and nothing else of this home.`);
  lines.push(`${devices} devices may knock; ${channels} channels stand; ${refusedChannels} were refused here.`);
  if (stops.length > 0) lines.push("", "While it is off:", ...stops.map((sentence) => `  ${sentence}`));
  return lines.join("\n");
};

/** The state as soon as the gateway is connected, or refused, or all patience is gone. */
const settled = async (
  gateway: GatewayClient,
  { clock, signal }: { readonly clock: Clock } & Cancellable,
): Promise<RemoteState> => {
  const until = clock.monotonic() + patienceMs;
  for (;;) {
    const state = await gateway.call("remote", {}, { signal });
    if (state.connection !== "connecting" || clock.monotonic() >= until) return state;
    await clock.delay(lookMs, { signal });
  }
};

const holdsRemote = ({ kind, revoked, grants }: ListedPrincipal): boolean =>
  kind === "person" && revoked === null && grants.some(({ action }) => action === "remote");

const whoText = (people: readonly Pick<ListedPrincipal, "name">[]): string =>
  people.length === 0
    ? "Nobody comes in yet: nobody holds the right `remote`. `gatehouse grant set --help` says how it is given."
    : `These hold the right \`remote\`, and come in on a device of theirs, with two factors: ${people.map(({ name }) => name).join(", ")}. Nobody else comes in.`;

export const remoteStatusCommand: Command = {
  path: ["remote", "status"],
  summary: "whether anybody can come from away, through which relay, and what stops while it is off",
  operands: [],
  options: {},
  examples: ["gatehouse remote status"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const state = await gateway.call("remote", {}, { signal });
    return { json: state, text: stateText(state) };
  },
};

export const remoteEnrolCommand: Command = {
  path: ["remote", "enrol"],
  summary: "make this gateway known at a relay, by an invite of its operator; nothing is switched on by that",
  operands: [],
  options: { "invite-stdin": { type: "boolean", help: "read the invite from standard input" } },
  examples: ["gatehouse remote enrol", "gatehouse remote enrol --invite-stdin < invite.txt"],
  run: async ({ options }, { client, signal, terminal }) => {
    const typed =
      options["invite-stdin"] === true
        ? await terminal.readInput()
        : await terminal.ask("Invite (ghr1. ...): ", { hidden: true });
    const invite = typed?.trim() ?? "";
    if (invite === "") throw refuse("There is no invite, and no terminal to ask for it.", "Use --invite-stdin.");
    await using gateway = await client();
    const state = await gateway.call("enrolAtRelay", { body: { invite } }, { signal });
    const text = `${state.relay?.name ?? ""} knows this gateway now, as ${state.tunnel ?? ""}. \`gatehouse remote on\` lets people come through it.`;
    return { json: state, text };
  },
};

export const remoteOnCommand: Command = {
  path: ["remote", "on"],
  summary: "let people who hold the right `remote` come from away, through the relay",
  operands: [],
  options: {},
  examples: ["gatehouse remote on"],
  run: async (_input, { client, clock, signal }) => {
    await using gateway = await client();
    await gateway.call("switchRemote", { body: { enabled: true } }, { signal });
    const state = await settled(gateway, { clock, signal });
    const principals = await gateway.call("listPrincipals", {}, { signal });
    const people = principals.filter(holdsRemote).map(({ id, name }) => ({ id, name }));
    return { json: { ...state, people }, text: `${stateText(state)}\n\n${whoText(people)}` };
  },
};

export const remoteOffCommand: Command = {
  path: ["remote", "off"],
  summary: "let nobody come from away; what flows there ends at once, and devices stay paired",
  operands: [],
  options: {},
  examples: ["gatehouse remote off"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const state = await gateway.call("switchRemote", { body: { enabled: false } }, { signal });
    return { json: state, text: stateText(state) };
  },
};

export const remoteLeaveCommand: Command = {
  path: ["remote", "leave"],
  summary: "forget the relay, the key that it knows, and every device that would come through it",
  operands: [],
  options: {},
  examples: ["gatehouse remote leave"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const state = await gateway.call("leaveRelay", {}, { signal });
    return { json: state, text: stateText(state) };
  },
};

export const remoteRotateCommand: Command = {
  path: ["remote", "rotate"],
  summary: "new keys towards the relay and the devices, without anybody noticing",
  operands: [],
  options: {},
  examples: ["gatehouse remote rotate"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const state = await gateway.call("rotateRemoteKeys", {}, { signal });
    const text = [
      "There are new keys. The relay takes the new one as soon as it is connected, and devices as each comes home; until then",
      "the ones before are good, too. `gatehouse remote panic` drops them at once, and everybody with them.",
    ].join("\n");
    return { json: state, text };
  },
};

const insistOnYes = async (
  yes: boolean,
  { ask }: { readonly ask: (question: string, options: { hidden: boolean }) => Promise<string | undefined> },
): Promise<void> => {
  if (yes) return;
  const question = "This ends all access from away and drops every device. Go on? (yes/no) ";
  if ((await ask(question, { hidden: false }))?.trim().toLowerCase() === "yes") return;
  throw new GatehouseError("request-invalid", "Nothing was changed.", { remedy: "If you mean it, say --yes." });
};

const panicked = (state: RemoteState): Answer => {
  const untold = state.trouble === null ? "" : "\nThe relay was not told yet; it is, as soon as it can be reached.";
  return {
    json: state,
    text: `All access from away has ended: every device was dropped, all keys were replaced, and it is off.${untold}\nWhen all is well: \`gatehouse remote on\`, and pair each device anew, at home.`,
  };
};

export const remotePanicCommand: Command = {
  path: ["remote", "panic"],
  summary: "end all access from away at once: every device dropped, all keys replaced, off",
  operands: [],
  options: { yes: { type: "boolean", help: "do not ask" } },
  examples: ["gatehouse remote panic", "gatehouse remote panic --yes"],
  run: async ({ options }, { client, signal, terminal }) => {
    await insistOnYes(options["yes"] === true, terminal);
    await using gateway = await client();
    return panicked(await gateway.call("panic", {}, { signal }));
  },
};
