import {
  GatehouseError,
  onAbort,
  pauseBeforeRetry,
  toGatehouseError,
  writePrivateFile,
  type Camera,
  type Me,
} from "@gatehouse/shared";

import { LocalCredential, localUser } from "../../relay/connect/credential.ts";
import { HomeConnection, type LocalPorts } from "../../relay/connect/home-connection.ts";
import type { LineState } from "../../relay/connect/home-line.ts";
import { KeptIdentity } from "../../relay/connect/kept-identity.ts";
import { localAddress } from "../../relay/connect/listen-locally.ts";
import { textOption, type Command, type CommandContext, type CommandInput } from "../command.ts";
import { identityOption, identityPath } from "../device-file.ts";
import { loginOptions, loginSource, type LoginSource } from "../login-source.ts";
import { plainText } from "../plain-text.ts";

const defaultPorts: LocalPorts = { api: 8480, rtsp: 8554 };

const portOption = (input: CommandInput, name: keyof LocalPorts): number => {
  const text = textOption(input, `${name}-port`);
  if (text === undefined) return defaultPorts[name];
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port <= 65_535) return port;
  throw new GatehouseError("request-invalid", `\`${text}\` is no port.`, {
    remedy: "Give a number up to 65535; 0 takes any free one.",
  });
};

const tellError = ({ terminal }: CommandContext, { message, remedy }: GatehouseError, then = ""): void =>
  terminal.note(plainText(`gatehouse: ${message}. ${remedy}${then}`));

/** In ms. A relay says how long it wishes to be left alone at the least. */
const pauseAfter = ({ code, retry, details }: GatehouseError, failures: number, random: number): number => {
  const { retryMs } = details;
  return Math.max(pauseBeforeRetry({ code, retry, failures, random }), typeof retryMs === "number" ? retryMs : 0);
};

/** Waits until the gateway answers, for as long as waiting can help. */
const reachHome = async (home: HomeConnection, context: CommandContext): Promise<void> => {
  const { clock, random, signal } = context;
  let told = "";
  for (let failures = 1; ; failures += 1) {
    try {
      await home.reach({ signal });
      return;
    } catch (cause) {
      signal.throwIfAborted();
      const error = toGatehouseError(cause);
      if (error.retry === "never") throw error;
      if (error.code !== told) tellError(context, error, " It is tried again until it works.");
      told = error.code;
      await clock.delay(pauseAfter(error, failures, random()), { signal });
    }
  }
};

/** Signs in, asking a person for as long as it goes wrong. */
const enter = async (home: HomeConnection, source: LoginSource, context: CommandContext): Promise<Me> => {
  for (;;) {
    await reachHome(home, context);
    try {
      return await home.signIn(await source.next(), context);
    } catch (cause) {
      context.signal.throwIfAborted();
      const error = toGatehouseError(cause);
      const canAsk = source.typed && (error.code === "sign-in-refused" || error.retry === "later");
      if (!canAsk) throw error;
      tellError(context, error);
    }
  }
};

interface Opened {
  readonly kept: KeptIdentity;
  readonly me: Me;
  readonly cameras: readonly Camera[];
  readonly ports: LocalPorts;
  readonly credential: LocalCredential;
  /** Where the credential was written instead of being shown. */
  readonly file: string | undefined;
}

const urls = ({ api, rtsp }: LocalPorts): { readonly api: string; readonly rtsp: string } => ({
  api: `http://${localAddress}:${api}`,
  rtsp: `rtsp://${localAddress}:${rtsp}`,
});

const forPrograms = ({ kept: { identity }, me, ports, credential, file }: Opened): string =>
  JSON.stringify({
    ...urls(ports),
    user: localUser,
    ...(file === undefined ? { credential: credential.secret.reveal() } : { credentialFile: file }),
    gateway: identity.gateway,
    device: identity.device,
    person: me.person.id,
  });

