import {
  goHome,
  makeDeviceKey,
  pairDevice,
  systemClock,
  type DeviceIdentity,
  type PairingOffer,
  type WayHome,
} from "@gatehouse/shared";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

import type { PageAnswer, PageQuestion } from "./page-client.ts";

const cancel = { signal: new AbortController().signal };
const clock = systemClock;

/** A device that was paired at home and is away, with whatever login its person has on it. */
export class Traveller {
  readonly identity: DeviceIdentity;
  readonly wayHome: WayHome;
  #cookie = "";

  private constructor(identity: DeviceIdentity) {
    this.identity = identity;
    this.wayHome = identity.wayHome;
  }

  static async pair({ pairingString }: Pick<PairingOffer, "pairingString">): Promise<Traveller> {
    const privateKey = await makeDeviceKey();
    return new Traveller(await pairDevice({ pairingString, privateKey, clock }, cancel));
  }

  /** The same device, which has heard of another way home. */
  knowing(wayHome: WayHome): Traveller {
    const other = new Traveller({ ...this.identity, wayHome });
    other.#cookie = this.#cookie;
    return other;
  }

  /** A connection to the gateway's API, through the relay. */
  knock(): Promise<TLSSocket> {
    const { identity, wayHome } = this;
    return goHome({ identity, wayHome, clock, errand: { kind: "api" }, way: "shared" }, cancel);
  }

  /** One question, by a connection of its own unless one is given, which stays. */
  async ask({ method = "GET", path, body }: PageQuestion, by?: TLSSocket): Promise<PageAnswer> {
    const socket = by ?? (await this.knock());
    const asked = request({
      ...{ method, path, createConnection: () => socket },
      headers: {
        host: `${this.identity.gateway.id}.gatehouse.internal`,
        connection: "keep-alive",
        ...(this.#cookie !== "" && { cookie: this.#cookie }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    const text = (await response.setEncoding("utf8").toArray()).join("");
    if (by === undefined) socket.destroy();
    for (const value of response.headers["set-cookie"] ?? []) {
      if (value.startsWith("__Host-gatehouse=")) this.#cookie = value.replace(/;.*/, "");
    }
    const json = JSON.parse(text) as unknown;
    const code = (json as { error?: { code?: string } }).error?.code;
    return { status: response.statusCode ?? 0, headers: response.headers, text, json, code };
  }
}
