import { systemClock, untilAborted, type Clock } from "@gatehouse/shared";
import { createSocket, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { parseXml } from "../../xml/parse-xml.ts";
import { find, type XmlElement } from "../../xml/xml-element.ts";
import { describeRouter, outputsOf, writeReaction, type Reaction, type ScriptedMapping } from "./router-texts.ts";

/** What it answers to an action; undefined for what it always does. */
export type Script = (action: string, inputs: XmlElement, router: ScriptedRouter) => Reaction | undefined;
export interface ScriptedRouterOptions {
  readonly version?: 1 | 2;
  readonly mappings?: readonly ScriptedMapping[];
  readonly script?: Script;
  /** In the place of its description. */
  readonly describe?: (request: IncomingMessage, response: ServerResponse, router: ScriptedRouter) => void;
  /** In the place of where its description is. */
  readonly location?: (own: string) => string;
  /** Answers to a search before its own: whatever somebody else might say. */
  readonly noise?: readonly (Buffer | string)[];
  readonly firewall?: { readonly enabled: boolean; readonly pinholes: boolean };
  /** UDP answers to NAT-PMP and PCP. */
  readonly answerDatagram?: (question: Buffer) => Buffer | undefined;
}

/** A home's routers are looked for by so many datagrams. */
const typesOfOneSearch = 5;

/** A router on loopback, as hostile as its test wants it. Remembers what it was asked, and to do what. */
export class ScriptedRouter implements AsyncDisposable {
  readonly actions: string[] = [];
  readonly requests: string[] = [];
  mappings: ScriptedMapping[];
  readonly #options: ScriptedRouterOptions;
  readonly #http: Server;
  readonly #ssdp: Socket;
  readonly #control: Socket;
  readonly #controlPort: number;
  readonly #searched = new EventEmitter();
  #searches = 0;

  private constructor(options: ScriptedRouterOptions, parts: { http: Server; ssdp: Socket; control: Socket }) {
    this.#options = options;
    this.mappings = [...(options.mappings ?? [])];
    ({ http: this.#http, ssdp: this.#ssdp, control: this.#control } = parts);
    this.#controlPort = this.#control.address().port;
    // A closed port says at once that nobody is there.
    if (options.answerDatagram === undefined) this.#control.close();
    this.#http.on(
      "request",
      (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response),
    );
    this.#ssdp.on("message", (datagram, from) => {
      for (const answer of this.#found(datagram)) this.#ssdp.send(answer, from.port, from.address);
      this.#searches += 1;
      this.#searched.emit("search");
    });
    this.#control.on("message", (question, from) => {
      const answer = options.answerDatagram?.(question);
      if (answer !== undefined) this.#control.send(answer, from.port, from.address);
    });
  }

  static async open(options: ScriptedRouterOptions = {}): Promise<ScriptedRouter> {
    const [http, ssdp, control] = [createServer(), createSocket("udp4"), createSocket("udp4")];
    http.listen(0, "127.0.0.1");
    ssdp.bind(0, "127.0.0.1");
    control.bind(0, "127.0.0.1");
    await Promise.all([http, ssdp, control].map((each) => once(each, "listening")));
    return new ScriptedRouter(options, { http, ssdp, control });
  }

  /** Where a search finds it, for `at` of HomeRouter. */
  get at(): {
    readonly from: readonly string[];
    readonly to: { readonly address: string; readonly port: number };
    readonly controlPort: number;
  } {
    const to = { address: "127.0.0.1", port: this.#ssdp.address().port };
    return { from: ["127.0.0.1"], to, controlPort: this.#controlPort };
  }

  /** The system's, but that a search is over as soon as this router has answered all of it, however long that takes. */
  get clock(): Clock {
    return { ...systemClock, delay: (_, cancel) => untilAborted(cancel.signal, this.#answered()) };
  }

  get own(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get location(): string {
    return this.#options.location?.(this.own) ?? `${this.own}/rootDesc.xml`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ssdp.close();
    if (this.#options.answerDatagram !== undefined) this.#control.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answered(): Promise<void> {
    const until = this.#searches + typesOfOneSearch;
    while (this.#searches < until) await once(this.#searched, "search");
    // What was sent over loopback lies at the other socket, which is read at the next turns.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #found(datagram: Buffer): (Buffer | string)[] {
    const type = /^ST: *(.*?)\r?$/m.exec(datagram.toString("latin1"))?.[1] ?? "";
    const answer = ["HTTP/1.1 200 OK", `ST: ${type}`, `USN: uuid:1::${type}`, `LOCATION: ${this.location}`, "", ""];
    return [...(this.#options.noise ?? []), answer.join("\r\n")];
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    if (request.method === "GET") {
      if (this.#options.describe === undefined) response.end(describeRouter(this.#options));
      else this.#options.describe(request, response, this);
      return;
    }
    const call = find(parseXml(body), "Body")?.children[0];
    if (call === undefined) throw new Error("no call");
    this.actions.push(call.name);
    const reaction = this.#options.script?.(call.name, call, this) ?? this.#react(call);
    const { status, text } = writeReaction(call.name, reaction);
    response.writeHead(status, { "content-type": "text/xml" }).end(text);
  }

  #react(call: XmlElement): Reaction {
    const input = (name: string): string => find(call, name)?.text ?? "";
    const index = this.mappings.findIndex(
      ({ protocol, externalPort, remoteHost = "" }) =>
        protocol === input("NewProtocol") &&
        externalPort === Number(input("NewExternalPort")) &&
        remoteHost === input("NewRemoteHost"),
    );
    const held = this.mappings[index];
    switch (call.name) {
      case "GetExternalIPAddress":
        return { outputs: { NewExternalIPAddress: "9.9.9.9" } };
      case "GetGenericPortMappingEntry": {
        const mapping = this.mappings[Number(input("NewPortMappingIndex"))];
        return mapping === undefined ? { error: 713 } : { outputs: outputsOf(mapping) };
      }
      case "GetSpecificPortMappingEntry":
        return held === undefined ? { error: 714 } : { outputs: outputsOf(held) };
      case "DeletePortMapping":
        if (held === undefined) return { error: 714 };
        this.mappings.splice(index, 1);
        return { outputs: {} };
      case "GetFirewallStatus":
        return {
          outputs: {
            FirewallEnabled: this.#options.firewall?.enabled === true ? "1" : "0",
            InboundPinholeAllowed: this.#options.firewall?.pinholes === true ? "1" : "0",
          },
        };
      default:
        return { error: 401 };
    }
  }
}
