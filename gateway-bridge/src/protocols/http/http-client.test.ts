import { GatehouseError, systemClock } from "@gatehouse/shared";
import { makeCertificate, TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  createServer as createSocketServer,
  type AddressInfo,
  type Server as SocketServer,
  type Socket,
} from "node:net";
import { Readable } from "node:stream";

import { HttpClient, type HttpLogin } from "./http-client.ts";

const never = { signal: new AbortController().signal };
const open: (Server | SocketServer)[] = [];
const clients: HttpClient[] = [];

const sockets = new Set<Socket>();
const listen = async (server: Server | SocketServer): Promise<string> => {
  open.push(server);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener));
const client = (options: Partial<ConstructorParameters<typeof HttpClient>[0]> = {}): HttpClient => {
  const made = new HttpClient({ host: "127.0.0.1", pin: null, clock: systemClock, ...options });
  clients.push(made);
  return made;
};
const get = (url: string) => ({ method: "GET", url: new URL(url) }) as const;
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error as GatehouseError).code,
  );

/** Answers every challenge with one fixed word, and gives up at the second. */
class ScriptedLogin implements HttpLogin {
  readonly seen: (readonly string[])[] = [];
  taken = 0;
  challenge(headers: readonly string[]): void {
    this.seen.push(headers);
    if (this.seen.length > 1) throw new GatehouseError("camera-credentials", "wrong");
  }
  authorize(method: string, uri: string): string | undefined {
    return this.seen.length > 0 ? `Word ${method} ${uri}` : undefined;
  }
  accepted(): void {
    this.taken += 1;
  }
}

afterEach(async () => {
  for (const one of clients.splice(0)) one[Symbol.dispose]();
  for (const server of open.splice(0)) {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
});

describe("HttpClient", () => {
  it("sends a body and brings the answer with its status", async () => {
    const host = await serve((request, response) => {
      void (async () => {
        const chunks = (await request.toArray()) as Buffer[];
        response.writeHead(418, { "x-seen": `${request.method ?? ""} ${request.url ?? ""}` });
        response.end(Buffer.concat(chunks));
      })();
    });
    const answer = await client().request(
      { method: "POST", url: new URL(`http://${host}/a?b=c`), body: Buffer.from("hello") },
      never,
    );
    expect([answer.status, answer.headers["x-seen"], answer.body.toString()]).toEqual([418, "POST /a?b=c", "hello"]);
  });

  it("uses one connection for requests one after the other, and survives the camera closing it", async () => {
    const ports = new Set<number | undefined>();
    const host = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    });
    const http = client();
    for (let round = 0; round < 3; round += 1) await http.request(get(`http://${host}/`), never);
    expect(ports.size).toBe(1);
    (open[0] as Server).closeAllConnections();
    expect((await http.request(get(`http://${host}/`), never)).status).toBe(200);
    expect(ports.size).toBe(2);
  });

  it("stops reading a 200 MiB answer at its limit", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1 << 16);
    const host = await serve((_, response) => {
      const push = (): void => {
        if (response.destroyed || sent >= 200 * (1 << 20)) return;
        sent += chunk.length;
        if (response.write(chunk)) setImmediate(push);
        else response.once("drain", push);
      };
      push();
    });
    expect(await codeOf(client().request(get(`http://${host}/`), never))).toBe("camera-answer-too-large");
    expect(sent).toBeLessThan(16 * (1 << 20));
  });

  it("sends a body piece by piece, and anew with the login that is asked for", async () => {
    const heard: string[] = [];
    const host = await serve((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        heard.push(`${request.headers["content-length"] ?? ""} ${Buffer.concat(pieces).toString()}`);
        const asks = request.headers.authorization === undefined;
        response.writeHead(asks ? 401 : 200, asks ? { "www-authenticate": "Word" } : {}).end();
      });
    });
    const body = { length: 10, open: () => Readable.from([Buffer.from("hello"), Buffer.from("there")]) };
    const to = { method: "POST", url: new URL(`http://${host}/`), body, login: new ScriptedLogin() } as const;
    expect((await client().request(to, never)).status).toBe(200);
    expect(heard).toEqual(["10 hellothere", "10 hellothere"]);
  });

  it("gives up a body that cannot be read on, and says why", async () => {
    let ended = false;
    const host = await serve((request) => void request.resume().on("end", () => (ended = true)));
    const broken = async function* () {
      yield Buffer.from("hello");
      throw new GatehouseError("firmware-unfit", "another file");
    };
    const to = { method: "POST", url: new URL(`http://${host}/`), body: { length: 10, open: () => Readable.from(broken()) } } as const; // prettier-ignore
    expect(await codeOf(client().request(to, never))).toBe("firmware-unfit");
    expect(ended).toBe(false);
  });

  it("does not read a body that is announced as too long", async () => {
    const host = await serve((_, response) => {
      response.writeHead(200, { "content-length": "11" });
      response.write("0123456789");
    });
    const request = { ...get(`http://${host}/`), limit: 10 };
    expect(await codeOf(client().request(request, never))).toBe("camera-answer-too-large");
  });

  it("gives up on a silent camera when the clock says so", async () => {
    const heard = Promise.withResolvers<undefined>();
    const host = await listen(createSocketServer((socket) => socket.once("data", () => heard.resolve(undefined))));
    const clock = new TestClock();
    const code = codeOf(client({ clock }).request({ ...get(`http://${host}/`), timeoutMs: 7_000 }, never));
    await heard.promise;
    await clock.advance(7_000);
    expect(await code).toBe("camera-unreachable");
  });

  it("ends with the caller's reason when it is aborted", async () => {
    const controller = new AbortController();
    const host = await serve(() => controller.abort(new GatehouseError("aborted", "enough")));
    expect(await codeOf(client().request(get(`http://${host}/`), controller))).toBe("aborted");
  });

  it("says whether there was a connection at all", async () => {
    const host = await serve((request) => request.socket.destroy());
    await expect(client().request(get(`http://${host}/`), never)).rejects.toMatchObject({
      code: "camera-unreachable",
      details: { disconnected: true },
    });
    (open[0] as Server).close();
    await expect(client().request(get(`http://${host}/`), never)).rejects.toMatchObject({
      code: "camera-unreachable",
      details: { disconnected: false },
    });
  });

  it("names an answer that is not HTTP", async () => {
    const host = await listen(createSocketServer((socket) => socket.end("SSH-2.0-dropbear\r\n")));
    expect(await codeOf(client().request(get(`http://${host}/`), never))).toBe("camera-answer-malformed");
  });

  it("logs in once asked, and at once from then on", async () => {
    const words: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      words.push(request.headers.authorization);
      if (request.headers.authorization === undefined) {
        response.writeHead(401, [["WWW-Authenticate", "One"], ["WWW-Authenticate", "Two, three"]] as never); // prettier-ignore
      }
      response.end();
    });
    const login = new ScriptedLogin();
    const http = client();
    for (let round = 0; round < 2; round += 1) {
      expect((await http.request({ ...get(`http://${host}/s?q=1`), login }, never)).status).toBe(200);
    }
    expect(login.seen).toEqual([["One", "Two, three"]]);
    expect(words).toEqual([undefined, "Word GET /s?q=1", "Word GET /s?q=1"]);
    expect(login.taken).toBe(2);
  });

  it("tries a wrong password once", async () => {
    const words: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      words.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": "One" }).end();
    });
    const request = { ...get(`http://${host}/`), login: new ScriptedLogin() };
    expect(await codeOf(client().request(request, never))).toBe("camera-credentials");
    expect(words).toEqual([undefined, "Word GET /"]);
  });

  it("asks no other host, whatever it is told", async () => {
    const asked: IncomingMessage[] = [];
    const other = (
      await serve((request, response) => {
        asked.push(request);
        response.end();
      })
    ).replace("127.0.0.1", "localhost");
    const host = await serve((_, response) => response.writeHead(302, { location: `http://${other}/` }).end());
    expect(await codeOf(client().request(get(`http://${other}/`), never))).toBe("camera-foreign-host");
    expect(await codeOf(client().request(get(`http://${host}/`), never))).toBe("camera-foreign-host");
    expect(asked).toEqual([]);
  });

  it("follows one redirect within the camera, and no more", async () => {
    const host = await serve((request, response) => {
      if (request.url === "/end") response.end("there");
      else response.writeHead(307, { location: request.url === "/a" ? "/end" : "/loop" }).end();
    });
    expect((await client().request(get(`http://${host}/a`), never)).body.toString()).toBe("there");
    expect((await client().request(get(`http://${host}/loop`), never)).status).toBe(307);
  });

  it("says where a camera wants TLS", async () => {
    const host = await serve((_, response) => response.writeHead(302, { location: "https://127.0.0.1/onvif?x" }).end());
    await expect(client().request(get(`http://${host}/`), never)).rejects.toMatchObject({
      code: "camera-fingerprint-unconfirmed",
      details: { location: "https://127.0.0.1/onvif" },
    });
  });
});

