import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { isGatehouseError, type GatehouseError } from "@gatehouse/shared";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadConfig } from "./load.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

const load = async (content: unknown) => {
  await writeFile(join(folder, "config.json"), typeof content === "string" ? content : JSON.stringify(content));
  return loadConfig(folder);
};
const failure = async (content: unknown): Promise<GatehouseError> => {
  const error: unknown = await load(content).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!isGatehouseError(error)) throw new Error("it did not fail as it should", { cause: error });
  return error;
};

const acmeWeb = { name: "cams.example.org" };
const acme = { kind: "acme", termsAgreed: true, dns: { kind: "desec", domain: "example.org" } } as const;

describe("loadConfig", () => {
  it("listens on loopback when nobody says otherwise", async () => {
    const config = await loadConfig(join(folder, "nowhere"));
    expect(config.listen).toEqual({ host: "127.0.0.1", port: 8443 });
  });

  it("fills what is left out and freezes the result", async () => {
    const config = await load({ listen: { port: 9000 } });
    expect(config).toMatchObject({
      name: "Gatehouse",
      listen: { host: "127.0.0.1", port: 9000 },
      media: { lingerSeconds: 10 },
    });
    expect(Object.isFrozen(config.listen)).toBe(true);
  });

  it.each([
    [{ listn: {} }, /config\.json: unknown key `listn`, did you mean `listen`\?/],
    [{ listen: { prot: 5 } }, /unknown key `listen\.prot`, did you mean `port`\?/],
    [{ zebra: 1 }, /unknown key `zebra`\./],
    [{ web: { name: "192.168.1.5" } }, /`web\.name`: a name such as/],
    [{ web: { name: "cams.example.org:443" } }, /`web\.name`: a name such as/],
    [{ web: { name: "cams.example.org." } }, /`web\.name`: a name such as/],
    [{ web: { hosts: ["https://gate.lan"] } }, /`web\.hosts\.0`: a name or an address/],
    [
      { tls: { kind: "own", certificate: "/c.pem", key: "/k.pem" } },
      /`web\.name`: the name that the certificate is for/,
    ],
    [
      { tls: { kind: "own", certificate: "c.pem", key: "/k.pem" }, web: { name: "a.example" } },
      /`tls\.certificate`: an absolute path/,
    ],
    [{ tls: { ...acme } }, /`web\.name`: the name that the certificate is for/],
    [{ web: acmeWeb, tls: { ...acme, termsAgreed: false } }, /`tls\.termsAgreed`/],
    [{ web: acmeWeb, tls: { ...acme, directory: "http://acme.example/dir" } }, /`tls\.directory`/],
    [{ web: acmeWeb, tls: { ...acme, dns: { ...acme.dns, token: "secret" } } }, /unknown key `tls\.dns\.token`/],
    [{ web: acmeWeb, tls: { ...acme, dns: { ...acme.dns, api: "https://me:pw@desec.io" } } }, /`tls\.dns\.api`/],
    [{ listen: { port: 70_000 } }, /`listen\.port`/],
    [{ listen: { host: "not a host!" } }, /`listen\.host`/],
    [`{"__proto__": {"port": 1}}`, /unknown key `__proto__`/],
    [`{"listen": {"__proto__": {"port": 1}}}`, /unknown key `listen\.__proto__`/],
    [{ [`x${"y".repeat(10_000)}`]: 1 }, /unknown key `xy{99}`\.$/],
    [Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`zebra${index}`, 1])), /zebra4`\.$/],
    [[], /`the file`/],
    ["{ broken", /not valid JSON/],
  ])("refuses %j with the key and the rule", async (content, message) => {
    const error = await failure(content);
    expect(error).toMatchObject({ code: "config-invalid", retry: "never" });
    expect(error.message).toMatch(message);
    expect(error.remedy).not.toBe("");
  });

  it("takes an authority of its own choice, Let's Encrypt unless told otherwise, and an address with or without a last slash", async () => {
    const { tls } = await load({ web: acmeWeb, tls: acme });
    expect(tls).toEqual({ ...acme, directory: "https://acme-v02.api.letsencrypt.org/directory" });
    const dns = { kind: "acme-dns", api: "https://auth.example.org/", username: "u", subdomain: "s" } as const;
    expect((await load({ web: acmeWeb, tls: { ...acme, dns } })).tls).toMatchObject({
      dns: { ...dns, api: "https://auth.example.org" },
    });
  });

  it("reads a file that begins with a byte order mark", async () => {
    expect(await load(`\uFEFF{"name": "Home"}`)).toMatchObject({ name: "Home" });
  });

  it("refuses a file that is too large or cannot be read", async () => {
    expect(await failure(`"${"x".repeat(300_000)}"`)).toMatchObject({ code: "config-invalid" });
    await rm(join(folder, "config.json"));
    await mkdir(join(folder, "config.json"));
    await expect(loadConfig(folder)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringMatching(/config\.json cannot be read \(EISDIR\)/),
    });
    await rm(join(folder, "config.json"), { recursive: true });
  });

  it("never repeats a value that it refuses", async () => {
    for (const content of [{ name: { password: "hunter2" } }, { listen: { host: "hunter2 !" } }, "{ hunter2"]) {
      const { message, details } = await failure(content);
      expect(message + JSON.stringify(details)).not.toContain("hunter2");
    }
  });
});
