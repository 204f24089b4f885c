/**
 * Makes a release of the checkout, for those who hold the key (it lies outside of the checkout, always):
 *
 *   npm run build
 *   node --conditions=source gateway-bridge/packaging/make-release.ts --out DIR --key KEY.pem [--key OLD.pem] --next NEXT.pub.pem
 *
 * The first key signs what follows this release, too; a release that leaves a key behind is signed by that one as well. Needs the
 * network: production packages come from npm, as locked, and Node.js in the version that the lock names.
 */
import { execFile } from "node:child_process";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { argv, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { manifestName, Platform, signatureName, type ReleaseFile } from "../src/update/manifest.ts";
import { supportedUntil, version } from "../src/version.ts";
import { billOfMaterials, ownPackages } from "./bill-of-materials.ts";
import { describeFile, publicKeyText, signManifest } from "./sign-release.ts";
import { writeTar, type TarInput } from "./tar-writer.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);
const npm = async (cwd: string, ...args: readonly string[]): Promise<string> =>
  (await run("npm", args, { cwd, maxBuffer: 1 << 28 })).stdout;

/** A release counts for so long, unless it is signed anew. */
const validity = 90 * 86_400_000;
/** Those that a gateway runs on. */
const ours = ["shared", "gateway-bridge"];
const packaging = [
  "gatehouse.service",
  "gatehouse-update.service",
  "gatehouse-update.timer",
  "gatehouse-relay.service",
  "gatehouse-relay.rules.yaml",
  "uninstall.sh",
];
/** What lies beside the manifest, for whoever installs. */
const beside = ["install.sh", "Containerfile", "Containerfile.relay"];

/** Those that people call, in `bin`. */
const programs = ["gatehouse", "gatehouse-relay"];

const launcherOf = (program: string): string => `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export GATEHOUSE_RELEASE="$here"
exec "$here/node/bin/node" --disable-warning=ExperimentalWarning "$here/gateway-bridge/bin/${program}.js" "$@"
`;

interface Keys {
  readonly signing: readonly KeyObject[];
  readonly next: KeyObject | undefined;
}

/** The production packages exactly as locked, for a platform, without running anything of theirs. */
const installPackages = async (folder: string, platform: Platform): Promise<void> => {
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(root, name), join(folder, name));
  for (const name of ownPackages) await cp(join(root, name, "package.json"), join(folder, name, "package.json"));
  const [os = "", cpu = ""] = platform.split("-");
  const only = ours.flatMap((name) => ["--workspace", name]);
  await npm(folder, "ci", "--omit=dev", "--ignore-scripts", `--os=${os}`, `--cpu=${cpu}`, "--libc=glibc", ...only);
  for (const name of ours) await unpackPublished(name, join(folder, name));
  // A release holds no links: our own packages lie where Node.js looks for them, or are not looked for.
  const scope = join(folder, "node_modules/@gatehouse");
  await rm(scope, { recursive: true });
  await mkdir(scope);
  await rename(join(folder, "shared"), join(scope, "shared"));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "gatehouse", version, private: true, type: "module" }),
  );
  for (const name of ["homebridge-plugin", "node-red-nodes", ".npmrc"])
    await rm(join(folder, name), { recursive: true });
};

/** What npm would publish of a workspace. */
const unpackPublished = async (workspace: string, to: string): Promise<void> => {
  const packed = await npm(
    root,
    "pack",
    "--json",
    "--ignore-scripts",
    "--workspace",
    workspace,
    "--pack-destination",
    to,
  );
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await run("tar", ["-xzf", join(to, filename), "--strip-components=1", "-C", to]);
  await rm(join(to, filename));
};

/** Node.js as npm has it for a platform, in the version of the lock. */
const installNode = async (folder: string, platform: Platform): Promise<void> => {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const { version: node = "" } = lock.packages["node_modules/node"] ?? {};
  const packed = await npm(folder, "pack", "--json", `node-${platform}@${node}`);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  await mkdir(join(folder, "node/bin"), { recursive: true });
  await run("tar", [
    "-xzf",
    join(folder, filename),
    "-C",
    join(folder, "node"),
    "--strip-components=1",
    "package/bin/node",
    "package/LICENSE",
  ]);
  await rm(join(folder, filename));
};

