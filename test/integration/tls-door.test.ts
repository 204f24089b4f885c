import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  connectPinned,
  GatewayClient,
  pair,
  silentLogger,
  systemClock,
  type Identity,
  type Trust,
} from "@gatehouse/shared";
import { formatPairingString, parsePairingString } from "@gatehouse/shared";
import { execFile } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";

import { makeCertificate } from "../../gateway-bridge/src/protocols/x509/certificate.ts";
import { openDoorOn } from "../support/door-writer.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { describeWith } from "../support/needs.ts";

const never = { signal: new AbortController().signal };
const ownName = "cams.example.org";
const stack = new AsyncDisposableStack();
let folder: string;
let gateway: GatewayProcess;
let owner: Identity;
let home: string;
let own: string;

/** The owner's own certificate, signed by itself. */
const makeOwn = async (): Promise<{ readonly certificate: string; readonly key: string }> => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const made = makeCertificate({
    ...{ subject: ownName, publicKey: keys.publicKey, use: { kind: "server", names: [ownName] } },
    ...{ notBefore: 0, notAfter: Date.now() + 1e9, issuer: { name: ownName, ...keys } },
  });
  const files = { certificate: join(folder, "own.pem"), key: join(folder, "own.key") };
  own = made.toString();
  await writeFile(files.certificate, own);
  await writeFile(files.key, keys.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return files;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-tls-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const config = {
    listen: { port: 0 },
    web: { name: ownName, hosts: ["gate.lan", "outside.example.org:443"] },
    tls: { kind: "own", ...(await makeOwn()) },
  };
  gateway = stack.use(await GatewayProcess.start({ data: join(folder, "data"), config }));
  owner = JSON.parse(await readFile(join(gateway.data, "cli.json"), "utf8")) as Identity;
  const first = await ask({ path: "/trust/ca.pem", over: await pinned() });
  home = first.body;
}, 60_000);
afterAll(() => stack.disposeAsync());

const where = () => {
  const [host = "", port = ""] = gateway.address.split(":");
  return { host, port: Number(port) };
};
const pinned = (): Promise<TLSSocket> =>
  connectPinned(
    {
      ...where(),
      accepts: (digest) => digest.toString("base64url") === owner.gatewayPin,
      ...{ mismatch: "gateway-impostor", unreachable: "gateway-unreachable" },
    },
    never,
  );
