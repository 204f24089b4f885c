import { GatehouseError, isGatehouseError, type Cancellable, type Clock, type Secret } from "@gatehouse/shared";

import { HttpClient, type HttpAnswer, type HttpLogin } from "../http/http-client.ts";
import type { LoginLatch } from "../http/login-latch.ts";
import type { ConnectionGate } from "../tcp/connection-gate.ts";
import { xml, type XmlNode } from "../xml/write-xml.ts";
import type { XmlElement } from "../xml/xml-element.ts";
import { namespaces } from "./namespaces.ts";
import { readEnvelope, writeEnvelope } from "./soap-envelope.ts";
import { faultError, isLoginFault, readFault } from "./soap-fault.ts";
import { decideLogin, type LoginRefusal } from "./soap-login-policy.ts";
import { readSystemDateAndTime } from "./system-date-and-time.ts";
import { usernameToken } from "./username-token.ts";

export interface SoapClientOptions {
  /** The camera's device service. Its host is the only one spoken to. */
  readonly device: URL;
  /** SHA-256 of the camera's public key, base64url; null for a camera without TLS. */
  readonly pin: string | null;
  readonly clock: Clock;
  /** Undefined for a camera that asks for none. */
  readonly login: SoapLogin | undefined;
  readonly latch: LoginLatch;
  /** Counts the connections; none does unless given. */
  readonly gate?: ConnectionGate | undefined;
}

export interface SoapLogin {
  readonly username: string;
  readonly password: Secret;
  /** Answers HTTP challenges with the same credentials. */
  readonly http: HttpLogin;
  /** Whether the camera is known, from earlier, to do HTTP logins. */
  readonly speaksHttp: boolean;
  /** Told before each token goes out; by throwing it forbids that. */
  readonly sendingToken?: () => void;
}

export interface SoapCall {
  readonly url: URL;
  /** The operation's name, for errors. */
  readonly operation: string;
  /** The SOAP action. */
  readonly action: string;
  readonly body: XmlNode;
  /** WS-Addressing headers and the like. */
  readonly header?: readonly XmlNode[];
  /** `false` for what must be answered to strangers: then no credentials are sent, whatever the camera asks. */
  readonly authenticate?: boolean;
  readonly timeoutMs?: number;
  /** Longest answer taken, in bytes; 1 MiB unless told. */
  readonly limit?: number;
}

/** Clocks that differ by less are the same, seen through one-second resolution and a slow network. */
const clockToleranceMs = 3_000;

/** SOAP 1.2 over HTTP to one camera, in the camera's own time. */
export class SoapClient implements Disposable {
  readonly #options: SoapClientOptions;
  readonly #http: HttpClient;
  #clockOffsetMs = 0;
  #sendsToken = false;
  #speaksHttp: boolean;

  constructor(options: SoapClientOptions) {
    const { device, pin, clock, login, gate } = options;
    this.#options = options;
    this.#http = new HttpClient({ host: device.hostname, pin: device.protocol === "https:" ? pin : null, clock, gate });
    this.#speaksHttp = login?.speaksHttp ?? false;
  }

  /** What the camera's clock shows, as far as it was measured; milliseconds since the epoch. */
  get cameraNow(): number {
    return this.#options.clock.now() + this.#clockOffsetMs;
  }

  /**
   * One call. The answer's body element is returned, whatever its name.
   * @throws GatehouseError `camera-credentials`, `camera-fault` (details.codes, details.words), `camera-answer-malformed`,
   * and what HttpClient.request throws
   */
  async call(call: SoapCall, cancel: Cancellable): Promise<XmlElement> {
    let clock: LoginRefusal["clock"] = "not-measured";
    let token = this.#sendsToken && call.authenticate !== false;
    for (;;) {
      const outcome = await this.#exchange(call, token, cancel);
      if (outcome.kind === "answered") {
        this.#sendsToken ||= token;
        return outcome.body;
      }
      if (call.authenticate === false) throw outcome.error;
      let next = this.#decide({ tokenSent: token, clock });
      if (next === "measure-clock") {
        const moved = await this.measureClock(cancel);
        next = this.#decide({ tokenSent: token, clock: moved ? "moved" : "unmoved" });
        // Once is enough: a camera whose clock moves all the time would be sent token after token.
        clock = "unmoved";
      }
      if (next !== "send-token") throw this.#refused(next, outcome.error);
      token = true;
    }
  }

