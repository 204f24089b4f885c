import { GatehouseError, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";

import type { Authorizer } from "../auth/authorizer.ts";
import type { RtspConnection } from "./rtsp-connection.ts";
import type { RtspRequest, RtspResponse } from "./rtsp-message.ts";
import { judgeStatus } from "./rtsp-status-policy.ts";

export interface RtspRequesterOptions {
  readonly connection: RtspConnection;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
}

/** Longest wait for one answer. */
const answerMs = 10_000;
/** A login takes two exchanges, three when the nonce had just gone stale. */
const mostExchanges = 3;

/** Requests that log in where they are asked to, and whose answers say that they were carried out. */
export class RtspRequester {
  readonly #options: RtspRequesterOptions;

  constructor(options: RtspRequesterOptions) {
    this.#options = options;
  }

  /**
   * The answer, of a status that means success.
   * @throws GatehouseError `camera-fault` (details: method, status, reason), `camera-foreign-host` for redirects,
   * `camera-unreachable`, what the Authorizer throws, why the connection ended, or the signal's reason
   */
  async request(request: RtspRequest, cancel: Cancellable): Promise<RtspResponse> {
    const { authorizer } = this.#options;
    for (let exchange = 1; exchange <= mostExchanges; exchange += 1) {
      const authorization = authorizer.authorize(request.method, request.uri);
      const response = await this.#exchange(request, authorization, cancel);
      const verdict = judgeStatus(response.status);
      switch (verdict.kind) {
        case "done":
          if (authorization !== undefined) authorizer.accepted();
          return response;
        case "log-in":
          authorizer.challenge(response.headers.all("www-authenticate"), { authorization });
          break;
        case "failed": {
          const { status, reason } = response;
          const { method } = request;
          const { remedy } = verdict;
          const details = { method, status, reason };
          throw new GatehouseError(verdict.code, `the camera answered ${method} with ${status} ${reason}`.trimEnd(), {
            details,
            ...(remedy !== undefined && { remedy }),
          });
        }
      }
    }
    throw new GatehouseError("camera-credentials", "the camera keeps asking for a login");
  }

  #exchange(request: RtspRequest, authorization: string | undefined, { signal }: Cancellable): Promise<RtspResponse> {
    const { clock, connection } = this.#options;
    const headers = { ...request.headers, ...(authorization !== undefined && { Authorization: authorization }) };
    const what = `the camera's answer to ${request.method}`;
    return withDeadline({ clock, ms: answerMs, what, code: "camera-unreachable", signal }, (bounded) =>
      connection.exchange({ ...request, headers }, bounded),
    );
  }
}
