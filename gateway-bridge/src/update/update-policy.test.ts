import { describe, expect, it } from "@jest/globals";

import type { Manifest } from "./manifest.ts";
import { compareVersions } from "./release-version.ts";
import { judgeUpdate, type UpdateSituation } from "./update-policy.ts";

const day = 86_400_000;
const now = 1_000 * day;
const manifest: Manifest = {
  format: 1,
  version: "0.2.0",
  released: now - day,
  expires: now + 30 * day,
  supportedUntil: now + 365 * day,
  minimumVersion: "0.1.0",
  files: [{ platform: "linux-x64", name: "a.tar.gz", size: 1, sha256: "ab".repeat(32) }],
  notes: "",
};
const situation: UpdateSituation = {
  manifest,
  installed: "0.1.0",
  newest: null,
  failed: null,
  again: false,
  platform: "linux-x64",
  now,
};
const of = (changes: Partial<Manifest>): Partial<UpdateSituation> => ({ manifest: { ...manifest, ...changes } });

describe("judgeUpdate", () => {
  it.each<[string, Partial<UpdateSituation>, string]>([
    ["a newer version", {}, "install"],
    ["the newest that was seen, again", { newest: { version: "0.2.0", released: manifest.released } }, "install"],
    ["the same version, signed anew", { newest: { version: "0.2.0", released: manifest.released - 1 } }, "install"],
    ["the installed version", { installed: "0.2.0" }, "current"],
    ["a manifest that has ended", of({ expires: now }), "update-untrusted"],
    ["a manifest of the day after tomorrow", of({ released: now + day + 1 }), "update-untrusted"],
    ["a manifest of a clock that is a little ahead", of({ released: now + day }), "install"],
    ["an older version than is installed", { installed: "0.3.0" }, "update-untrusted"],
    ["an older version than was seen", { newest: { version: "0.2.1", released: 0 } }, "update-untrusted"],
    ["an older manifest than was seen", { newest: { version: "0.2.0", released: now } }, "update-untrusted"],
    ["nothing for this machine", { platform: "linux-arm64" }, "update-unsuitable"],
    ["a version that is too far ahead", of({ minimumVersion: "0.1.1" }), "update-unsuitable"],
    ["a version that nobody mends any more", of({ supportedUntil: now }), "update-unsuitable"],
    ["a version that was taken back", { failed: "0.2.0" }, "update-unsuitable"],
    ["a version that was taken back, if the owner insists", { failed: "0.2.0", again: true }, "install"],
    ["the version after one that was taken back", { failed: "0.1.9" }, "install"],
  ])("%s", (_, changes, expected) => {
    const verdict = judgeUpdate({ ...situation, ...changes });
    expect(verdict.kind === "refuse" ? verdict.code : verdict.kind).toBe(expected);
  });
});

describe("compareVersions", () => {
  it.each([
    ["1.2.3", "1.2.3", 0],
    ["1.2.10", "1.2.9", 1],
    ["1.10.0", "1.9.9", 1],
    ["2.0.0", "10.0.0", -1],
  ])("%s and %s", (a, b, order) => {
    expect(Math.sign(compareVersions(a, b))).toBe(order);
    expect(Math.sign(compareVersions(b, a))).toBe(order === 0 ? 0 : -order);
  });
});
