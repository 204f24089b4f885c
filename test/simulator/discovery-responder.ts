import { createHash } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

import { scopes } from "./onvif-device-service.ts";

export interface DiscoveryResponderOptions {
  readonly id: string;
  /** Address of the interface to be found on. */
  readonly address: string;
  /** 3702 by the standard. */
  readonly port: number;
  /** Address of the device service. */
  readonly xaddr: string;
}

const group = "239.255.255.250";

/** Answers WS-Discovery probes, by multicast and by unicast (WS-Discovery 2005/04; ONVIF Core 7). */
export class DiscoveryResponder implements AsyncDisposable {
  /** While true, probes go unanswered. */
  silent = false;
  readonly #socket: Socket;
  readonly #options: DiscoveryResponderOptions;

  private constructor(socket: Socket, options: DiscoveryResponderOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("message", (message, from) => this.#answer(message.toString(), from));
  }

  static async open(options: DiscoveryResponderOptions): Promise<DiscoveryResponder> {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    socket.bind(options.port);
    await once(socket, "listening");
    socket.addMembership(group, options.address);
    return new DiscoveryResponder(socket, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(probe: string, from: RemoteInfo): void {
    const [, id] = /<(?:[\w-]+:)?MessageID[^>]*>([^<]+)</.exec(probe) ?? [];
    if (this.silent || id === undefined || !/<(?:[\w-]+:)?Probe[\s>/]/.test(probe)) return;
    const [, types = ""] = /<(?:[\w-]+:)?Types[^>]*>([^<]*)</.exec(probe) ?? [];
    if (types.trim() !== "" && !/:(?:NetworkVideoTransmitter|Device)\b/.test(types)) return;
    this.#socket.send(this.#match(id), from.port, from.address);
  }

  #match(relatesTo: string): string {
    const { id, xaddr } = this.#options;
    return [
      `<?xml version="1.0" encoding="UTF-8"?>`,
      `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"`,
      ` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"`,
      ` xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"`,
      ` xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">`,
      `<s:Header><a:MessageID>urn:uuid:${crypto.randomUUID()}</a:MessageID><a:RelatesTo>${relatesTo}</a:RelatesTo>`,
      `<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>`,
      `<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header>`,
      `<s:Body><d:ProbeMatches><d:ProbeMatch>`,
      `<a:EndpointReference><a:Address>urn:uuid:${uuidOf(id)}</a:Address></a:EndpointReference>`,
      `<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>${scopes({ id }).join(" ")}</d:Scopes>`,
      `<d:XAddrs>${xaddr}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`,
      `</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`,
    ].join("");
  }
}

/** The same device answers with the same id, whatever its address. */
const uuidOf = (id: string): string =>
  createHash("sha256")
    .update(id)
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
