import { GatehouseError, isGatehouseError, type Secret } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import type { OnvifCaller } from "../../../protocols/onvif/onvif-caller.ts";
import type { OnvifCall, OnvifService } from "../../../protocols/onvif/onvif-session.ts";
import { decideCameraUri } from "../../../protocols/onvif/camera-uri-policy.ts";
import type { ServerHello } from "../../../protocols/tls/broken-hello.ts";
import { parseXml } from "../../../protocols/xml/parse-xml.ts";
import type { FoundStream } from "../../probe/find-streams.ts";
import type {
  CameraIdentity,
  HttpAnswer,
  Knock,
  ProbedCamera,
  ProbeLogin,
  RtspAnswer,
  TlsFacts,
} from "../../probe/probed-camera.ts";

/** What a camera does when it is asked: answers, asks for a login, does not know the question, or fails in another way. */
type Reaction<Answer> = Answer | "refused" | "unsupported" | GatehouseError;

/**
 * By who asks: `nobody`, `gateway`, or a guess as `name:password`. Whoever is not named is refused; an answer that is not
 * by login is everybody's.
 */
export type Scripted<Answer> = Reaction<Answer> | { readonly by: Readonly<Record<string, Reaction<Answer>>> };

interface ScriptedTls {
  readonly modern?: Partial<TlsFacts> | GatehouseError;
  readonly old?: Partial<TlsFacts> | GatehouseError;
  readonly broken?: readonly ServerHello[];
}

/** What a camera does in one test. What is not said is closed, refused or unknown to it. */
export interface CameraScript extends Partial<
  Omit<ProbedCamera, "identity" | "onvif" | "http" | "rtsp" | "ports" | "device" | "streams" | "snapshot" | "once">
> {
  readonly identity?: Partial<CameraIdentity>;
  readonly device?: string;
  /** Of its tiers: main, sub, third. */
  readonly streams?: readonly string[];
  /** By which name its media service knows the main one. */
  readonly profile?: FoundStream["profile"];
  readonly snapshot?: string;
  /** The gateway's own password, for `ownPasswordIs`. */
  readonly ownPassword?: string;
  readonly services?: readonly OnvifService[];
  /** The body of the answer by operation: `<GetUsersResponse>...`. The others are unknown to the camera. */
  readonly onvif?: Readonly<Record<string, Scripted<string> | ((call: OnvifCall) => Scripted<string>)>>;
  readonly replay?: { readonly twice: boolean; readonly old: boolean } | GatehouseError;
  /** By `GET /path`, or `GET :8080/path` where another port than the device service's is asked; 404 for others. */
  readonly http?: Readonly<
    Record<string, Scripted<Partial<Omit<HttpAnswer, "body">> & { readonly body?: string | Buffer }>>
  >;
  /** By path, or `:322/path` where another port is asked; 404 for others. */
  readonly rtsp?: Readonly<Record<string, Scripted<Partial<RtspAnswer> & { readonly setUp?: boolean }>>>;
  /** Open ports and what they say; null for one that drops what is sent to it. */
  readonly tcp?: Readonly<Record<number, string | null>>;
  /** What comes back to a datagram. */
  readonly udp?: Readonly<Record<number, Buffer | string | ((datagram: Buffer) => Buffer | string | undefined)>>;
  /** What a handshake brings, by port: with TLS 1.2 or later, and with an earlier one. */
  readonly tls?: Readonly<Record<number, ScriptedTls>>;
}

/** A camera that does what a test says, and tells what it was asked: `onvif nobody GetUsers`, `tcp 23`. */
export type ScriptedCamera = ProbedCamera & { readonly asked: readonly string[]; readonly clock: TestClock };

/** Facts of a certificate that nothing is wrong with. */
export const soundTls: TlsFacts = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  pin: "c291bmQta2V5LW9mLXRoaXMtY2FtZXJhLWFsb25lLi4",
  keyType: "ec",
  keyBits: 256,
  signature: "ecdsa-with-SHA256",
  notBefore: 1_690_000_000_000,
  notAfter: 1_900_000_000_000,
};

