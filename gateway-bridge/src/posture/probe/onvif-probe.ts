import { isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import { HttpClient } from "../../protocols/http/http-client.ts";
import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { namespaces } from "../../protocols/onvif/namespaces.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import { OnvifSession } from "../../protocols/onvif/onvif-session.ts";
import { readEnvelope, writeEnvelope } from "../../protocols/onvif/soap-envelope.ts";
import { usernameToken } from "../../protocols/onvif/username-token.ts";
import { xml } from "../../protocols/xml/write-xml.ts";
import type { CameraGate } from "./probe-budget.ts";
import { counted, unasked, type LoginInUse, type ProbeLogins } from "./probe-logins.ts";
import type { OnvifProbe, ProbeLogin } from "./probed-camera.ts";
import { SentPassword } from "./sent-password.ts";

export interface GuardedOnvifOptions {
  /** The device service, at a literal address. */
  readonly device: URL;
  readonly pin: string | null;
  readonly gate: CameraGate;
  readonly logins: ProbeLogins;
  readonly clock: Clock;
}

/** What a stranger must not be answered, the most guarded first (ONVIF Core, default access classes). */
const guarded = ["GetUsers", "GetDeviceInformation"] as const;
const longestAnswer = 1 << 16;

/** ONVIF to one camera, through the budget. Sessions are kept for one look. */
export class GuardedOnvif implements OnvifProbe, Disposable {
  readonly #options: GuardedOnvifOptions;
  readonly #sessions = new DisposableStack();
  readonly #known = new Map<"nobody" | "gateway", Promise<OnvifCaller>>();

  constructor(options: GuardedOnvifOptions) {
    this.#options = options;
  }

  /** A guess that the camera does not ask for fails with `camera-fault` (details.unasked): it proves nothing. */
  async as(login: ProbeLogin, cancel: Cancellable): Promise<OnvifCaller> {
    if (login.kind === "guess") return this.#open(login, cancel);
    const known = this.#known.get(login.kind) ?? this.#open(login, cancel);
    this.#known.set(login.kind, known);
    return known;
  }

  async replay(
    ageMs: number,
    cancel: Cancellable,
  ): Promise<{ readonly twice: boolean; readonly old: boolean } | undefined> {
    const { cameraNow } = await this.as({ kind: "gateway" }, cancel);
    const operation = await this.#guardedOperation(cancel);
    if (operation === undefined) return undefined;
    const login = this.#options.logins.of({ kind: "gateway" }, "onvif");
    if (login === undefined) return undefined;
    const send = (message: Buffer): Promise<boolean> => this.#sendToken(login, message, cancel);
    const fresh = messageWith(operation, login, cameraNow);
    if (!(await send(fresh))) return undefined;
    const twice = await send(fresh);
    return { twice, old: await send(messageWith(operation, login, cameraNow - ageMs)) };
  }

  [Symbol.dispose](): void {
    this.#sessions[Symbol.dispose]();
  }

  async #open(login: ProbeLogin, cancel: Cancellable): Promise<OnvifCaller> {
    const { logins, gate } = this.#options;
    const inUse = logins.of(login, "onvif");
    const session = await asked(inUse, gate, () => this.#openSession(inUse, cancel), cancel);
    const caller = new GuardedCaller(session, inUse, gate);
    // Seen to be right before several checks use it at once: then it is no guess any more.
    if (login.kind === "gateway") await getDeviceInformation(caller, cancel).catch(onlyAnswers);
    return caller;
  }

  async #openSession(inUse: LoginInUse | undefined, cancel: Cancellable): Promise<OnvifSession> {
    const { device, pin, clock, gate, logins } = this.#options;
    const secure = device.protocol === "https:";
    const login = inUse && {
      ...inUse.credentials,
      http: counted(inUse, secure),
      speaksHttp: inUse.speaksHttp,
      sendingToken: () => inUse.sent.sending(),
    };
    const latch = inUse?.latch ?? logins.noLatch;
    const session = await OnvifSession.open({ device, pin, clock, login, latch, gate }, cancel);
    if (this.#sessions.disposed) session[Symbol.dispose]();
    else this.#sessions.use(session);
    return session;
  }

  /** What this camera answers to nobody; only by that can be told whether a token was looked at. */
  async #guardedOperation(cancel: Cancellable): Promise<string | undefined> {
    const stranger = await this.as({ kind: "nobody" }, cancel);
    for (const operation of guarded) {
      try {
        await stranger.call({ service: "device", operation }, cancel);
      } catch (error) {
        if (!isGatehouseError(error)) throw error;
        if (error.code === "camera-credentials") return operation;
        if (error.code !== "camera-fault") throw error;
      }
    }
    return undefined;
  }

  /** A camera may count a refused token as a wrong password, however right it is: so each is written down as a guess. */
  async #sendToken({ credentials }: LoginInUse, message: Buffer, cancel: Cancellable): Promise<boolean> {
    const { device, pin, clock, gate } = this.#options;
    const account = { ...gate.place, username: credentials.username };
    const never = { holds: false, keep: () => undefined, drop: () => undefined };
    const sent = new SentPassword({ ledger: gate.ledger, account, proof: never });
    return gate.ask(async () => {
      using http = new HttpClient({
        host: device.hostname,
        pin: device.protocol === "https:" ? pin : null,
        clock,
        gate,
      });
      sent.sending();
      const headers = { "content-type": "application/soap+xml; charset=utf-8" };
      const request = { method: "POST", url: device, headers, body: message, limit: longestAnswer } as const;
      const answer = await http.request(request, cancel);
      const taken = answer.status === 200 && isAnswer(answer.body);
      if (taken) sent.taken();
      else sent.heard({ status: answer.status, words: answer.body.toString("latin1") });
      return taken;
    }, cancel);
  }
}

