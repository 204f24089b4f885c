import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { loadDeviceIdentity, type WireError } from "@gatehouse/shared";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { WebSocket } from "ws";

import { LocalCredential } from "../../gateway-bridge/src/relay/connect/credential.ts";
import { makeDoorKey } from "../../gateway-bridge/src/relay/door/testing/door-world.ts";
import { annasPassword, AwayHome } from "../support/away-home.ts";

const never = { signal: new AbortController().signal };
const camera = "/v1/cameras/cam-aaaaaaaaaaaaaaaa";
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

let home: AwayHome;
beforeEach(async () => {
  home = await AwayHome.open();
});
afterEach(() => home[Symbol.asyncDispose]());

/** What local programs asked, without what `gatehouse connect` asks by itself. */
const passed = (): string[] => home.heard.slice(asked).map(({ method, path }) => `${method} ${path}`);
let asked = 0;
const enter = async (): Promise<void> => {
  await home.enter();
  asked = home.heard.length;
};

interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Every header as it is written here, and no other. */
const raw = async (method: string, path: string, headers: Record<string, string>): Promise<Raw> => {
  const sent = httpRequest({ port: home.ports.api, host: "127.0.0.1", method, path, headers, agent: false }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
};
const errorIn = ({ body }: Raw): WireError["error"] => (JSON.parse(body) as WireError).error;
const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as WireError).error.code;

