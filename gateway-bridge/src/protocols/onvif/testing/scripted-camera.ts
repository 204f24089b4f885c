import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

import { parseXml } from "../../xml/parse-xml.ts";
import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";

export interface ScriptedRequest {
  readonly path: string;
  /** Local name of the body's element; `GET` for what is no SOAP. */
  readonly operation: string;
  readonly authorization: string | undefined;
  /** The whole message, as it came. */
  readonly text: string;
  readonly header: XmlElement | undefined;
  readonly body: XmlElement | undefined;
}

export interface ScriptedReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** As it goes on the wire; a string is put into a SOAP envelope. */
  readonly raw?: Buffer;
  readonly soap?: string;
  /** Done instead of answering. */
  readonly instead?: (response: ServerResponse) => void;
}

/** What an operation answers: the content of the SOAP body, or more. */
export type Answer = string | ScriptedReply;

/** The request is never answered. */
export const hang: Answer = { instead: () => undefined };
/** The connection is closed instead of an answer. */
export const cut: Answer = { instead: (response) => response.socket?.destroy() };

export type Operation = (request: ScriptedRequest) => Answer | Promise<Answer>;

export interface ScriptedCameraOptions {
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** `digest`: HTTP Digest (MD5). `token`: UsernameToken. Default: open to all. */
  readonly login?: "digest" | "token" | "none";
  /** Default: any port of 127.0.0.1. */
  readonly at?: { readonly host: string; readonly port: number };
  readonly operations?: Readonly<Record<string, Operation>>;
}

const openToAll = new Set(["GetSystemDateAndTime", "GetServices", "GetCapabilities"]);
export const username = "viewer";
export const password = "pass&<wörd>";

/** An ONVIF camera for tests, whose every answer can be replaced. It keeps what it was sent. */
export class ScriptedCamera implements AsyncDisposable {
  readonly requests: ScriptedRequest[] = [];
  readonly operations: Record<string, Operation>;
  /** How far its clock is from ours. */
  clockOffsetMs = 0;
  /** Its own idea of the host in addresses. */
  host: string;
  nonce = randomBytes(8).toString("hex");
  wrongLogins = 0;
  readonly url: URL;
  readonly #server: Server;
  readonly #login: ScriptedCameraOptions["login"];

  private constructor(server: Server, options: ScriptedCameraOptions) {
    const scheme = options.tls === undefined ? "http" : "https";
    const { address, port } = server.address() as AddressInfo;
    this.host = `${address}:${port}`;
    this.url = new URL(`${scheme}://${this.host}/onvif/device_service`);
    this.#server = server;
    this.#login = options.login;
    this.operations = { ...defaultOperations(this), ...options.operations };
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
  }