describe("HttpClient with a pin", () => {
  const { certificate, privateKey, pin } = makeCertificate();
  const serveTls = async (listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
    listen(createTlsServer({ cert: certificate, key: privateKey }, listener));

  it("speaks to the camera that shows the key, over one connection", async () => {
    const ports = new Set<number | undefined>();
    const host = await serveTls((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("safe");
    });
    const http = client({ pin });
    for (let round = 0; round < 2; round += 1) {
      expect((await http.request(get(`https://${host}/`), never)).body.toString()).toBe("safe");
    }
    expect(ports.size).toBe(1);
  });

  it("sends an impostor not one byte of a request", async () => {
    const seen: IncomingMessage[] = [];
    const host = await serveTls((request) => seen.push(request));
    let bytes = 0;
    open[0]!.on("secureConnection", (socket: { on(name: "data", run: (data: Buffer) => void): void }) =>
      socket.on("data", (data) => (bytes += data.length)),
    );
    const http = client({ pin: Buffer.alloc(32, 1).toString("base64url") });
    const login = new ScriptedLogin();
    login.seen.push(["answered before"]);
    expect(await codeOf(http.request({ ...get(`https://${host}/`), login }, never))).toBe("camera-fingerprint-changed");
    expect([seen.length, bytes]).toEqual([0, 0]);
  });

  it("speaks nothing without TLS", async () => {
    const host = await serveTls((_, response) => response.writeHead(302, { location: "http://127.0.0.1/" }).end());
    expect(await codeOf(client({ pin }).request(get(`http://${host}/`), never))).toBe("camera-weaker-auth");
    expect(await codeOf(client({ pin }).request(get(`https://${host}/`), never))).toBe("camera-weaker-auth");
    expect(await codeOf(client().request(get(`https://${host}/`), never))).toBe("camera-fingerprint-unconfirmed");
  });
});
