import {
  fromWireError,
  GatehouseError,
  isError,
  systemCode,
  withDeadline,
  WireError,
  type Cancellable,
  type Clock,
} from "@gatehouse/shared";
import { request, type RequestOptions } from "node:https";

import { controlName } from "../operators/operator-authority.ts";
import { controlCalls, type ControlAnswer, type ControlCallName, type ControlRequest } from "./calls.ts";
import type { OperatorKey } from "./operator-key.ts";
import { readAtMost } from "./read-at-most.ts";

const answerTime = 30_000;
/** Bytes of the longest answer. */
const longestAnswer = 8 << 20;

export interface ControlClientOptions {
  /** The relay's control socket. */
  readonly path: string;
  readonly key: OperatorKey;
  /** Of a sign-in; undefined before one. */
  readonly token: string | undefined;
  readonly clock: Clock;
}

/** Calls the relay as an operator: a connection for each call. */
export class ControlClient {
  readonly #options: ControlClientOptions;

  constructor(options: ControlClientOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError `relay-stopped`, `operator-...`, those of the call, or the signal's reason */
  async call<N extends ControlCallName>(
    name: N,
    body: ControlRequest<N>,
    cancel: Cancellable,
  ): Promise<ControlAnswer<N>> {
    const { clock } = this.#options;
    const deadline = { clock, ms: answerTime, what: "the relay's answer", ...cancel };
    const { status, content } = await withDeadline(deadline, (inner) => this.#send(name, body, inner));
    const json = parseJson(content);
    if (status === 200) {
      const answer = controlCalls[name].answer.safeParse(json);
      if (answer.success) return answer.data as ControlAnswer<N>;
    }
    const error = WireError.safeParse(json);
    throw error.success ? fromWireError(error.data) : malformed();
  }

  async #send(name: string, body: unknown, { signal }: Cancellable): Promise<{ status: number; content: string }> {
    const { path, key, token } = this.#options;
    const options: RequestOptions = {
      agent: false,
      socketPath: path,
      path: `/v1/${name}`,
      method: "POST",
      // The socket's own certificate is of this name, and of the authority in the operator's file.
      servername: controlName,
      host: controlName,
      ca: key.authority,
      cert: key.certificate,
      key: key.privateKey,
      minVersion: "TLSv1.3",
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal,
    };
    try {
      return await exchange(options, JSON.stringify(body));
    } catch (cause) {
      signal.throwIfAborted();
      throw explain(cause, path);
    }
  }
}

const exchange = (options: RequestOptions, body: string): Promise<{ status: number; content: string }> =>
  new Promise((resolve, reject) => {
    const sending = request(options, (response) => {
      readAtMost(response, longestAnswer).then(
        (content) => resolve({ status: response.statusCode ?? 0, content: content ?? "" }),
        reject,
      );
    });
    sending.on("error", reject);
    sending.end(body);
  });

/** What the system calls a socket that nobody listens at. */
const absent = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);

const explain = (cause: unknown, path: string): GatehouseError => {
  const code = systemCode(cause) ?? "";
  if (absent.has(code)) return new GatehouseError("relay-stopped", `No relay listens at ${path}.`, { cause });
  if (code === "EACCES" || code === "EPERM") {
    return new GatehouseError("relay-stopped", `${path} cannot be opened by this user.`, {
      remedy:
        "Run the command as the user that the relay runs as: `sudo -u gatehouse-relay gatehouse-relay ...`, or as root.",
      cause,
    });
  }
  // The handshake is over for us before the relay has judged our certificate (RFC 8446 4.4.2.4): its refusal comes as an alert.
  const tls =
    /^(ERR_SSL|ERR_TLS|DEPTH_|SELF_SIGNED|UNABLE_TO|CERT_)/.test(code) || code === "ECONNRESET" || code === "EPIPE";
  if (tls)
    return new GatehouseError("operator-unknown", "This relay and this operator's key do not know each other.", {
      cause,
    });
  return new GatehouseError(
    "relay-stopped",
    `The relay did not answer (${code || (isError(cause) ? cause.name : "failed")}).`,
    { cause },
  );
};

const malformed = (): GatehouseError =>
  new GatehouseError("relay-answer-malformed", "the relay's answer cannot be understood", {
    remedy: "Give the relay and this command the same version of Gatehouse.",
  });

const parseJson = (content: string): unknown => {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
};