export const scriptedCamera = (script: CameraScript = {}): ScriptedCamera => {
  const asked: string[] = [];
  const memory = new Map<string, Promise<unknown>>();
  const device = new URL(script.device ?? "http://192.168.1.20/onvif/device_service");
  const facts = factsOf(script, device);
  return {
    ...facts,
    asked,
    onvif: onvifOf(script, { asked, device }),
    http: httpOf(script, { asked, device }),
    rtsp: rtspOf(script, asked),
    ports: portsOf(script, asked),
    guesses: script.guesses ?? unspent(),
    once: <T>(key: string, ask: () => Promise<T>): Promise<T> => {
      const known = memory.get(key) as Promise<T> | undefined;
      const answer = known ?? ask();
      memory.set(key, answer);
      return answer;
    },
  };
};

const factsOf = (script: CameraScript, device: URL) => {
  const tiers = ["main", "sub", "third"] as const;
  const username = "username" in script ? script.username : "gatehouse";
  return {
    id: script.id ?? ("cam-aaaaaaaaaaaaaaaa" as ProbedCamera["id"]),
    kind: script.kind ?? ("onvif" as const),
    name: script.name ?? "Front door",
    host: script.host ?? device.hostname,
    device,
    pin: script.pin ?? null,
    identity: { vendor: "other", manufacturer: "", model: "", firmware: "", serial: "", ...script.identity } as const,
    username,
    streamUsername: "streamUsername" in script ? script.streamUsername : username,
    ownPasswordIs: (password: Secret): boolean => password.reveal() === (script.ownPassword ?? "drawn-by-gatehouse"),
    otherPins: script.otherPins ?? [],
    streams: (script.streams ?? ["rtsp://192.168.1.20/main"]).map((url, index) => ({
      tier: tiers[index] ?? "third",
      url: new URL(url),
      ...(script.profile !== undefined && { profile: script.profile }),
    })),
    snapshot: script.snapshot === undefined ? undefined : new URL(script.snapshot),
    clock: (script.clock ?? new TestClock()) as TestClock,
  };
};

interface Asked {
  readonly asked: string[];
  readonly device: URL;
}

const onvifOf = (script: CameraScript, { asked, device }: Asked): ProbedCamera["onvif"] => ({
  async as(login) {
    if (script.kind !== undefined && script.kind !== "onvif") throw fault("the device service");
    return callerAs(login, script, { asked, device });
  },
  async replay() {
    asked.push("onvif replay");
    if (isGatehouseError(script.replay)) throw script.replay;
    return script.replay;
  },
});

const callerAs = (login: ProbeLogin, script: CameraScript, { asked, device }: Asked): OnvifCaller => ({
  has: (service) => (script.services ?? ["device", "media", "events"]).includes(service),
  cameraNow: script.clock?.now() ?? 1_700_000_000_000,
  async call(call) {
    asked.push(`onvif ${nameOf(login)} ${call.operation}`);
    const entry = script.onvif?.[call.operation] ?? "unsupported";
    return parseXml(reactionTo(typeof entry === "function" ? entry(call) : entry, login, call.operation));
  },
  resolve(text, use) {
    const decision = decideCameraUri({ text, use, device });
    if (decision.kind === "foreign") throw new GatehouseError("camera-foreign-host", "not an address of this camera");
    if (decision.kind !== "use") throw new GatehouseError("camera-answer-malformed", "no address");
    return decision.url;
  },
});

const httpOf = (script: CameraScript, { asked, device }: Asked): ProbedCamera["http"] => ({
  async request({ method, path, port }, login) {
    const other = port === undefined || port === portOf(device) ? "" : `:${port}`;
    const question = `${method} ${other}${path}`;
    asked.push(`http ${nameOf(login)} ${question}`);
    const entry = script.http?.[question] ?? { status: 404 };
    if (reactionFor(entry, login) === "refused") return { status: 401, headers: {}, body: Buffer.alloc(0) };
    const { status = 200, headers = {}, body = "" } = reactionTo(entry, login, question);
    return { status, headers, body: typeof body === "string" ? Buffer.from(body) : body };
  },
});

