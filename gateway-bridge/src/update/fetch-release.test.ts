import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { makeCertificate } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fetchFile } from "./fetch-release.ts";
import type { ReleaseFile } from "./manifest.ts";
import { releaseSource, type ReleaseSource } from "./release-source.ts";

const never = { signal: new AbortController().signal };
const content = Buffer.alloc(300_000, "release");
const file: ReleaseFile = {
  platform: "linux-x64",
  name: "a.tar.gz",
  size: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};
const tls = makeCertificate();

let folder: string;
let path: string;
let server: Server;
let place: string;
const asked: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-fetch-"));
  path = join(folder, "fetched");
  server = createServer({ cert: tls.certificate, key: tls.privateKey }, ({ url = "" }, response) => {
    asked.push(url);
    if (url.startsWith("/moved/")) response.writeHead(302, { location: "/releases/a.tar.gz" }).end();
    else if (url.startsWith("/cut/"))
      response
        .writeHead(200, { "content-length": file.size })
        .write(content.subarray(0, 1_000), () => response.destroy());
    else if (url.startsWith("/endless/")) {
      const write = (): void => {
        if (!response.destroyed) response.write(content, write);
      };
      write();
    } else if (url === "/releases/a.tar.gz") response.end(content);
    else response.writeHead(404).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  place = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  asked.length = 0;
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const over = (where: string): ReleaseSource => releaseSource(`${place}/${where}`, { ca: tls.certificate });
const fetchFrom = (source: ReleaseSource): Promise<void> => fetchFile(source, { file, path }, never);
const refused = (code: string): unknown => expect.objectContaining({ code });

describe("fetchFile", () => {
  it("fetches over https what was signed, for its owner's eyes alone", async () => {
    await fetchFrom(over("releases"));
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // What a run before has left is not trusted.
    await writeFile(path, "left");
    await fetchFrom(over("releases/"));
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it("fetches from a folder", async () => {
    await writeFile(join(folder, file.name), content);
    await fetchFrom(releaseSource(folder));
    expect(readFileSync(path).equals(content)).toBe(true);
  });

  it.each([
    ["a longer file", Buffer.concat([content, Buffer.from("x")])],
    ["a shorter file", content.subarray(1)],
    ["another file of that size", Buffer.alloc(content.length, "another")],
  ])("keeps nothing of %s", async (_, other) => {
    await writeFile(join(folder, file.name), other);
    await expect(fetchFrom(releaseSource(folder))).rejects.toEqual(refused("update-untrusted"));
    expect(existsSync(path)).toBe(false);
  });

  it("takes no more of an endless answer than was signed", async () => {
    await expect(fetchFrom(over("endless"))).rejects.toEqual(refused("update-untrusted"));
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ["goes elsewhere", "moved"],
    ["is not there", "nowhere"],
    ["is cut off", "cut"],
  ])("gives up what %s", async (_, where) => {
    await expect(fetchFrom(over(where))).rejects.toEqual(refused("update-failed"));
    expect([existsSync(path), asked]).toEqual([false, [`/${where}/a.tar.gz`]]);
  });

  it("says nothing to a server that it does not know", async () => {
    await expect(fetchFrom(releaseSource(place))).rejects.toEqual(refused("update-failed"));
    expect(asked).toEqual([]);
  });

  it("stops when it is told to", async () => {
    const leaving = new AbortController();
    const fetching = fetchFile(over("endless"), { file: { ...file, size: 2 ** 29 }, path }, leaving);
    await once(server, "request");
    leaving.abort(new Error("enough"));
    await expect(fetching).rejects.toBeDefined();
    expect(existsSync(path)).toBe(false);
  });
});

describe("releaseSource", () => {
  it.each(["http://example.org", "releases", "https://name:word@example.org", "ftp://example.org", ""])(
    "does not take %j for a place of releases",
    (where) => {
      expect(() => releaseSource(where)).toThrow(refused("request-invalid"));
    },
  );
});