describe("the API's port of `gatehouse connect`", () => {
  beforeEach(enter);

  it("answers programs that show the credential as the gateway answers the device's person", async () => {
    const answer = await home.ask("/v1/cameras");
    expect([answer.status, await answer.json()]).toEqual([200, [home.camera]]);
    const [login] = home.cookies;
    expect(home.heard.at(-1)?.headers).toMatchObject({
      host: "gw-aaaaaaaaaaaaaaaa.gatehouse.internal",
      cookie: expect.stringContaining(`__Host-gatehouse=${login}`),
    });
    expect(home.log.lines.map(({ message }) => message)).not.toContain("request broke off");
  });

  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] as const;
  const wrongs: readonly (readonly [string, () => Record<string, string>])[] = [
    ["no credential", () => ({})],
    ["another one", () => ({ authorization: `Bearer ${LocalCredential.draw().secret.reveal()}` })],
    ["half of it", () => ({ authorization: home.bearer.slice(0, -20) })],
    ["another user", () => ({ authorization: basic("anna", home.credential.secret.reveal()) })],
    ["the person's password", () => ({ authorization: basic("anna", annasPassword) })],
    ["it in the address", () => ({ "x-credential": home.bearer })],
  ];
  it.each(methods)("asks for the credential with each %s, and sends none without it home", async (method) => {
    for (const path of ["/v1/cameras", `${camera}/snapshot`, "/v1/me", "/v1/door", "/", "/nothing"]) {
      for (const [what, headers] of wrongs) {
        const answer = await raw(method, path, headers());
        expect([path, what, answer.status]).toEqual([path, what, 401]);
        expect(answer.headers["www-authenticate"]).toMatch(/^Basic /);
      }
    }
    expect(passed()).toEqual([]);
  });

  it.each([
    ["a page's own origin", { origin: "http://127.0.0.1" }],
    ["a page of nowhere", { origin: "null" }],
    ["a picture in a page", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }],
    ["a typed address", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
  ])("refuses what a browser sends, also with the credential: %s", async (_what, headers) => {
    const answer = await raw("GET", "/v1/cameras", { authorization: home.bearer, ...headers });
    expect([answer.status, errorIn(answer).code]).toEqual([403, "origin-refused"]);
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
    expect(passed()).toEqual([]);
  });

  it.each(["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "[::1]:PORT"])(
    "refuses a request for %s, where a page's name may have been pointed here",
    async (host) => {
      const headers = { authorization: home.bearer, host: host.replace("PORT", String(home.ports.api)) };
      const answer = await raw("GET", "/v1/cameras", headers);
      expect([answer.status, errorIn(answer).code]).toEqual([421, "host-unknown"]);
      expect(passed()).toEqual([]);
    },
  );

  it("listens on loopback alone", () => {
    expect(home.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("never tells a program the login's cookies, and takes a new one over itself", async () => {
    const answer = await home.ask("/v1/me/step-up/password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ password: annasPassword, code: "123456" }),
    });
    const told = JSON.stringify([...answer.headers]) + (await answer.text());
    expect(answer.headers.has("set-cookie")).toBe(false);
    for (const cookie of home.cookies) expect(told).not.toContain(cookie);
    expect(home.cookies).toHaveLength(4);
    expect((await home.ask("/v1/cameras")).status).toBe(200);
    expect(home.heard.at(-1)?.headers.cookie).toContain(`__Host-gatehouse=${home.cookies[2]}`);
  });

  it("says nothing to the gateway in the program's name but what it asks", async () => {
    await home.ask("/v1/cameras", {
      headers: {
        cookie: `__Host-gatehouse=${"x".repeat(43)}`,
        "x-forwarded-for": "192.0.2.1",
        "x-real-ip": "192.0.2.1",
        forwarded: "for=192.0.2.1",
        accept: "application/json",
      },
    });
    const { headers } = home.heard.at(-1)!;
    expect(headers.cookie).not.toContain("xxx");
    expect(headers.accept).toBe("application/json");
    for (const name of ["authorization", "x-forwarded-for", "x-real-ip", "forwarded", "origin"]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it.each(["/v1/sign-in/password", "/v1/pair", "/v1/remote/devices"])(
    "lets nobody in over it: POST %s",
    async (path) => {
      const answer = await home.ask(path, { method: "POST", body: "{}" });
      expect([answer.status, await codeOf(answer)]).toEqual([403, "access-denied"]);
      expect(passed()).toEqual([]);
    },
  );

  it("passes bodies, and none that is longer than the gateway takes", async () => {
    const path = "/v1/me/step-up/password";
    const sent = JSON.stringify({ password: "ü".repeat(100) });
    expect((await home.ask(path, { method: "POST", body: sent })).status).toBe(200);
    expect(home.heard.at(-1)?.body).toBe(sent);
    const refused = await home.ask(path, { method: "POST", body: "x".repeat(65_537) });
    expect([refused.status, await codeOf(refused)]).toEqual([400, "request-invalid"]);
    const trickle = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(9_000)) });
    const endless = { method: "POST", body: trickle, duplex: "half" } as RequestInit;
    const cut = await home.ask(path, endless as object).then(codeOf, () => "cut off");
    expect(["request-invalid", "cut off"]).toContain(cut);
    expect(home.heard.filter((heard) => heard.path === path)).toHaveLength(1);
  });

  it("lets short questions share channels, and gives what goes on for long one of its own", async () => {
    const before = home.relay.heard.length;
    await Promise.all(Array.from({ length: 12 }, async () => (await home.ask("/v1/cameras")).text()));
    await (await home.ask(`${camera}/clip?after=1`)).text();
    const ways = home.relay.heard.slice(before).flatMap((said) => ("way" in said ? [said.way] : []));
    expect(ways.filter((way) => way === "own")).toHaveLength(1);
    expect(ways.filter((way) => way === "shared").length).toBeLessThanOrEqual(4);
  });

  it("ends at home what the program has given up", async () => {
    const begun = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<undefined>();
    home.answers.set(`GET ${camera}/clip`, (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4" });
      response.write("a piece");
      response.once("close", () => ended.resolve(undefined));
      begun.resolve(undefined);
    });
    const leaving = new AbortController();
    const answer = await home.ask(`${camera}/clip`, { signal: leaving.signal });
    await begun.promise;
    leaving.abort();
    await ended.promise;
    await expect(answer.text()).rejects.toThrow();
  });

  it("asks the gateway for no more of a file than the program reads", async () => {
    let written = 0;
    const full = Promise.withResolvers<undefined>();
    const all = 32 << 20;
    home.answers.set(`GET ${camera}/clip`, (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4" });
      const write = (): void => {
        while (written < all) {
          written += 1 << 16;
          if (response.write(Buffer.alloc(1 << 16, 7))) continue;
          response.once("drain", write);
          return;
        }
        full.resolve(undefined);
        response.end();
      };
      write();
    });
    const sent = httpRequest(`${home.api}${camera}/clip`, { headers: { authorization: home.bearer } }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    // Nothing is read: what all buffers on the way hold is much less than the file.
    for (let still = 0; still < 200;) {
      const before = written;
      await new Promise(setImmediate);
      still = before === written ? still + 1 : 0;
    }
    expect(written).toBeLessThan(all / 2);
    let read = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) read += chunk.length;
    await full.promise;
    expect(read).toBe(all);
  });

  it("joins WebSockets of programs that show the credential, both ways", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${home.ports.api}/v1/events`, {
      headers: { authorization: home.bearer },
    });
    const upgraded = once(socket, "upgrade") as Promise<[IncomingMessage]>;
    await once(socket, "open");
    socket.send("there and back");
    const [data] = (await once(socket, "message")) as [Buffer];
    expect(data.toString()).toBe("there and back");
    const [{ headers }] = await upgraded;
    expect(JSON.stringify(headers)).not.toContain("__Host");
    const { headers: heard } = home.heard.at(-1)!;
    expect(heard.cookie).toContain(home.cookies[0]);
    expect(heard).not.toHaveProperty("authorization");
    socket.close();
    await once(socket, "close");
  });

  it.each<[string, () => Record<string, string>, number]>([
    ["no credential", () => ({}), 401],
    ["a wrong one", () => ({ authorization: "Bearer x" }), 401],
    ["a page's origin", () => ({ authorization: home.bearer, origin: "http://evil.example" }), 403],
  ])("opens no WebSocket with %s", async (_what, headers, status) => {
    const socket = new WebSocket(`ws://127.0.0.1:${home.ports.api}/v1/events`, { headers: headers() });
    const [, answer] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect(answer.statusCode).toBe(status);
    answer.resume();
    expect(passed()).toEqual([]);
  });

  it("says in its own words that the login is over, and goes on with the next", async () => {
    home.endLogin();
    const answer = await home.ask("/v1/cameras");
    expect([answer.status, await codeOf(answer)]).toEqual([503, "login-over"]);
    await home.connection.loginOver;
    const again = await home.ask("/v1/cameras");
    expect(await codeOf(again)).toBe("login-over");
    expect(passed()).toEqual(["GET /v1/cameras"]);
    await home.connection.signIn({ loginName: "anna", password: annasPassword, code: "123456" }, never);
    expect((await home.ask("/v1/cameras")).status).toBe(200);
  });

  it("hands a refusal that is not about the login on as it is", async () => {
    home.answers.set("POST /v1/me/step-up/password", (_request, response) =>
      response
        .writeHead(401)
        .end('{"error":{"code":"sign-in-refused","message":"no","retry":"never","remedy":"-","details":{}}}'),
    );
    const answer = await home.ask("/v1/me/step-up/password", { method: "POST", body: "{}" });
    expect([answer.status, await codeOf(answer)]).toEqual([401, "sign-in-refused"]);
    expect((await home.ask("/v1/cameras")).status).toBe(200);
  });

  it("comes back by itself when the relay was away", async () => {
    home.relay.cut();
    expect((await home.ask("/v1/cameras")).status).toBe(200);
  });

  it("says why there is no way home, once, and that there is one again", async () => {
    home.relay.admitted.clear();
    home.relay.cut();
    const answer = await home.ask("/v1/cameras");
    const { error } = (await answer.json()) as WireError;
    expect([error.code, error.remedy]).toEqual(["relay-refused", expect.stringContaining("gatehouse remote status")]);
    await home.ask("/v1/cameras");
    home.relay.admitted.add(home.device.thumbprint);
    expect((await home.ask("/v1/cameras")).status).toBe(200);
    expect(home.states.map(({ kind }) => kind)).toEqual(["up", "down", "up"]);
  });

  it("closes its connections with itself", async () => {
    const idle = connect(home.ports.api, "127.0.0.1");
    await once(idle, "connect");
    const closed = once(idle.resume(), "close");
    await home.connection[Symbol.asyncDispose]();
    await closed;
    expect(home.heard.at(-1)).toMatchObject({ method: "DELETE", path: "/v1/me/login" });
  });
});

describe("a device on its way home", () => {
  it("notes new keys in its identity file", async () => {
    const before = home.world.keys.shown;
    const next = makeDoorKey();
    home.world.keys.replace([next, ...before]);
    await home.enter();
    const kept = await loadDeviceIdentity(home.identityFile);
    expect(kept?.wayHome.gatewayKeys).toEqual([next.pin, ...before.map(({ pin }) => pin)]);
    home.relay.cut();
    home.world.keys.replace([next]);
    expect((await home.ask("/v1/cameras")).status).toBe(200);
  });

  it("is told in kind words that it cannot sign in", async () => {
    const attempt = { loginName: "anna", password: "wrong", code: "123456" };
    await expect(home.connection.signIn(attempt, never)).rejects.toMatchObject({
      code: "sign-in-refused",
      remedy: expect.stringContaining("right `remote`"),
    });
  });

  it("sends nothing inside a channel to a gateway with another key", async () => {
    home.world.keys.replace([makeDoorKey()]);
    await expect(home.connection.reach(never)).rejects.toMatchObject({ code: "gateway-unreachable" });
    expect(home.heard).toEqual([]);
  });

  it("hears from the door that it was revoked, whatever the relay says", async () => {
    home.world.change(home.device, undefined);
    await expect(home.connection.reach(never)).rejects.toMatchObject({ code: "gateway-unreachable" });
    expect(home.heard).toEqual([]);
  });
});