const portOf = (url: URL): number => (url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port));

const rtspOf = (script: CameraScript, asked: string[]): ProbedCamera["rtsp"] => ({
  async describe(to, login) {
    const question = typeof to === "string" ? to : `:${to.port}${to.path}`;
    asked.push(`rtsp ${nameOf(login)} ${question}`);
    const entry = script.rtsp?.[question] ?? { status: 404, setUp: false };
    if (reactionFor(entry, login) === "refused")
      return { status: 401, challenges: [digestMd5], body: "", setUp: false };
    const { status = 200, challenges = [], body = "", setUp = status === 200 } = reactionTo(entry, login, question);
    return { status, challenges, body, setUp };
  },
});

const digestMd5 = 'Digest realm="camera", nonce="6b1c"';

const portsOf = (script: CameraScript, asked: string[]): ProbedCamera["ports"] => ({
  async tcp(port): Promise<Knock> {
    asked.push(`tcp ${port}`);
    const banner = script.tcp?.[port];
    if (banner === undefined) return { kind: "closed" };
    return banner === null ? { kind: "silent" } : { kind: "open", banner };
  },
  async ownAddress(port) {
    asked.push(`own address ${port}`);
    return "192.168.1.2";
  },
  async udp(port, datagram) {
    asked.push(`udp ${port}`);
    const entry = script.udp?.[port];
    const answer = typeof entry === "function" ? entry(datagram) : entry;
    return typeof answer === "string" ? Buffer.from(answer) : answer;
  },
  async tls(port, { minVersion, maxVersion }) {
    asked.push(`tls ${port} ${minVersion}-${maxVersion}`);
    const { modern, old } = script.tls?.[port] ?? {};
    const shown = maxVersion === "TLSv1.3" ? modern : minVersion === "TLSv1" ? old : undefined;
    if (isGatehouseError(shown)) throw shown;
    return shown && { ...soundTls, ...(maxVersion !== "TLSv1.3" && { protocol: "TLSv1" }), ...shown };
  },
  async brokenTls(port) {
    asked.push(`broken tls ${port}`);
    return script.tls?.[port]?.broken ?? [];
  },
});

/** Nobody has guessed anything yet. */
const unspent = (): ProbedCamera["guesses"] => {
  const wrong = new Set<string>();
  return {
    allowed: () => ({ kind: "allowed" }),
    wasWrong: ({ username, password }) => wrong.has(`${username}:${password}`),
    noteWrong: ({ username, password }) => void wrong.add(`${username}:${password}`),
  };
};

const nameOf = (login: ProbeLogin): string =>
  login.kind === "guess" ? `${login.username}:${login.password.reveal()}` : login.kind;

const reactionFor = <Answer>(entry: Scripted<Answer>, login: ProbeLogin): Reaction<Answer> =>
  isByLogin(entry) ? (entry.by[nameOf(login)] ?? "refused") : entry;

const isByLogin = <Answer>(
  entry: Scripted<Answer>,
): entry is { readonly by: Readonly<Record<string, Reaction<Answer>>> } =>
  typeof entry === "object" && entry !== null && "by" in entry;

const reactionTo = <Answer>(entry: Scripted<Answer>, login: ProbeLogin, question: string): Answer => {
  const reaction = reactionFor(entry, login);
  if (reaction === "refused") throw new GatehouseError("camera-credentials", `the camera refuses ${question}`);
  if (reaction === "unsupported") throw fault(question);
  if (isGatehouseError(reaction)) throw reaction;
  return reaction;
};

const fault = (question: string): GatehouseError =>
  new GatehouseError("camera-fault", `the camera does not know ${question}`, {
    details: { codes: ["Receiver", "ActionNotSupported"], words: "" },
  });