/** Files and folders below `folder`, a folder before what is in it; links are left out (of npm's, none is needed). */
const inputsOf = async (folder: string, within = folder): Promise<TarInput[]> => {
  const entries = (await readdir(within, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const inputs: TarInput[] = [];
  for (const entry of entries) {
    const path = join(within, entry.name);
    const name = relative(folder, path);
    if (entry.isDirectory()) inputs.push({ path: name, content: undefined }, ...(await inputsOf(folder, path)));
    else if (entry.isFile())
      inputs.push({ path: name, content: await readFile(path), executable: ((await stat(path)).mode & 0o100) !== 0 });
  }
  return inputs;
};

const makeFile = async (platform: Platform, out: string, { signing, next }: Keys): Promise<ReleaseFile> => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-release-"));
  try {
    await installPackages(folder, platform);
    await installNode(folder, platform);
    await mkdir(join(folder, "bin"));
    for (const name of programs) await writeFile(join(folder, "bin", name), launcherOf(name), { mode: 0o755 });
    for (const name of packaging)
      await cp(join(root, "gateway-bridge/packaging", name), join(folder, "packaging", name));
    await cp(join(root, "gateway-bridge/packaging/advisories.json"), join(folder, "advisories.json"));
    await cp(join(root, "LICENSE"), join(folder, "LICENSE"));
    await writeFile(join(folder, "sbom.json"), await billOfMaterials(root, "gateway-bridge"));
    const [current] = signing;
    const keys = {
      current: current && publicKeyText(current),
      ...(next !== undefined && { next: publicKeyText(next) }),
    };
    await writeFile(join(folder, "update-keys.json"), JSON.stringify(keys));
    const archive = gzipSync(Buffer.concat([...writeTar(await inputsOf(folder))]), { level: 9 });
    const file = describeFile({ platform, name: `gatehouse-${version}-${platform}.tar.gz` }, archive);
    await writeFile(join(out, file.name), archive);
    stdout.write(`${file.name}  ${(file.size / 1e6).toFixed(1)} MB  ${file.sha256}\n`);
    return file;
  } finally {
    await rm(folder, { recursive: true });
  }
};

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    out: { type: "string" },
    key: { type: "string", multiple: true, default: [] },
    next: { type: "string" },
    notes: { type: "string", default: "" },
    minimum: { type: "string", default: version },
    platform: { type: "string", multiple: true, default: [...Platform.options] },
  },
});
if (values.out === undefined || values.key.length === 0) throw new Error("--out DIR and --key FILE are needed");
if (values.key.some((key) => !relative(root, resolve(key)).startsWith("..")))
  throw new Error("a key must not lie in the checkout");

const out = resolve(values.out);
await mkdir(out, { recursive: true });
const keys: Keys = {
  signing: await Promise.all(values.key.map(async (file) => createPrivateKey(await readFile(file)))),
  next: values.next === undefined ? undefined : createPublicKey(await readFile(values.next)),
};
const files: ReleaseFile[] = [];
for (const platform of values.platform) files.push(await makeFile(Platform.parse(platform), out, keys));
const released = new Date().getTime();
const { bytes, signatures } = signManifest(
  {
    format: 1,
    version,
    released,
    expires: released + validity,
    supportedUntil,
    minimumVersion: values.minimum,
    files,
    notes: values.notes,
  },
  keys.signing,
);
await writeFile(join(out, manifestName), bytes);
await writeFile(join(out, signatureName), signatures);
for (const name of ownPackages) await writeFile(join(out, `sbom-${name}.json`), await billOfMaterials(root, name));
for (const name of beside) await cp(join(root, "gateway-bridge/packaging", name), join(out, name));