  static async open(options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> {
    const { tls, at = { host: "127.0.0.1", port: 0 } } = options;
    const server = tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.privateKey });
    server.listen(at.port, at.host);
    await once(server, "listening");
    return new ScriptedCamera(server, options);
  }

  /** The requests for one operation. */
  asked(operation: string): readonly ScriptedRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    this.requests.push(request);
    const answer = this.#refuse(request, incoming.method ?? "") ?? (await this.#answer(request));
    const reply = typeof answer === "string" ? { soap: answer } : answer;
    if (reply.instead === undefined) send(response, reply);
    else reply.instead(response);
  }

  #answer(request: ScriptedRequest): Answer | Promise<Answer> {
    const operation = this.operations[request.operation];
    return operation === undefined
      ? fault("s:Receiver", "ter:ActionNotSupported", "no such thing")
      : operation(request);
  }

  #refuse(request: ScriptedRequest, method: string): ScriptedReply | undefined {
    if (openToAll.has(request.operation)) return undefined;
    if (this.#login === "digest") return this.#checkDigest(request, method);
    if (this.#login === "token") return this.#checkToken(request);
    return undefined;
  }

  #checkDigest({ authorization, path }: ScriptedRequest, method: string): ScriptedReply | undefined {
    const given = new Map(
      [...(authorization ?? "").matchAll(/(\w+)="?([^",]*)"?/g)].map(([, k = "", v = ""]) => [k, v]),
    );
    const md5 = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");
    const secret = md5(`${username}:camera:${password}`);
    const nonce = given.get("nonce") ?? "";
    const middle = `${nonce}:${given.get("nc") ?? ""}:${given.get("cnonce") ?? ""}:auth`;
    const right = given.get("response") === md5(`${secret}:${middle}:${md5(`${method}:${path}`)}`);
    if (right && nonce === this.nonce) return undefined;
    if (authorization !== undefined && nonce === this.nonce) this.wrongLogins += 1;
    return {
      status: 401,
      headers: { "WWW-Authenticate": `Digest realm="camera", nonce="${this.nonce}", qop="auth", stale="FALSE"` },
    };
  }

  #checkToken({ header }: ScriptedRequest): ScriptedReply | undefined {
    const token = find(header, "Security", "UsernameToken");
    const [created, nonce] = [textAt(token, "Created"), textAt(token, "Nonce")];
    const hash = createHash("sha1")
      .update(Buffer.from(nonce, "base64"))
      .update(created + password, "utf8");
    // The camera's time, where tests let it stand: within a minute of what the client was told.
    const fresh = Math.abs(Date.parse(created) - new Date().getTime() - this.clockOffsetMs) < 60_000;
    if (textAt(token, "Username") === username && textAt(token, "Password") === hash.digest("base64") && fresh) return;
    if (token !== undefined) this.wrongLogins += 1;
    return fault("s:Sender", "ter:NotAuthorized", "Sender not authorized");
  }
}

/** A reply that carries a SOAP fault. */
export const fault = (code: string, subcode: string, words: string, status = 400): ScriptedReply => ({
  status,
  soap: `<s:Fault><s:Code><s:Value>${code}</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${words}</s:Text></s:Reason></s:Fault>`,
});

