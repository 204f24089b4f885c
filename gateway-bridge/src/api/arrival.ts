import { GatehouseError } from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";

import { originOf, type Authority } from "../domain/authority.ts";
import { judgeHost, valuesOf, type HostVerdict, type LocalEnd } from "./host-guard.ts";
import { isFollowedLink, judgeOrigin } from "./origin-guard.ts";

export interface ArrivalOptions {
  /** Hosts that lead here, beside the address itself. */
  readonly hosts: ReadonlySet<string>;
  readonly local: LocalEnd;
  readonly writeDown: (why: string) => void;
}

/** What a request says of where it was sent, and of the page that sent it. What is refused here is written down. */
export class Arrival {
  /** Undefined where it was not meant for this gateway. */
  readonly authority: Authority | undefined;
  readonly #host: HostVerdict;
  readonly #headers: IncomingMessage["headers"];

  readonly #writeDown: (why: string) => void;

  constructor({ url = "", rawHeaders, headers }: IncomingMessage, { hosts, local, writeDown }: ArrivalOptions) {
    this.#writeDown = writeDown;
    this.#host = judgeHost({ hosts: valuesOf("host", rawHeaders), target: url, local }, hosts);
    this.#headers = headers;
    this.authority = this.#host.kind === "own" ? this.#host.authority : undefined;
  }

  /**
   * @param leadsTo `page` where links of others may lead
   * @throws GatehouseError `origin-refused` for a page that is not our own
   */
  judgePage(leadsTo: "page" | "data"): void {
    const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest } = this.#headers;
    if (leadsTo === "page" && isFollowedLink({ mode: mode?.toString(), dest: dest?.toString() })) return;
    const own = this.authority && originOf(this.authority);
    if (judgeOrigin({ origin, site: site?.toString() }, own) === "allowed") return;
    this.#writeDown("origin-refused");
    throw new GatehouseError("origin-refused", "a page of another site sent this request");
  }

  /**
   * Whoever proved a key knows whom it speaks to, and may call the gateway what it likes.
   * @param known whether the sender was told who it is
   * @throws GatehouseError `host-unknown`
   */
  judgeHost(known: boolean): void {
    if (this.#host.kind === "own") return;
    const { authorization, cookie } = this.#headers;
    if (known && authorization === undefined && cookie === undefined) return;
    this.#writeDown("host-unknown");
    throw new GatehouseError("host-unknown", `this request is ${this.#host.why}`);
  }
}
