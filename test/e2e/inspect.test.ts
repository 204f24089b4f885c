import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { Camera, Finding, HomePosture, RemedyRun } from "@gatehouse/shared";
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { publicKeyText } from "../../gateway-bridge/packaging/sign-release.ts";
import { FleetCamera } from "../simulator/fleet/fleet-camera.ts";
import { gatehouse, GatewayProcess } from "../support/gateway-process.ts";
import { root } from "../support/repository.ts";

jest.setTimeout(90_000);

let folder: string;
let camera: FleetCamera;
let gateway: GatewayProcess;
let added: Camera;
const keys = generateKeyPairSync("ed25519");

const findingOf = (posture: HomePosture, check: string): Finding | undefined =>
  posture.cameras[0]?.findings.find((finding) => finding.check === check);
const inspect = async (...args: readonly string[]): Promise<HomePosture> =>
  (await gateway.command(["inspect", ...args])) as HomePosture;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-inspect-"));
  const weaknesses = { "CAM-PWD-DEFAULT": true, "NET-TELNET": true, "DISC-ON": true, "CAM-USERS-EXTRA": true };
  camera = await FleetCamera.open({ brand: "axis", weaknesses, video: true });
  const config = { listen: { port: 0 }, rtsp: { port: 0 }, posture: { daily: false } };
  // The only thing of a release that it looks for in its folder.
  const release = join(folder, "release");
  await mkdir(release);
  await writeFile(join(release, "update-keys.json"), JSON.stringify({ current: publicKeyText(keys.publicKey) }));
  gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config, release });
  const { onvifUrl, administrator, pin } = camera.facts;
  const known = pin === null ? [] : ["--fingerprint", pin];
  added = (await gateway.command(
    ["camera", "add", onvifUrl, "--user", administrator.username, "--password-stdin", "--name", "Front door", ...known],
    administrator.password,
  )) as Camera;
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await camera[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("`gatehouse inspect`", () => {
  it("looks at no camera before its owner has allowed it", async () => {
    const { code, stdout } = await gatehouse(gateway.data, ["inspect", "--json"]);
    // What could not be looked at is not taken for a weakness, which ends with 1.
    expect([code, stdout]).toEqual([2, expect.stringContaining("--allow")]);
    expect((await inspect("--last")).cameras[0]).toMatchObject({ consent: false, grade: null });
  });

  it("finds what is weak, says why it matters and what to do, and how far it is meanwhile", async () => {
    const { code, stdout, stderr } = await gatehouse(gateway.data, ["inspect", "--camera", "Front door", "--allow"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/\d+ of \d+/);
    expect(stdout).toMatch(/CRITICAL .*\(CAM-PWD-DEFAULT\)/);
    expect(stdout).toContain(`gatehouse remedy apply rotate-password --camera ${added.id}`);
    const posture = await inspect("--last");
    expect(posture.cameras[0]).toMatchObject({ grade: "F" });
    for (const check of ["CAM-PWD-DEFAULT", "NET-TELNET", "CAM-USERS-EXTRA", "DISC-ON"]) {
      expect([check, findingOf(posture, check)?.status]).toEqual([check, "failed"]);
    }
    expect(findingOf(posture, "RTSP-ANON")?.status).toBe("passed");
  });

  it("ends with 1 where something is as bad as it was told to fail on", async () => {
    const args = ["inspect", "--last", "--json", "--fail-on"];
    expect((await gatehouse(gateway.data, [...args, "critical"])).code).toBe(1);
    expect((await gatehouse(gateway.data, ["inspect", "--last", "--fail-on", "terrible"])).code).toBe(2);
  });

  it("prints a page, and SARIF", async () => {
    const page = await gatehouse(gateway.data, ["inspect", "--last", "--html"]);
    expect(page.stdout).toMatch(/^<!doctype html>/i);
    expect(page.stdout).toContain("CAM-PWD-DEFAULT");
    expect(page.stdout).toContain("<h2>The home itself</h2>");
    const sarif = JSON.parse((await gatehouse(gateway.data, ["inspect", "--last", "--sarif"])).stdout) as {
      readonly version: string;
      readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[];
    };
    expect(sarif.version).toBe("2.1.0");
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toContain("NET-TELNET");
  });

  it("tells of every camera that is named, in each form, and of nothing else", async () => {
    await using porch = await FleetCamera.open({ brand: "axis", weaknesses: {} });
    const { onvifUrl, administrator, pin } = porch.facts;
    const login = ["--user", administrator.username, "--password-stdin", "--name", "Porch"];
    const known = pin === null ? [] : ["--fingerprint", pin];
    const { id } = (await gateway.command(
      ["camera", "add", onvifUrl, ...login, ...known],
      administrator.password,
    )) as Camera;
    const named = ["--last", "--camera", "Porch", "--camera", added.id];
    const { stdout: page } = await gatehouse(gateway.data, ["inspect", ...named, "--html"]);
    const sections = [...page.matchAll(/<section><h2>([^<]+)</g)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual(["Front door", "Porch"]);
    const { stdout: sarif } = await gatehouse(gateway.data, ["inspect", ...named, "--sarif"]);
    for (const each of [id, added.id]) expect(sarif).toContain(`"fullyQualifiedName": "${each}"`);
    expect(sarif).not.toContain('"fullyQualifiedName": "home"');
    expect((await inspect(...named)).cameras.map(({ name }) => name).toSorted()).toEqual(["Front door", "Porch"]);
    expect((await gatehouse(gateway.data, ["inspect", ...named])).stdout).not.toContain("This home:");
    await gateway.command(["camera", "remove", id]);
  });
});

describe("`gatehouse remedy apply`", () => {
  const apply = async (remedy: string): Promise<RemedyRun> =>
    (await gateway.command(["remedy", "apply", remedy, "--camera", "Front door", "--yes"])) as RemedyRun;

  it("shows what would be done and what stops working, and changes nothing where nobody says yes", async () => {
    const { code, stdout, stderr } = await gatehouse(gateway.data, [
      ...["remedy", "apply", "discovery-off", "--camera", "Front door"],
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain("What stops working");
    expect(stdout).toContain("Nothing was changed.");
    expect(findingOf(await inspect("--check", "DISC-ON"), "DISC-ON")?.status).toBe("failed");
  });

  it("changes the camera, sees that it did, and can take it back", async () => {
    const run = await apply("discovery-off");
    expect(run).toMatchObject({ state: "done", undoable: true });
    expect(findingOf(await inspect("--check", "DISC-ON"), "DISC-ON")?.status).toBe("passed");
    expect(await gateway.command(["remedy", "undo", run.id])).toMatchObject({ state: "undone" });
    expect(findingOf(await inspect("--check", "DISC-ON"), "DISC-ON")?.status).toBe("failed");
  });

  it("gives the camera a password that nobody has seen, and the picture goes on", async () => {
    const { username, password } = camera.facts.administrator;
    expect(await apply("rotate-password")).toMatchObject({ state: "done" });
    expect(camera.knows("onvif", username, password)).toBe(false);
    expect(camera.knows("web", username, password)).toBe(false);
    const posture = await inspect("--check", "CAM-PWD-DEFAULT", "--check", "CAM-PWD-REUSED");
    expect(findingOf(posture, "CAM-PWD-DEFAULT")?.status).toBe("passed");
    expect(findingOf(posture, "CAM-PWD-REUSED")?.status).toBe("passed");
    const cameras = (await gateway.command(["camera", "list"])) as readonly Camera[];
    expect(cameras).toMatchObject([{ id: added.id, state: { kind: "ready" } }]);
  });
});

describe("`gatehouse advisories update`", () => {
  const day = 86_400_000;
  /** Rules that are about this very camera, as their makers sign them. */
  const rulesOf = async (issued: number, id: string, key: typeof keys.privateKey): Promise<string> => {
    const [{ manufacturer, model }] = (await gateway.command(["camera", "list"])) as readonly [Camera];
    const advisory = {
      ...{ id, makers: [manufacturer.toLowerCase().split(" ")[0]], models: [model], affected: [{ all: true }] },
      ...{ severity: "high", effect: "Whoever reaches its page can watch.", exploited: null, confidence: "published" },
      sources: ["https://example.org/"],
    };
    const [rules, pem, note] = ["rules.json", "key.pem", `${id}.note`].map((name) => join(folder, name));
    await writeFile(rules!, JSON.stringify({ format: 1, issued, advisories: [advisory], support: [] }));
    await writeFile(pem!, key.export({ type: "pkcs8", format: "pem" }));
    const tool = join(root, "gateway-bridge/packaging/sign-advisories.ts");
    const args = ["--conditions=source", tool, "--out", note!, "--key", pem!, "--rules", rules!];
    await promisify(execFile)(process.execPath, args);
    return note!;
  };

  it("judges firmware by newer rules that were signed, and takes no older ones and none of others", async () => {
    const newer = await rulesOf(Date.now(), "CVE-2030-0001", keys.privateKey);
    expect(await gateway.command(["advisories", "update", newer])).toMatchObject({ rules: 1 });
    const found = findingOf(await inspect("--check", "FW-CVE"), "FW-CVE");
    expect(found).toMatchObject({ status: "failed", evidence: expect.arrayContaining([expect.stringContaining("CVE-2030-0001")]) }); // prettier-ignore
    const older = await rulesOf(Date.now() - day, "CVE-2030-0002", keys.privateKey);
    const foreign = await rulesOf(Date.now() + day, "CVE-2030-0003", generateKeyPairSync("ed25519").privateKey);
    for (const [note, why] of [
      [older, "not newer"],
      [foreign, "not signed by a key"],
    ] as const) {
      const refused = await gatehouse(gateway.data, ["advisories", "update", note]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(why)]);
    }
    expect((await inspect("--last")).advisories).toMatchObject({ rules: 1 });
  });
});

describe("`gatehouse finding`", () => {
  it("accepts a weakness for a time, which is shown as accepted and not as mended", async () => {
    const accept = ["finding", "accept", "NET-TELNET", "--camera", "Front door"];
    await gateway.command([...accept, "--reason", "its maker needs it", "--days", "30"]);
    expect(findingOf(await inspect("--last"), "NET-TELNET")).toMatchObject({
      status: "accepted",
      acceptance: { reason: "its maker needs it" },
    });
    const tooLong = await gatehouse(gateway.data, [...accept, "--reason", "for good", "--days", "366"]);
    expect(tooLong.code).toBe(1);
    await gateway.command(["finding", "withdraw", "NET-TELNET", "--camera", "Front door"]);
    expect(findingOf(await inspect("--last"), "NET-TELNET")?.status).toBe("failed");
  });

  it("keeps what the owner says as said, with the day", async () => {
    await gateway.command(["finding", "state", "WIFI-GUEST", "yes"]);
    const { findings } = await inspect("--last");
    expect(findings.find(({ check }) => check === "WIFI-GUEST")).toMatchObject({
      status: "stated",
      statement: { holds: true },
    });
  });
});