interface Dial {
  /** Asks for this name, and takes nothing but a certificate that is good for it. */
  readonly servername?: string;
  readonly as?: Identity;
}
/** As a browser does that installed the home's authority, and knows the owner's. */
const dial = async ({ servername, as }: Dial = {}): Promise<TLSSocket> => {
  const client = as === undefined ? {} : { cert: as.certificate, key: as.privateKey };
  const name = servername === undefined ? {} : { servername };
  const socket = connect({ ...where(), ...name, ca: [home, own], ...client });
  await once(socket, "secureConnect");
  expect(socket.authorized).toBe(true);
  return socket;
};
interface Question extends Dial {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly over?: TLSSocket;
}
interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const ask = async ({ path, method = "GET", headers, over, ...how }: Question): Promise<Answer> => {
  const socket = over ?? (await dial(how));
  try {
    const asked = request({
      path,
      method,
      headers: { host: gateway.address, ...headers },
      createConnection: () => socket,
    });
    const [response] = (await once(asked.end(), "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  } finally {
    socket.destroy();
  }
};
/** What comes back for these very bytes. */
const say = async (lines: readonly string[]): Promise<string> => {
  const socket = await dial();
  socket.on("error", () => undefined);
  socket.write([...lines, "connection: close", "", ""].join("\r\n"));
  return await text(socket);
};
const codeOf = ({ body }: Pick<Answer, "body">): unknown =>
  (JSON.parse(body) as { readonly error?: { readonly code: string } }).error?.code;

describe("the home's authority", () => {
  it("is given to anybody, the same in every form, and told by the command line", async () => {
    const [der, profile] = [await ask({ path: "/trust/ca.crt" }), await ask({ path: "/trust/ca.mobileconfig" })];
    const { fingerprint256, raw } = new X509Certificate(home);
    expect([der.status, der.headers["content-type"]]).toEqual([200, "application/x-x509-ca-cert"]);
    expect(Number(der.headers["content-length"] ?? raw.length)).toBe(raw.length);
    expect([profile.status, profile.headers["content-type"]]).toEqual([200, "application/x-apple-aspen-config"]);
    expect(profile.body).toContain(raw.toString("base64"));
    const trust = (await gateway.command(["trust"])) as Trust;
    expect(trust).toMatchObject({
      url: `https://${gateway.address}/trust/ca.crt`,
      fingerprint: fingerprint256,
      notice: null,
    });
    expect(trust.certificates.map(({ kind, names }) => [kind, names.includes(ownName)])).toEqual([
      ["home", false],
      ["own", true],
    ]);
  }, 60_000);

  it("makes the gateway known by address and by each of its names but the owner's, which has its own", async () => {
    const names = [undefined, "localhost", "gate.lan", `${owner.gatewayId}.local`, ownName];
    for (const name of names) {
      const socket = await dial(name === undefined ? {} : { servername: name });
      const shown = name === ownName ? ownName : owner.gatewayId;
      expect([name, socket.getPeerX509Certificate()?.subject]).toEqual([name, `CN=${shown}`]);
      socket.destroy();
    }
    await expect(dial({ servername: "evil.example" })).rejects.toThrow(/does not match/);
  });

  it("changes nothing for plugins: they pair and come back by each name, also by the owner's", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const offer = (await gateway.command(["pair", "--for", "node-red"])) as { pairingString: string };
      const address = `${host}:${where().port}`;
      const pairingString = formatPairingString({ ...parsePairingString(offer.pairingString), address });
      const identity = await pair({ pairingString, kind: "node-red", clock: systemClock }, never);
      await using client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
      expect(await client.call("listCameras", {}, never)).toEqual([]);
      for (const servername of ["localhost", ownName]) {
        expect((await ask({ path: "/v1/cameras", servername, as: identity })).status).toBe(200);
      }
    }
    expect((await ask({ path: "/v1/cameras", servername: ownName })).status).toBe(401);
  }, 60_000);

  it("takes over from the certificate of older versions, and whoever paired before comes back", async () => {
    const data = join(folder, "older");
    const offered = await (async () => {
      await using before = await GatewayProcess.start({ data, config: { listen: { port: 0 } } });
      const { pairingString } = (await before.command(["pair", "--for", "node-red"])) as { pairingString: string };
      return await pair({ pairingString, kind: "node-red", clock: systemClock }, never);
    })();
    {
      using door = await openDoorOn(data);
      const { id, keys } = door.identity;
      const old = makeCertificate({
        ...{ subject: id, publicKey: keys.publicKey, use: { kind: "server", names: ["localhost", "127.0.0.1"] } },
        ...{ notBefore: 0, notAfter: Date.now() + 3e11, issuer: { name: id, ...keys } },
      });
      door.vault.put("gateway/tls-certificate", old.raw);
      door.vault.delete("gateway/home-ca-key");
      door.vault.delete("gateway/home-ca-certificate");
    }
    await using after = await GatewayProcess.start({ data });
    const identity = { ...offered, address: after.address };
    await using client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    expect(await client.call("listCameras", {}, never)).toEqual([]);
    const trust = (await after.command(["trust"])) as Trust;
    expect(trust.certificates).toMatchObject([{ kind: "home", names: expect.arrayContaining(["127.0.0.1"]) }]);
  }, 60_000);
});

