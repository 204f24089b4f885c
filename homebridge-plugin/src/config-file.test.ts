import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { blankPairingString, withoutPairingString } from "./config-file.ts";

const string = "gh1.aG9zdDo4NDQz.abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUV";

describe("withoutPairingString", () => {
  it("empties the value in place and leaves every other character as it was", () => {
    const text = `{\n\t"bridge": {"pin":"031-45-154"} ,\n  "platforms": [ {"platform": "Gatehouse",   "pairingString" :\n "${string}" , "x": 1.50 } ]\n}\n`;
    expect(withoutPairingString(text, string)).toBe(text.replace(string, ""));
  });

  it("finds the value with white space round it, and wherever it stands", () => {
    const text = JSON.stringify({
      platforms: [{ pairingString: ` ${string}\n` }, { nested: { pairingString: string } }],
    });
    expect(JSON.parse(withoutPairingString(text, string) ?? "")).toEqual({
      platforms: [{ pairingString: "" }, { nested: { pairingString: "" } }],
    });
  });

  it("touches neither another string nor another plugin's key", () => {
    expect(withoutPairingString(JSON.stringify({ pairingString: "gh1.other" }), string)).toBeUndefined();
    expect(withoutPairingString(JSON.stringify({ note: string }), string)).toBeUndefined();
    expect(withoutPairingString(JSON.stringify({ pairingString: "" }), string)).toBeUndefined();
  });

  it("is not fooled by a value that looks like the key", () => {
    const config = { note: `"pairingString": "${string}"`, pairingString: string };
    expect(JSON.parse(withoutPairingString(JSON.stringify(config), string) ?? "")).toEqual({
      ...config,
      pairingString: "",
    });
  });

  it("gives the layout up rather than keep a secret under an escaped key", () => {
    const text = `{"pairing\\u0053tring":"${string}","a":1}`;
    expect(JSON.parse(withoutPairingString(text, string) ?? "")).toEqual({ pairingString: "", a: 1 });
  });
});

describe("blankPairingString", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-config-"));
    path = join(folder, "config.json");
    await writeFile(path, JSON.stringify({ platforms: [{ pairingString: string }] }));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("replaces the file under the same permissions and leaves no draft", async () => {
    await chmod(path, 0o640);
    expect(await blankPairingString(path, string)).toEqual({ kind: "blanked" });
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ platforms: [{ pairingString: "" }] });
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(["config.json"]);
    expect(await blankPairingString(path, string)).toEqual({ kind: "absent" });
  });

  it("follows a link and leaves it a link", async () => {
    const link = join(folder, "link.json");
    await symlink(path, link);
    expect(await blankPairingString(link, string)).toEqual({ kind: "blanked" });
    expect(await readFile(path, "utf8")).not.toContain(string);
    expect((await stat(link)).ino).toBe((await stat(path)).ino);
  });

  it("says why when it cannot, and changes nothing", async () => {
    await writeFile(path, "{ broken");
    expect(await blankPairingString(path, string)).toMatchObject({ kind: "failed", why: expect.any(String) });
    expect(await readFile(path, "utf8")).toBe("{ broken");
    expect(await blankPairingString(join(folder, "absent.json"), string)).toMatchObject({ kind: "failed" });
  });
});