  /**
   * Asks the camera for its time; true if it differs from what was known. A camera that will not tell keeps what was
   * known: a wrong clock then shows as a refused login.
   */
  async measureClock(cancel: Cancellable): Promise<boolean> {
    const { clock, device } = this.#options;
    const asked = clock.now();
    const operation = "GetSystemDateAndTime";
    const body = xml(`tds:${operation}`, { "xmlns:tds": namespaces.device });
    const action = `${namespaces.device}/${operation}`;
    const call = { url: device, action, operation, body, authenticate: false };
    const shown = await this.call(call, cancel).then(readSystemDateAndTime, onlyRefusals);
    if (shown === undefined) return false;
    const offset = shown - (asked + clock.now()) / 2;
    const moved = Math.abs(offset - this.#clockOffsetMs) > clockToleranceMs;
    this.#clockOffsetMs = offset;
    return moved;
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #exchange(call: SoapCall, token: boolean, cancel: Cancellable): Promise<Outcome> {
    const { login, latch } = this.#options;
    const authenticate = login !== undefined && call.authenticate !== false;
    if (authenticate) latch.check();
    try {
      const answer = await this.#http.request(
        {
          method: "POST",
          url: call.url,
          headers: {
            "content-type": `application/soap+xml; charset=utf-8; action="${call.action}"`,
          },
          body: this.#write(call, authenticate && token),
          timeoutMs: call.timeoutMs,
          limit: call.limit,
          login: authenticate ? this.#watched(login.http) : undefined,
        },
        cancel,
      );
      return judge(answer, call.operation);
    } catch (error) {
      if (!isGatehouseError(error)) throw error;
      if (error.code === "camera-credentials") latch.refused();
      // A camera that offers only Basic may still take a token, which does not show the password.
      if (error.code === "camera-basic-refused" && !token) return { kind: "refused", error };
      throw error;
    }
  }

  #write({ header = [], body }: SoapCall, token: boolean): Buffer {
    const { login } = this.#options;
    if (token) login?.sendingToken?.();
    const security = token && login !== undefined ? [usernameToken({ ...login, cameraNow: this.cameraNow })] : [];
    return writeEnvelope({ header: [...security, ...header], body });
  }

  /** The login, with an ear for whether the camera takes it. */
  #watched(login: HttpLogin): HttpLogin {
    return {
      challenge: (headers, request) => login.challenge(headers, request),
      authorize: (method, uri) => login.authorize(method, uri),
      accepted: (status) => {
        this.#speaksHttp = true;
        login.accepted(status);
      },
    };
  }

  #decide(refusal: Pick<LoginRefusal, "tokenSent" | "clock">): ReturnType<typeof decideLogin>["kind"] {
    return decideLogin({
      ...refusal,
      hasCredentials: this.#options.login !== undefined,
      secure: this.#options.device.protocol === "https:",
      speaksHttpLogin: this.#speaksHttp,
    }).kind;
  }

  #refused(decision: ReturnType<typeof decideLogin>["kind"], cause: GatehouseError): GatehouseError {
    if (cause.code === "camera-basic-refused" && decision !== "wrong-credentials") return cause;
    if (decision === "wrong-credentials") this.#options.latch.refused();
    const { words, operation } = cause.details;
    const said = typeof words === "string" && words !== "" ? `; it says: ${words}` : "";
    const why =
      decision === "missing-credentials"
        ? "the camera asks for a user name and password"
        : decision === "not-permitted"
          ? `the camera knows this account but does not let it call ${String(operation)}`
          : "the camera refuses this user name and password";
    // For whoever wants to know whether the password was right: those are not permitted whom the camera knows.
    const details = { ...cause.details, known: decision === "not-permitted" };
    return new GatehouseError("camera-credentials", why + said, { cause, details });
  }
}

type Outcome =
  | { readonly kind: "answered"; readonly body: XmlElement }
  /** Because of who asked, or of how the login is offered. */
  | { readonly kind: "refused"; readonly error: GatehouseError };

const judge = (answer: HttpAnswer, operation: string): Outcome => {
  const body = bodyOf(answer, operation);
  if (body?.name === "Fault") {
    const fault = readFault(body);
    const error = faultError(fault, operation);
    if (isLoginFault(fault) || answer.status === 401) return { kind: "refused", error };
    throw error;
  }
  if (answer.status === 401) {
    const message = `the camera wants a login for ${operation}`;
    return { kind: "refused", error: new GatehouseError("camera-credentials", message, { details: { operation } }) };
  }
  if (body === undefined || answer.status < 200 || answer.status > 299) throw unusable(answer.status, operation);
  return { kind: "answered", body };
};

/** Undefined where an answer that is no success holds no SOAP: an HTML page that says 404, say. */
const bodyOf = ({ status, body }: HttpAnswer, operation: string): XmlElement | undefined => {
  try {
    return readEnvelope(body);
  } catch (error) {
    if (status === 200) throw error;
    if (status === 401) return undefined;
    throw unusable(status, operation, error);
  }
};

const unusable = (status: number, operation: string, cause?: unknown): GatehouseError =>
  new GatehouseError("camera-answer-malformed", `the camera answered ${operation} with HTTP ${status} and no SOAP`, {
    cause,
    details: { operation, status },
  });

/** A camera that refuses to tell its time is no failure; one that cannot be reached is. */
const onlyRefusals = (error: unknown): undefined => {
  if (isGatehouseError(error) && ["camera-fault", "camera-credentials", "camera-answer-malformed"].includes(error.code))
    return;
  throw error;
};