describe("a request", () => {
  it.each([
    ["a rebound name", ["evil.example:PORT"]],
    ["another port", ["127.0.0.1:1"]],
    ["no port", ["127.0.0.1"]],
    ["another address of this box", ["[::1]:PORT"]],
    ["a dot at the end", ["localhost.:PORT"]],
    ["a zone", ["[fe80::1%eth0]:PORT"]],
    ["a list", ["127.0.0.1:PORT, evil.example"]],
    ["two headers", ["127.0.0.1:PORT", "evil.example:PORT"]],
    ["two headers, the right one last", ["evil.example:PORT", "127.0.0.1:PORT"]],
  ])("for %s is refused before anybody looks who asks", async (_case, hosts) => {
    const headers = hosts.map((host) => `host: ${host.replace("PORT", String(where().port))}`);
    for (const path of ["/trust/ca.pem", "/v1/cameras", "/nothing"]) {
      expect(await say([`GET ${path} HTTP/1.1`, ...headers])).toMatch(/^HTTP\/1\.1 421 [^]*"code":"host-unknown"/);
    }
  });

  it.each(["https://evil.example/trust/ca.pem", "https://127.0.0.1/trust/ca.pem", "http://127.0.0.1/trust/ca.pem"])(
    "for %s, as to a proxy, is refused",
    async (target) => {
      const host = `host: ${gateway.address}`;
      expect(await say([`GET ${target} HTTP/1.1`, host])).toMatch(/^HTTP\/1\.1 421 [^]*"code":"host-unknown"/);
    },
  );

  it("without a Host header is refused", async () => {
    expect(await say(["GET /trust/ca.pem HTTP/1.1"])).toMatch(/^HTTP\/1\.1 400 /);
    expect(await say(["GET /trust/ca.pem HTTP/1.0"])).toMatch(/^HTTP\/1\.1 421 /);
  });

  it("for the gateway is answered, whatever of its names it uses", async () => {
    const { port } = where();
    for (const host of [
      `127.0.0.1:${port}`,
      `LocalHost:${port}`,
      `gate.lan:${port}`,
      "outside.example.org",
      `${ownName}:${port}`,
    ]) {
      expect([host, (await ask({ path: "/trust/ca.pem", headers: { host } })).status]).toEqual([host, 200]);
    }
  });

  it("of a paired key may call the gateway what it likes", async () => {
    const headers = { host: "anything.example" };
    expect((await ask({ path: "/v1/status", as: owner, headers })).status).toBe(200);
    const withPassword = { ...headers, authorization: `Basic ${btoa("who-aaaaaaaaaaaaaaaa:x")}` };
    expect((await ask({ path: "/v1/status", as: owner, headers: withPassword })).status).toBe(421);
  });

  it.each([
    ["an origin", { origin: "https://evil.example" }],
    ["an origin of another port", { origin: "https://127.0.0.1:1" }],
    ["the origin of a sandbox", { origin: "null" }],
    ["a site", { "sec-fetch-site": "cross-site" }],
    ["a site of another port", { "sec-fetch-site": "same-site" }],
  ])("of a page of another, told by %s, is refused with the owner's own key", async (_case, headers) => {
    for (const [method, path] of [
      ["GET", "/v1/status"],
      ["POST", "/v1/pair"],
      ["GET", "/trust/ca.pem"],
      ["OPTIONS", "/v1/cameras"],
    ]) {
      const answer = await ask({ path: path ?? "", method: method ?? "", as: owner, headers });
      expect([answer.status, codeOf(answer)]).toEqual([403, "origin-refused"]);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    const upgrade = {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const answer = await ask({ path: "/v1/events", as: owner, headers: { ...upgrade, ...headers } });
    expect([answer.status, codeOf(answer)]).toEqual([403, "origin-refused"]);
  });

  it.each([
    ["GET", "/trust/ca.pem", 200],
    ["GET", "/v1/status", 401],
    ["GET", "/nothing", 404],
    ["GET", "/v1/%zz", 400],
  ])("%s %s gets an answer that no page may keep, frame or guess at", async (method, path, status) => {
    const byAddress = await ask({ method, path });
    expect(byAddress.status).toBe(status);
    expect(byAddress.headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    expect(byAddress.headers).not.toHaveProperty("strict-transport-security");
  });

  it("keeps browsers to HTTPS under its names, and nobody under localhost or an address", async () => {
    const kept = async (host: string): Promise<unknown> =>
      (await ask({ path: "/trust/ca.pem", headers: { host: `${host}:${where().port}` } })).headers[
        "strict-transport-security"
      ];
    expect(await kept(`${owner.gatewayId}.local`)).toBe("max-age=63072000");
    expect(await kept(ownName)).toBe("max-age=63072000");
    expect(await kept("localhost")).toBeUndefined();
    expect(await kept("127.0.0.1")).toBeUndefined();
  });
});

describeWith(["openssl"], "TLS, judged by OpenSSL", () => {
  interface Run {
    readonly code: number;
    readonly output: string;
  }
  const client = (args: readonly string[], input = ""): Promise<Run> =>
    new Promise((resolve) => {
      const all = ["s_client", "-connect", gateway.address, "-CAfile", join(folder, "ca.pem"), ...args];
      const child = execFile("/usr/bin/openssl", all, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output: `${stdout}${stderr}` });
      });
      child.stdin?.end(input);
    });
  beforeAll(() => writeFile(join(folder, "ca.pem"), home));

  it("verifies for the address and every name, once the authority is installed", async () => {
    const strict = ["-verify_return_error", "-x509_strict"];
    expect(await client([...strict, "-verify_ip", "127.0.0.1"])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Verification: OK/),
    });
    for (const name of ["localhost", `${owner.gatewayId}.local`]) {
      const run = await client([...strict, "-servername", name, "-verify_hostname", name]);
      expect(run).toMatchObject({ code: 0, output: expect.stringMatching(/Verification: OK/) });
    }
    expect((await client([...strict, "-verify_hostname", "evil.example"])).code).not.toBe(0);
  });

  it.each(["-tls1_2", "-tls1_1", "-tls1"])("refuses %s", async (version) => {
    const { code, output } = await client([version, "-cipher", "ALL:@SECLEVEL=0"]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/alert protocol version|no protocols available/);
  });

  it("resumes no session: each connection proves its key anew", async () => {
    const kept = join(folder, "session.pem");
    const question = `GET /trust/ca.pem HTTP/1.1\r\nhost: ${gateway.address}\r\nconnection: close\r\n\r\n`;
    const first = await client(["-tls1_3", "-ign_eof", "-sess_out", kept], question);
    expect(first.output).toMatch(/New, TLSv1\.3/);
    expect(first.output).toMatch(/HTTP\/1\.1 200/);
    expect(existsSync(kept)).toBe(true);
    const again = await client(["-tls1_3", "-ign_eof", "-sess_in", kept], question);
    expect(again.output).toMatch(/New, TLSv1\.3/);
    expect(again.output).not.toMatch(/Reused/);
  });
});