/** A NotificationMessage. */
export const notification = (topic: string, items: Readonly<Record<string, string>>, operation = "Changed"): string =>
  `<wsnt:NotificationMessage><wsnt:Topic>${topic}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-01-01T00:00:00Z" PropertyOperation="${operation}"><tt:Source><tt:SimpleItem Name="Source" Value="000"/></tt:Source><tt:Data>${Object.entries(
    items,
  )
    .map(([name, value]) => `<tt:SimpleItem Name="${name}" Value="${value}"/>`)
    .join("")}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;

const readRequest = async (incoming: IncomingMessage): Promise<ScriptedRequest> => {
  const text = Buffer.concat((await incoming.toArray()) as Buffer[]).toString("utf8");
  const root = text === "" ? undefined : parseXml(text);
  const body = find(root, "Body")?.children[0];
  return {
    path: incoming.url ?? "",
    operation: body?.name ?? incoming.method ?? "",
    authorization: incoming.headers.authorization,
    text,
    header: find(root, "Header"),
    body,
  };
};

const send = (response: ServerResponse, { status = 200, headers = {}, raw, soap = "" }: ScriptedReply): void => {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.writeHead(status, { "content-type": "application/soap+xml; charset=utf-8" });
  response.end(raw ?? envelope(soap));
};

const prefixes = [
  ["s", "http://www.w3.org/2003/05/soap-envelope"],
  ["tds", "http://www.onvif.org/ver10/device/wsdl"],
  ["trt", "http://www.onvif.org/ver10/media/wsdl"],
  ["tr2", "http://www.onvif.org/ver20/media/wsdl"],
  ["tev", "http://www.onvif.org/ver10/events/wsdl"],
  ["tt", "http://www.onvif.org/ver10/schema"],
  ["wsnt", "http://docs.oasis-open.org/wsn/b-2"],
  ["wstop", "http://docs.oasis-open.org/wsn/t-1"],
  ["wsa", "http://www.w3.org/2005/08/addressing"],
  ["ter", "http://www.onvif.org/ver10/error"],
] as const;

export const envelope = (body: string): string =>
  `<?xml version="1.0"?><s:Envelope ${prefixes.map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`).join(" ")}><s:Body>${body}</s:Body></s:Envelope>`;

/** The profile of a Media 1 answer. */
export const profile = (token: string, size: readonly [number, number], encoding = "H264"): string =>
  `<trt:Profiles token="${token}"><tt:VideoSourceConfiguration><tt:SourceToken>0</tt:SourceToken></tt:VideoSourceConfiguration>
   <tt:VideoEncoderConfiguration><tt:Encoding>${encoding}</tt:Encoding><tt:Resolution><tt:Width>${size[0]}</tt:Width><tt:Height>${size[1]}</tt:Height></tt:Resolution>
   <tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl></tt:VideoEncoderConfiguration></trt:Profiles>`;

const defaultOperations = (camera: ScriptedCamera): Record<string, Operation> => ({
  GetSystemDateAndTime: () => dateAndTime(new Date(new Date().getTime() + camera.clockOffsetMs)),
  GetServices: () =>
    `<tds:GetServicesResponse>${[
      ["http://www.onvif.org/ver10/device/wsdl", "device_service"],
      ["http://www.onvif.org/ver10/media/wsdl", "media"],
      ["http://www.onvif.org/ver10/events/wsdl", "events"],
    ]
      .map(
        ([namespace = "", path = ""]) =>
          `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>http://${camera.host}/onvif/${path}</tds:XAddr></tds:Service>`,
      )
      .join("")}</tds:GetServicesResponse>`,
  GetDeviceInformation: () =>
    `<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme &amp; Sons</tds:Manufacturer><tds:Model>X</tds:Model><tds:FirmwareVersion>5.10</tds:FirmwareVersion><tds:SerialNumber>00012345678901234567890</tds:SerialNumber></tds:GetDeviceInformationResponse>`,
  GetProfiles: () =>
    `<trt:GetProfilesResponse>${profile("000", [1920, 1080])}${profile("1.50", [640, 360])}</trt:GetProfilesResponse>`,
  GetStreamUri: ({ body }) =>
    `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://${camera.host.replace(/:\d+$/, "")}:8554/${textAt(body, "ProfileToken")}?a=1&amp;b=2</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`,
  GetSnapshotUri: ({ body }) =>
    `<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://${camera.host}/snapshot?profile=${textAt(body, "ProfileToken")}</tt:Uri></trt:MediaUri></trt:GetSnapshotUriResponse>`,
  GetEventProperties: () =>
    `<tev:GetEventPropertiesResponse><wstop:TopicSet><VideoSource><MotionAlarm wstop:topic="true"/></VideoSource></wstop:TopicSet></tev:GetEventPropertiesResponse>`,
  CreatePullPointSubscription: () =>
    `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>http://${camera.host}/onvif/subscription/1</wsa:Address></tev:SubscriptionReference>${times(120)}</tev:CreatePullPointSubscriptionResponse>`,
  SetSynchronizationPoint: () => `<tev:SetSynchronizationPointResponse/>`,
  PullMessages: () => hang,
  Renew: () => `<wsnt:RenewResponse>${times(120)}</wsnt:RenewResponse>`,
  Unsubscribe: () => `<wsnt:UnsubscribeResponse/>`,
  GET: () => ({ raw: Buffer.from("ffd8ffe000104a464946", "hex") }),
});

/** CurrentTime and TerminationTime, that far apart. */
export const times = (seconds: number): string =>
  `<wsnt:CurrentTime>2026-01-01T00:00:00Z</wsnt:CurrentTime><wsnt:TerminationTime>${new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString()}</wsnt:TerminationTime>`;

const dateAndTime = (at: Date): string =>
  `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time><tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