const forPeople = ({ kept: { identity }, me, cameras, ports, credential, file }: Opened): string => {
  const { api, rtsp } = urls(ports);
  const seen = cameras.map(({ id, name }) => `  ${name}: ${rtsp}/${id}/main`);
  const nothing =
    "  You may see no camera from away: whoever governs the gateway grants that, with the right `remote` and the place `away`.";
  return plainText(
    [
      `Connected to ${identity.gateway.name} as ${me.person.name}. Stop it with Ctrl+C.`,
      `API:  ${api}`,
      `RTSP: ${rtsp}/CAMERA/TIER, over TCP`,
      ...(cameras.length === 0 ? [nothing] : seen),
      file === undefined
        ? `Programs on this computer log in to both as ${localUser}, with ${credential.secret.reveal()}`
        : `Programs on this computer log in to both as ${localUser}, with what lies in ${file}`,
    ].join("\n"),
  );
};

const tellState =
  (context: CommandContext, isTold: () => boolean) =>
  (state: LineState): void => {
    // Until it is up for the first time, whoever tries tells of it.
    if (!isTold()) return;
    if (state.kind === "up") context.terminal.note("gatehouse: home answers again.");
    else tellError(context, state.error, " It is tried again whenever a program asks.");
  };

const untilAborted = (signal: AbortSignal): Promise<"stopped"> =>
  new Promise((resolve) => void onAbort(signal, () => resolve("stopped")));

/** Asks for a new sign-in each time that one is over, until it is stopped. */
const stayConnected = async (home: HomeConnection, source: LoginSource, context: CommandContext): Promise<void> => {
  const stopping = untilAborted(context.signal);
  while ((await Promise.race([home.loginOver, stopping])) !== "stopped") {
    const over = new GatehouseError("login-over", "the sign-in at home is over");
    if (!source.typed) throw over;
    tellError(context, over);
    const me = await Promise.race([enter(home, source, context), stopping]);
    if (me === "stopped") return;
    context.terminal.note("gatehouse: signed in again.");
  }
};

/** Stopping is no failure, whatever it interrupts. */
const unlessStopped = async ({ signal }: CommandContext, run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

const connect = async (input: CommandInput, context: CommandContext): Promise<void> => {
  const { clock, log, signal, terminal, json } = context;
  const ports = { api: portOption(input, "api"), rtsp: portOption(input, "rtsp") };
  const file = textOption(input, "credential-file");
  const kept = await KeptIdentity.open(identityPath(input, context));
  let connected = false;
  const onState = tellState(context, () => connected);
  await using home = new HomeConnection({ kept, clock, log, onState });
  const source = loginSource(input, context);
  const me = await enter(home, source, context);
  const cameras = await home.cameras({ signal });
  const credential = LocalCredential.draw();
  const opened = {
    kept,
    me,
    cameras,
    credential,
    file,
    ports: await home.listen({ ...ports, credential }, { signal }),
  };
  if (file !== undefined) await writePrivateFile(file, `${credential.secret.reveal()}\n`);
  terminal.print(json ? forPrograms(opened) : forPeople(opened));
  connected = true;
  await stayConnected(home, source, context);
};

export const connectCommand: Command = {
  path: ["connect"],
  summary: "reach the gateway from away: its API and RTSP on ports of this computer",
  operands: [],
  options: {
    ...identityOption,
    ...loginOptions,
    "api-port": { type: "string", value: "PORT", help: `for the API (default: ${defaultPorts.api}; 0: any free one)` },
    "rtsp-port": { type: "string", value: "PORT", help: `for RTSP (default: ${defaultPorts.rtsp}; 0: any free one)` },
    "credential-file": {
      type: "string",
      value: "FILE",
      help: "write what programs log in with into this file, readable by you alone, instead of showing it",
    },
  },
  examples: ["gatehouse connect", "gatehouse connect --login-name anna --credential-file ~/.gatehouse/connect"],
  run: async (input, context) => {
    await unlessStopped(context, () => connect(input, context));
    return undefined;
  },
};
