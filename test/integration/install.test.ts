import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeFile } from "../../gateway-bridge/packaging/sign-release.ts";
import { describeWith } from "../support/needs.ts";
import { archiveOf, platform, publishRelease, script, withKeys, type ReleaseFiles } from "../support/release.ts";
import { read, root } from "../support/repository.ts";

const [makers, stranger] = [generateKeyPairSync("ed25519").privateKey, generateKeyPairSync("ed25519").privateKey];
const units = ["gatehouse.service", "gatehouse-update.service", "gatehouse-update.timer"];
const relayUnit = "gatehouse-relay.service";
const files: ReleaseFiles = withKeys(
  {
    "bin/gatehouse": script([`echo "ran $*" >>"$DESTDIR/ran"`]),
    "bin/gatehouse-relay": script([`echo "relay $*"`]),
    ...Object.fromEntries(
      [...units, relayUnit].map((unit) => [`packaging/${unit}`, read(`gateway-bridge/packaging/${unit}`)]),
    ),
  },
  makers,
);

let folder: string;
let release: string;
let destination: string;
let key: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-install-"));
  [release, destination, key] = [join(folder, "release"), join(folder, "root"), join(folder, "key.pem")];
  await mkdir(destination);
  await writeFile(key, createPublicKey(makers).export({ format: "pem", type: "spki" }));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (name: string, ...args: string[]): { status: number | null; output: string } => {
  const env = { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`, DESTDIR: destination };
  const { status, stdout, stderr } = spawnSync("sh", [name, ...args], { env, encoding: "utf8" });
  return { status, output: stdout + stderr };
};
const install = async (...args: string[]): Promise<{ status: number | null; output: string }> => {
  await copyFile(join(root, "gateway-bridge/packaging/install.sh"), join(release, "install.sh"));
  return run(join(release, "install.sh"), "--key", key, ...args);
};
const nothingIsThere = async (): Promise<boolean> => (await readdir(destination)).length === 0;
const at = (path: string): string => join(destination, path);

describeWith(["openssl"], "install.sh", () => {
  it("puts a signed release where the unit looks for it, and uninstall.sh takes it away", async () => {
    await publishRelease(release, { version: "1.2.3", files, keys: [stranger, makers] });
    expect(await install()).toMatchObject({
      status: 0,
      output: expect.stringContaining("Gatehouse 1.2.3 is installed"),
    });
    for (const link of ["current", "proven"])
      expect(readlinkSync(at(`usr/lib/gatehouse/${link}`))).toBe("versions/1.2.3");
    expect(lstatSync(at("usr/lib/gatehouse/current/bin/gatehouse")).mode & 0o777).toBe(0o755);
    expect(lstatSync(at("usr/lib/gatehouse/current/update-keys.json")).mode & 0o777).toBe(0o644);
    for (const unit of units)
      expect(readFileSync(at(`etc/systemd/system/${unit}`), "utf8")).toBe(read(`gateway-bridge/packaging/${unit}`));
    expect(readFileSync(at("ran"), "utf8")).toBe("ran version\n");
    expect(await install()).toMatchObject({ status: 1, output: expect.stringContaining("installed already") });

    const data = at("var/lib/gatehouse");
    await mkdir(data, { recursive: true });
    await writeFile(join(data, "vault.key"), "secret");
    const script = join(root, "gateway-bridge/packaging/uninstall.sh");
    expect(run(script)).toMatchObject({ status: 0, output: expect.stringContaining("still in") });
    expect([existsSync(at("usr/lib/gatehouse")), existsSync(join(data, "vault.key"))]).toEqual([false, true]);
    expect(await readdir(at("etc/systemd/system"))).toEqual([]);
    expect(run(script, "--purge")).toMatchObject({ status: 0 });
    expect(existsSync(data)).toBe(false);
  });

  it("puts a relay there instead where it is asked for one, and takes that away as well", async () => {
    await publishRelease(release, { version: "1.2.3", files, keys: [makers] });
    const { status, output } = await install("--relay");
    expect([status, output]).toEqual([0, expect.stringContaining("gatehouse-relay init")]);
    expect(await readdir(at("etc/systemd/system"))).toEqual([relayUnit]);
    expect(await readdir(at("usr/bin"))).toEqual(["gatehouse-relay"]);
    expect(readFileSync(at("usr/bin/gatehouse-relay"), "utf8")).toBe(
      [
        "#!/bin/sh",
        "GATEHOUSE_RELAY_DATA=${GATEHOUSE_RELAY_DATA:-/var/lib/gatehouse-relay}",
        "export GATEHOUSE_RELAY_DATA",
        'exec /usr/lib/gatehouse/current/bin/gatehouse-relay "$@"',
        "",
      ].join("\n"),
    );
    const data = at("var/lib/gatehouse-relay");
    await mkdir(data, { recursive: true });
    await writeFile(join(data, "vault.key"), "secret");
    const script = join(root, "gateway-bridge/packaging/uninstall.sh");
    expect(run(script)).toMatchObject({ status: 0, output: expect.stringContaining(data) });
    expect([existsSync(at("usr/lib/gatehouse")), existsSync(join(data, "vault.key"))]).toEqual([false, true]);
    expect([...(await readdir(at("etc/systemd/system"))), ...(await readdir(at("usr/bin")))]).toEqual([]);
    expect(run(script, "--purge")).toMatchObject({ status: 0 });
    expect(existsSync(data)).toBe(false);
  });

  /** As if the box had that processor. */
  const onMachine = async (machine: string): Promise<void> => {
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin/uname"), script([`[ "$1" = -m ] && echo ${machine}`]));
    await chmod(join(folder, "bin/uname"), 0o755);
  };

  it.each([
    ["x86_64", "linux-x64", "linux-arm64"],
    ["aarch64", "linux-arm64", "linux-x64"],
  ] as const)("takes what a release has for a box of %s", async (machine, own, other) => {
    await onMachine(machine);
    const name = `gatehouse-1.2.3-${platform}.tar.gz`;
    const both = [
      describeFile({ platform: other, name: "other.tar.gz" }, Buffer.from("for others")),
      describeFile({ platform: own, name }, archiveOf(files)),
    ];
    await publishRelease(release, { version: "1.2.3", files, keys: [makers] }, { files: both });
    expect(await install()).toMatchObject({ status: 0 });
    expect(readlinkSync(at("usr/lib/gatehouse/current"))).toBe("versions/1.2.3");
  });

  it("installs nothing on a processor that no release is made for", async () => {
    await onMachine("riscv64");
    await publishRelease(release, { version: "1.2.3", files, keys: [makers] });
    expect(await install()).toMatchObject({ status: 1, output: expect.stringContaining("riscv64") });
    expect(await nothingIsThere()).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["is signed by somebody else", () => publishRelease(release, { version: "1.2.3", files, keys: [stranger] })],
    ["counts no more", () => publishRelease(release, { version: "1.2.3", files, keys: [makers] }, { expires: 1 })],
    [
      "has an archive that is another",
      async () => {
        const archive = await publishRelease(release, { version: "1.2.3", files, keys: [makers] });
        await writeFile(archive, "something else");
      },
    ],
    [
      "has a manifest that was changed",
      async () => {
        await publishRelease(release, { version: "1.2.3", files, keys: [makers] });
        const manifest = join(release, "manifest.json");
        await writeFile(manifest, readFileSync(manifest, "utf8").replace("1.2.3", "1.2.4"));
      },
    ],
  ])("installs nothing of a release that %s", async (_, publish) => {
    await publish();
    expect((await install()).status).toBe(1);
    expect(await nothingIsThere()).toBe(true);
  });
});
