import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { connectPinned } from "@gatehouse/shared";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { readPages, type Page } from "../../gateway-bridge/src/api/pages/page-set.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

describe("the pages of a real gateway", () => {
  let folder: string;
  let gateway: GatewayProcess;
  let pin: string;
  let pages: readonly Page[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-pages-"));
    gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } });
    const identity = await readFile(join(gateway.data, "cli.json"), "utf8");
    ({ gatewayPin: pin } = JSON.parse(identity) as { gatewayPin: string });
    pages = await readPages();
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Sends the target as it stands: no client in between straightens it. */
  const ask = async (
    target: string,
    { method = "GET", headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> => {
    const [host = "", port] = gateway.address.split(":");
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === pin;
    const socket = await connectPinned(
      { host, port: Number(port), accepts, mismatch: "gateway-impostor", unreachable: "gateway-unreachable" },
      { signal: new AbortController().signal },
    );
    const lines = Object.entries({ host: gateway.address, connection: "close", ...headers });
    socket.write(
      `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
    );
    const [head = "", ...rest] = (await text(socket)).split("\r\n\r\n");
    const [first = "", ...fields] = head.split("\r\n");
    const pairs = fields.map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    });
    return { status: Number(first.split(" ")[1]), headers: new Map(pairs), body: rest.join("\r\n\r\n") };
  };
  const asset = (name: string): string => pages.find(({ path }) => path.endsWith(`/${name}`))?.path ?? "";

  it("are all there, as they lie on the disk", async () => {
    for (const { path, type, body } of pages) {
      const answer = await ask(path);
      expect([path, answer.status, answer.headers.get("content-type")]).toEqual([path, 200, type]);
      expect(answer.headers.get("content-length")).toBe(String(body.length));
      expect(answer.body).toBe(body.toString());
    }
  });

  it("come with a policy under which nothing runs but they, and are kept only where their name is their content's", async () => {
    const shell = await ask("/");
    const policy = (shell.headers.get("content-security-policy") ?? "").split("; ");
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob: data:",
      "media-src blob:",
      "connect-src 'self'",
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(shell.headers.get("cache-control")).toBe("no-store");
    const module = await ask(asset("app.js"));
    expect(module.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(module.headers.get("content-security-policy")).toBe(shell.headers.get("content-security-policy"));
    for (const { headers } of [shell, module]) {
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(
        [...headers.keys()].filter((name) => /^(set-cookie|etag|last-modified|server|access-control-)/.test(name)),
      ).toEqual([]);
    }
    // Data stays data: the policy of pages is theirs alone.
    expect((await ask("/v1/door")).headers.get("content-security-policy")).not.toContain("script-src");
  });

  it("have no inline script or style, and name nothing elsewhere", async () => {
    const { body } = await ask("/");
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
    for (const { path, body: content } of pages) {
      const addresses = content.toString().match(/(?:https?|wss?):\/\/[\w.-]+/g) ?? [];
      expect([path, addresses.filter((each) => each !== "http://www.w3.org")]).toEqual([path, []]);
    }
  });

  it("are the only files that can be had", async () => {
    const base = asset("app.js").replace(/app\.js$/, "");
    const targets = [
      "/index.html",
      "/app/",
      base,
      base.slice(0, -1),
      "/app/0000000000000000/app.js",
      `${base}tsconfig.json`,
      `${base}words.test.ts`,
      `${base}uqr.d.ts`,
      `${base}../../package.json`,
      `${base}../../../../../../../../etc/passwd`,
      `${base}..%2f..%2fpackage.json`,
      `${base}%2e%2e/%2e%2e/package.json`,
      `${base}..\\..\\package.json`,
      `${base}....//....//package.json`,
      `${base}app.js%00.css`,
      `${base}app.js/`,
      `${base}APP.JS`,
      `${base}/app.js`,
      `/${base}app.js`,
      "//etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/..",
      "/favicon.ico",
      "/vault.key",
      "/package.json",
      "/src/main.ts",
    ];
    for (const target of targets) {
      const { status, body, headers } = await ask(target);
      expect([target, status]).toEqual([target, 404]);
      expect(JSON.parse(body)).toMatchObject({ error: { code: "not-found" } });
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  it("are answered to GET alone, whole, and always", async () => {
    for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
      for (const path of ["/", asset("app.js")])
        expect([method, (await ask(path, { method })).status]).toEqual([method, 404]);
    }
    const headers = { "if-none-match": "*", "if-modified-since": new Date().toUTCString(), range: "bytes=0-1" };
    expect(await ask("/", { headers })).toMatchObject({ status: 200, body: pages[0]?.body.toString() });
    expect((await ask("/?x=../../etc/passwd")).status).toBe(200);
  });

  it("are shown to whoever follows a link, and to no page of another site", async () => {
    const site = { "sec-fetch-site": "cross-site" };
    const follow = { ...site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await ask("/", { headers: follow })).status).toBe(200);
    const foreign = [
      { ...site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
      { ...site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
      { ...site, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", origin: "https://evil.example" },
    ];
    for (const headers of foreign) {
      for (const path of ["/", asset("app.js")]) expect((await ask(path, { headers })).status).toBe(403);
    }
    expect((await ask("/v1/door", { headers: follow })).status).toBe(403);
  });

  it("are not had by a name that is not the gateway's", async () => {
    for (const path of ["/", asset("app.js")]) {
      const { status, body } = await ask(path, { headers: { host: "evil.example" } });
      expect([status, JSON.parse(body)]).toEqual([421, expect.objectContaining({ error: expect.anything() })]);
    }
  });
});
