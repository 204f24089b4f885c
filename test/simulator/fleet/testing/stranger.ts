import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { setImmediate as nextImmediate } from "node:timers/promises";
import type { TLSSocket } from "node:tls";

import { connectPinned, type PinnedTlsOptions } from "@gatehouse/shared";

import { answerChallenge } from "../../rtsp-probe.ts";
import { escapeXml } from "../../soap.ts";
import type { FleetCamera } from "../fleet-camera.ts";

const nextTurn = async (): Promise<undefined> => {
  await nextImmediate();
};

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface WebAnswer {
  readonly status: number;
  readonly type: string;
  readonly server: string;
  readonly challenges: readonly string[];
  readonly body: string;
}

/** Whoever has the camera in his network and a few lines of code: shares nothing with the gateway's own clients. */
export class Stranger {
  readonly #camera: FleetCamera;

  constructor(camera: FleetCamera) {
    this.#camera = camera;
  }

  /** One HTTP(S) request on a connection of its own, with HTTP Digest where a login is given and asked for. */
  async web(
    method: string,
    url: string,
    {
      login,
      body = "",
      headers = {},
    }: { login?: Login; body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<WebAnswer> {
    const first = await this.#request(method, url, { body, headers });
    const [challenge] = first.challenges.filter((text) => text.startsWith("Digest"));
    if (first.status !== 401 || login === undefined || challenge === undefined) return first;
    const { pathname, search } = new URL(url);
    const authorization = answerChallenge(challenge, { ...login, method, uri: pathname + search });
    return await this.#request(method, url, { body, headers: { ...headers, authorization } });
  }

  /** What the camera answers to an ONVIF call, with a token in the envelope where a login is given. */
  async soap(service: "device" | "media", operation: string, args = "", login?: Login): Promise<WebAnswer> {
    const { onvifUrl } = this.#camera.facts;
    const url = service === "device" ? onvifUrl : new URL("/onvif/Media", onvifUrl).href;
    const namespace = `http://www.onvif.org/ver10/${service}/wsdl`;
    const header = login === undefined ? "" : this.token(login);
    return await this.web("POST", url, {
      body: this.envelope(`<o:${operation} xmlns:o="${namespace}">${args}</o:${operation}>`, header),
    });
  }

  envelope(body: string, header: string): string {
    const soap = "http://www.w3.org/2003/05/soap-envelope";
    return `<e:Envelope xmlns:e="${soap}"><e:Header>${header}</e:Header><e:Body>${body}</e:Body></e:Envelope>`;
  }

  /** A WS-Security UsernameToken by the camera's own clock, of so long ago. */
  token({ username, password }: Login, ageMs = 0): string {
    const nonce = randomBytes(12);
    const created = new Date(Date.now() + this.#camera.state.clock.offsetMs - ageMs).toISOString();
    const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
    return [
      `<w:Security xmlns:w="urn:wsse"><w:UsernameToken><w:Username>${escapeXml(username)}</w:Username>`,
      `<w:Password>${digest}</w:Password><w:Nonce>${nonce.toString("base64")}</w:Nonce>`,
      `<w:Created>${created}</w:Created></w:UsernameToken></w:Security>`,
    ].join("");
  }

  /** DESCRIBE, without and then with a login. */
  async describe(
    path: string,
    login?: Login,
  ): Promise<{ readonly status: number; readonly challenges: readonly string[] }> {
    const url = `rtsp://${this.#camera.facts.address}:554${path}`;
    const first = await this.#describe(url, "");
    const [challenge] = first.challenges.filter((text) => text.startsWith("Digest"));
    if (first.status !== 401 || login === undefined || challenge === undefined) return first;
    const answer = answerChallenge(challenge, { ...login, method: "DESCRIBE", uri: url });
    return await this.#describe(url, `Authorization: ${answer}\r\n`);
  }

  /** What a TCP port says by itself; undefined where it is closed. */
  async banner(port: number, speaks: boolean): Promise<string | undefined> {
    const socket = connect({ host: this.#camera.facts.address, port });
    try {
      await once(socket, "connect");
      if (!speaks) return "";
      const [data] = (await once(socket, "data")) as [Buffer];
      return data.toString("latin1");
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  /**
   * The answer to a datagram that comes from that address; undefined where the port is closed, which the kernel of one's own host says at
   * once. Where the port is open and nothing is said to such a one, somebody who is answered has to ask afterwards: `after`.
   */
  async datagram(port: number, content: Buffer, from = "127.0.0.1", after?: () => Promise<unknown>) {
    const socket = createSocket("udp4");
    socket.bind(0, from);
    await once(socket, "listening");
    socket.connect(port, this.#camera.facts.address);
    await once(socket, "connect");
    const answer = new Promise<Buffer | undefined>((resolve) => {
      socket.once("message", resolve);
      socket.once("error", () => resolve(undefined));
    });
    try {
      socket.send(content);
      if (after === undefined) return await answer;
      await after();
      // An answer to this one was sent before the other: it is here by the next turn.
      return await Promise.race([answer, nextTurn().then(nextTurn)]);
    } finally {
      socket.close();
    }
  }

  /** Whether a handshake by that version alone is taken. */
  async speaksTls(port: number, version: "TLSv1" | "TLSv1.2"): Promise<boolean> {
    const maxVersion = version === "TLSv1" ? "TLSv1.1" : "TLSv1.3";
    try {
      const socket = await this.#tls(port, { minVersion: version, maxVersion });
      socket.destroy();
      return true;
    } catch {
      return false;
    }
  }

  /** Whatever key it shows, however old its ways. */
  async #tls(port: number, versions: Pick<PinnedTlsOptions, "minVersion" | "maxVersion"> = {}): Promise<TLSSocket> {
    const { address: host } = this.#camera.facts;
    const whoever = { accepts: () => true, mismatch: "internal", unreachable: "internal", legacy: true } as const;
    return await connectPinned({ host, port, ...whoever, ...versions }, new AbortController());
  }

  async #request(
    method: string,
    url: string,
    { body, headers }: { readonly body: string | Buffer; readonly headers: Record<string, string> },
  ): Promise<WebAnswer> {
    const { protocol, port, host, pathname, search } = new URL(url);
    const socket = protocol === "https:" ? await this.#tls(Number(port === "" ? 443 : port)) : undefined;
    const request = httpRequest({
      method,
      host: host.split(":")[0],
      port: port === "" ? 80 : Number(port),
      path: pathname + search,
      headers: { ...headers, "Content-Length": Buffer.byteLength(body), Connection: "close" },
      ...(socket === undefined ? { agent: false } : { createConnection: () => socket }),
    });
    request.end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return {
      status: response.statusCode ?? 0,
      type: response.headers["content-type"] ?? "",
      server: response.headersDistinct["server"]?.[0] ?? "",
      challenges: response.headersDistinct["www-authenticate"] ?? [],
      body: (await buffer(response)).toString("latin1"),
    };
  }

  async #describe(url: string, authorization: string) {
    const socket = connect({ host: this.#camera.facts.address, port: 554 });
    try {
      socket.write(`DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\n${authorization}\r\n`);
      let text = "";
      while (!text.includes("\r\n\r\n")) text += ((await once(socket, "data")) as [Buffer])[0].toString();
      const challenges = Array.from(text.matchAll(/^WWW-Authenticate: (.*)$/gm), ([, value = ""]) => value.trim());
      return { status: Number(/^RTSP\/1\.0 (\d+)/.exec(text)?.[1]), challenges };
    } finally {
      socket.destroy();
    }
  }
}
