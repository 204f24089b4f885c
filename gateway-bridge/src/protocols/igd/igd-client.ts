import { GatehouseError, isGatehouseError, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";

import { HttpClient } from "../http/http-client.ts";
import { textAt } from "../xml/xml-element.ts";
import { igdErrors, readAnswer, writeCall, type IgdAction, type IgdAnswer, type IgdCall, type IgdRefusal } from "./igd-actions.ts"; // prettier-ignore
import {
  line,
  longestDescriptionBytes,
  ownUrl,
  readDescription,
  type IgdDescription,
  type IgdService,
} from "./igd-description.ts";
import { listMappings } from "./list-mappings.ts";
import { longestListBytes, readMapping, type MappingKey, type PortMapping } from "./port-mapping.ts";

export interface IgdClientOptions {
  /** The router's literal address, which its answer came from; nobody else is ever spoken to. */
  readonly address: string;
  readonly clock: Clock;
  /** The most mappings that are read; what is beyond makes the list incomplete. */
  readonly mostMappings?: number;
}

export interface MappingList {
  readonly mappings: readonly PortMapping[];
  /** Whether there are no others, as far as the router tells. */
  readonly complete: boolean;
}

export interface Ipv6Firewall {
  readonly enabled: boolean;
  /** Whether devices inside may ask for holes in it. */
  readonly pinholes: boolean;
}

const longestAnswerBytes = 64 * 1024;
/** For one question. */
const patienceMs = 5_000;
/** For all mappings. */
const listPatienceMs = 30_000;

/** Asks one router what it lets in, by UPnP's Internet Gateway Device, version 1 or 2. Changes nothing but by `remove`. */
export class IgdClient implements Disposable {
  readonly #http: HttpClient;
  readonly #options: IgdClientOptions;

  constructor(options: IgdClientOptions) {
    this.#options = options;
    this.#http = new HttpClient({ host: options.address, pin: null, clock: options.clock });
  }

  /**
   * @param location as the router gave it
   * @returns undefined where that is another's, or describes no gateway
   * @throws GatehouseError `router-unreachable`, `router-answer-malformed`
   */
  async describe(location: string, cancel: Cancellable): Promise<IgdDescription | undefined> {
    const own = new URL(`http://${this.#options.address}/`);
    const at = ownUrl(location, own, own);
    if (at === undefined) return undefined;
    const { status, body } = await this.#request({ method: "GET", url: at, limit: longestDescriptionBytes }, cancel);
    if (status !== 200) throw new GatehouseError("router-answer-malformed", `the router answered with HTTP ${status}`);
    return readDescription(body, at);
  }

  /** Its address outside, as it wrote it; null where it tells none. */
  async externalAddress(service: IgdService, cancel: Cancellable): Promise<string | null> {
    const answer = await this.#call(service, { action: "GetExternalIPAddress", inputs: [] }, cancel);
    if (answer.kind === "refused") return null;
    return line(textAt(answer.outputs, "NewExternalIPAddress")) || null;
  }

  /**
   * What it told before it failed, or time was over, is kept: the list is incomplete then.
   * @throws GatehouseError `router-unreachable`, `router-answer-malformed`, `timeout` where it told nothing
   */
  async mappings(service: IgdService, cancel: Cancellable): Promise<MappingList> {
    const { clock, mostMappings: most = 512 } = this.#options;
    const found = new Map<string, PortMapping>();
    const ask = (action: IgdAction, inputs: IgdCall["inputs"], bounded: Cancellable): Promise<IgdAnswer> =>
      this.#call(service, { action, inputs }, bounded);
    try {
      const complete = await withDeadline(
        { clock, ms: listPatienceMs, what: "the end of the router's list", signal: cancel.signal },
        (bounded) => listMappings({ ask, most, version: service.version, found }, bounded),
      );
      return { mappings: [...found.values()], complete };
    } catch (error) {
      cancel.signal.throwIfAborted();
      if (!isGatehouseError(error) || found.size === 0) throw error;
      return { mappings: [...found.values()], complete: false };
    }
  }

  /** What the router holds under a key now; undefined if nothing, or if it does not tell. */
  async mapping(service: IgdService, key: MappingKey, cancel: Cancellable): Promise<PortMapping | undefined> {
    const answer = await this.#call(service, { action: "GetSpecificPortMappingEntry", inputs: inputsOf(key) }, cancel);
    return answer.kind === "refused" ? undefined : readMapping(answer.outputs, key);
  }

  /**
   * Has a mapping removed. Routers say yes to what was not there, and some to what they keep: only another list shows whether it is gone.
   * @returns why the router did not want to; undefined where it said yes, or that there is none
   */
  async remove(service: IgdService, key: MappingKey, cancel: Cancellable): Promise<IgdRefusal | undefined> {
    const answer = await this.#call(service, { action: "DeletePortMapping", inputs: inputsOf(key) }, cancel);
    if (answer.kind === "done" || answer.code === igdErrors.noSuchEntry) return undefined;
    return { code: answer.code, words: answer.words };
  }

  /** @returns undefined where the router does not tell */
  async ipv6Firewall(service: IgdService, cancel: Cancellable): Promise<Ipv6Firewall | undefined> {
    const answer = await this.#call(service, { action: "GetFirewallStatus", inputs: [] }, cancel);
    if (answer.kind === "refused") return undefined;
    const on = (name: string): boolean => ["1", "true", "yes"].includes(textAt(answer.outputs, name).toLowerCase());
    return { enabled: on("FirewallEnabled"), pinholes: on("InboundPinholeAllowed") };
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #call(
    { type: service, control: url }: IgdService,
    { action, inputs }: Omit<IgdCall, "service">,
    cancel: Cancellable,
  ): Promise<IgdAnswer> {
    const { soapAction, body } = writeCall({ service, action, inputs });
    const headers = { "content-type": 'text/xml; charset="utf-8"', soapaction: soapAction };
    const limit = action === "GetListOfPortMappings" ? longestListBytes : longestAnswerBytes;
    const answer = await this.#request({ method: "POST", url, headers, body, limit }, cancel);
    return readAnswer(answer.body, action, limit);
  }

  async #request(
    request: Parameters<HttpClient["request"]>[0],
    cancel: Cancellable,
  ): Promise<{ readonly status: number; readonly body: Buffer }> {
    try {
      return await this.#http.request({ ...request, timeoutMs: patienceMs }, cancel);
    } catch (error) {
      cancel.signal.throwIfAborted();
      throw asRouters(error);
    }
  }
}

const inputsOf = ({ remoteHost, externalPort, protocol }: MappingKey): IgdCall["inputs"] => [
  ["NewRemoteHost", remoteHost],
  ["NewExternalPort", String(externalPort)],
  ["NewProtocol", protocol],
];

/** The HTTP client speaks of cameras. */
const asRouters = (error: unknown): unknown => {
  if (!isGatehouseError(error) || !error.code.startsWith("camera-")) return error;
  return error.code === "camera-unreachable"
    ? new GatehouseError("router-unreachable", "the router did not answer", { cause: error })
    : new GatehouseError("router-answer-malformed", "the router's answer breaks the protocol", { cause: error });
};
