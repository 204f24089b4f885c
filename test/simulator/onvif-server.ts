import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { text } from "node:stream/consumers";

import type { DigestGuard } from "./digest-guard.ts";
import { openOperations, servicePaths } from "./onvif-device-service.ts";
import { subscriptionPath, type OnvifEvents } from "./onvif-events.ts";
import { Port } from "./port.ts";
import type { TlsIdentity } from "./rtsp-server.ts";
import { element, envelope, escapeXml, SoapFault, SoapRequest, type SoapOperations } from "./soap.ts";
import type { TokenGuard } from "./token-guard.ts";

/** What the server serves; made anew once the port's number is known. */
export interface OnvifServices {
  readonly device: SoapOperations;
  readonly media: SoapOperations;
  readonly events: OnvifEvents;
  /** A JPEG of now. */
  readonly snapshot: () => Buffer;
}

export interface OnvifServerOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly tls?: TlsIdentity | undefined;
  readonly digest: DigestGuard;
  readonly token: TokenGuard;
  /** @param origin the server's address without a path */
  readonly services: (origin: string) => OnvifServices;
}

export const snapshotPath = "/onvif/snapshot";
const maxRequest = 65_536;
const prefixes = { device: "tds", media: "trt", events: "tev" } as const;

/** The camera's HTTP(S) port: ONVIF services and snapshots. */
export class OnvifServer implements AsyncDisposable {
  readonly port: Port;
  readonly origin: string;
  readonly services: OnvifServices;
  readonly counts = { requests: 0, snapshots: 0, tokenFailures: 0 };
  readonly #options: OnvifServerOptions;

  private constructor(options: OnvifServerOptions, port: Port) {
    this.#options = options;
    this.port = port;
    this.origin = `${options.tls === undefined ? "http" : "https"}://${options.host}:${port.number}`;
    this.services = options.services(this.origin);
  }

  static async open(options: OnvifServerOptions): Promise<OnvifServer> {
    const { tls, host, port } = options;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      opened.#handle(request, response).catch(() => response.destroy());
    };
    const server = () => (tls === undefined ? createServer(handle) : createTlsServer(tls, handle));
    const opened: OnvifServer = new OnvifServer(options, await Port.open({ server, host, port }));
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.services.events.clear();
    await this.port[Symbol.asyncDispose]();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", this.origin).pathname;
    if (request.method === "GET" && path === snapshotPath) this.#snapshot(request, response);
    else if (request.method === "POST") await this.#soap(path, request, response);
    else response.writeHead(404).end();
  }

  #snapshot(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#passesDigest(request, response)) return;
    this.counts.snapshots += 1;
    const jpeg = this.services.snapshot();
    response.writeHead(200, { "Content-Type": "image/jpeg", "Content-Length": jpeg.length }).end(jpeg);
  }

  async #soap(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.counts.requests += 1;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    if (Number(request.headers["content-length"] ?? 0) > maxRequest) {
      response.writeHead(413).end();
      return;
    }
    try {
      const soap = SoapRequest.parse(await text(request));
      const { operation } = soap;
      if (!openOperations.has(operation) && !this.#admits(soap, request, response)) return;
      const { prefix, action, operations } = this.#service(path);
      if (!Object.hasOwn(operations, operation)) {
        throw new SoapFault("ter:ActionNotSupported", `${operation} is not supported`);
      }
      const body = element(`${prefix}:${operation}Response`, (await operations[operation]?.(soap, gone)) ?? "");
      answer(response, 200, envelope(body, addressing(soap, `${action}/${operation}Response`)));
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      answer(response, 400, envelope(error.toXml()));
    }
  }

  /** A token in the envelope is enough; else HTTP authentication decides, and has answered when this is false. */
  #admits(soap: SoapRequest, request: IncomingMessage, response: ServerResponse): boolean {
    const token = request.headers.authorization === undefined ? this.#options.token.check(soap) : undefined;
    if (token === undefined) return this.#passesDigest(request, response);
    if (token === "allowed") return true;
    this.counts.tokenFailures += 1;
    throw notAuthorized();
  }

  #passesDigest(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = "", url = "", headers } = request;
    const verdict = this.#options.digest.check(headers.authorization, { method, uri: url });
    if (verdict === "allowed") return true;
    response.setHeader("WWW-Authenticate", this.#options.digest.challenges(verdict === "stale"));
    answer(response, 401, envelope(notAuthorized().toXml()));
    return false;
  }

  #service(path: string): { readonly prefix: string; readonly action: string; readonly operations: SoapOperations } {
    const { device, media, events } = this.services;
    if (path.startsWith(subscriptionPath)) {
      const operations = events.subscriptionOperations(path.slice(subscriptionPath.length));
      return { prefix: "tev", action: "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription", operations };
    }
    switch (path) {
      case servicePaths.device:
        return { prefix: prefixes.device, action: "http://www.onvif.org/ver10/device/wsdl", operations: device };
      case servicePaths.media:
        return { prefix: prefixes.media, action: "http://www.onvif.org/ver10/media/wsdl", operations: media };
      case servicePaths.events: {
        const action = "http://www.onvif.org/ver10/events/wsdl/EventPortType";
        return { prefix: prefixes.events, action, operations: events.operations };
      }
      default:
        throw new SoapFault("ter:UnknownAction", "no such service");
    }
  }
}

const notAuthorized = (): SoapFault => new SoapFault("ter:NotAuthorized", "Sender not authorized");

/** WS-Addressing headers, where the request brought an id to relate the answer to. */
const addressing = (soap: SoapRequest, action: string): string => {
  const id = soap.text("MessageID");
  return id === undefined ? "" : element("wsa:RelatesTo", escapeXml(id)) + element("wsa:Action", action);
};

/** With its length, as cameras do: some clients cannot read chunks. */
const answer = (response: ServerResponse, status: number, xml: string): void => {
  const body = Buffer.from(xml);
  response.writeHead(status, {
    "Content-Type": "application/soap+xml; charset=utf-8",
    "Content-Length": body.length,
  });
  response.end(body);
};