const messageWith = (operation: string, { credentials }: LoginInUse, cameraNow: number): Buffer =>
  writeEnvelope({
    header: [usernameToken({ ...credentials, cameraNow })],
    body: xml(`o:${operation}`, { "xmlns:o": namespaces.device }),
  });

const isAnswer = (body: Buffer): boolean => {
  try {
    return readEnvelope(body)?.name !== "Fault";
  } catch {
    return false;
  }
};

/** One login's calls, each a question of the budget, each outcome told to the ledger. */
class GuardedCaller implements OnvifCaller {
  readonly #session: OnvifSession;
  readonly #login: LoginInUse | undefined;
  readonly #gate: CameraGate;

  constructor(session: OnvifSession, login: LoginInUse | undefined, gate: CameraGate) {
    this.#session = session;
    this.#login = login;
    this.#gate = gate;
  }

  has(service: Parameters<OnvifCaller["has"]>[0]): boolean {
    return this.#session.has(service);
  }

  async call(...[call, cancel]: Parameters<OnvifCaller["call"]>): ReturnType<OnvifCaller["call"]> {
    try {
      const answer = await asked(this.#login, this.#gate, () => this.#session.call(call, cancel), cancel);
      if (this.#login?.guessed === true && !this.#login.sent.wasSent) throw unasked();
      this.#login?.sent.taken();
      return answer;
    } catch (error) {
      if (this.#login?.sent.inDoubt === true) await this.#settleDoubt(this.#login, cancel);
      throw error;
    }
  }

  /**
   * A login by UsernameToken is refused in the same words whether the password is wrong or the account may not do what was asked. What every
   * account may ask tells.
   */
  async #settleDoubt(login: LoginInUse, cancel: Cancellable): Promise<void> {
    const session = this.#session;
    try {
      await asked(login, this.#gate, () => getDeviceInformation(session, cancel), cancel);
      login.sent.taken();
    } catch (error) {
      if (!isGatehouseError(error)) throw error;
      if (error.code === "camera-credentials") login.sent.lost();
    }
  }

  resolve(...address: Parameters<OnvifCaller["resolve"]>): URL {
    return this.#session.resolve(...address);
  }

  get cameraNow(): number {
    return this.#session.cameraNow;
  }
}

/** One question of the budget, with an ear for hints at a lock. */
const asked = async <T>(
  login: LoginInUse | undefined,
  gate: CameraGate,
  work: () => Promise<T>,
  cancel: Cancellable,
): Promise<T> => {
  const question = (): Promise<T> => gate.ask(work, cancel);
  try {
    return await (login === undefined ? question() : login.alone(question, cancel));
  } catch (error) {
    if (isGatehouseError(error)) {
      const { status, words } = error.details;
      login?.sent.heard({
        status: typeof status === "number" ? status : undefined,
        words: typeof words === "string" ? words : "",
      });
    }
    throw error;
  }
};

/** A camera that says no, or nothing understandable, is told of by whoever asks it next. */
const onlyAnswers = (error: unknown): void => {
  const passing = ["camera-credentials", "camera-fault", "camera-answer-malformed", "camera-basic-refused"];
  if (!isGatehouseError(error) || !passing.includes(error.code)) throw error;
};
