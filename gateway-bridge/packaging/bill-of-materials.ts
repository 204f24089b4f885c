import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Our packages, by their folders; each has a bill of its own. */
export const ownPackages = ["shared", "gateway-bridge", "homebridge-plugin", "node-red-nodes"] as const;
export type OwnPackage = (typeof ownPackages)[number];

/** A package as npm has locked it. */
interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  /** `sha512-` and base64. */
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Lock = Readonly<Record<string, Locked>>;

const marker = "node_modules/";

/** Where Node.js finds `name` from the package at `from`: in the innermost node_modules that has it. */
const resolve = (lock: Lock, from: string, name: string): string | undefined => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf(`/${marker}`)))) {
    const path = `${folder}${folder === "" ? "" : "/"}${marker}${name}`;
    if (path in lock) return lock[path]?.link === true ? lock[path].resolved : path;
    if (folder === "") return undefined;
  }
};

/** What a package needs, by path. What is optional for other platforms is in the lock, too, and so in the bill. */
const needsOf = (lock: Lock, path: string): readonly string[] => {
  const { dependencies, optionalDependencies } = lock[path] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies })
    .map((name) => resolve(lock, path, name))
    .filter((found) => found !== undefined);
};

/** The package and all that it needs, by path. */
const closureOf = (lock: Lock, start: string): readonly string[] => {
  const seen = new Set([start]);
  for (const path of seen) for (const need of needsOf(lock, path)) seen.add(need);
  return [...seen].sort();
};

const nameOf = (lock: Lock, path: string): string =>
  lock[path]?.name ?? path.slice(path.lastIndexOf(marker) + marker.length);

/** A package URL is its reference, too: one version of a package is one thing, wherever it lies. */
const purlOf = (lock: Lock, path: string): string =>
  `pkg:npm/${nameOf(lock, path).replace("@", "%40")}@${lock[path]?.version ?? ""}`;

/** SPDX: one licence by its id, or an expression of several. */
const licensesOf = (license: string): readonly unknown[] => [
  /[ ()]/.test(license) ? { expression: license } : { license: { id: license } },
];

const componentOf = (lock: Lock, path: string): object => {
  const { version, license, integrity } = lock[path] ?? {};
  const hash =
    integrity === undefined ? undefined : Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
  return {
    type: "library",
    "bom-ref": purlOf(lock, path),
    name: nameOf(lock, path),
    version,
    ...(hash !== undefined && { hashes: [{ alg: "SHA-512", content: hash }] }),
    ...(license !== undefined && { licenses: licensesOf(license) }),
    purl: purlOf(lock, path),
  };
};

/**
 * What people install with a package of ours, as the lock has it: CycloneDX 1.5. The same lock makes the same text.
 * @param root the checkout
 */
export const billOfMaterials = async (root: string, name: OwnPackage): Promise<string> => {
  const { packages: lock } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as { packages: Lock };
  const paths = [...new Map(closureOf(lock, name).map((path) => [purlOf(lock, path), path])).values()];
  const bill = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: componentOf(lock, name) },
    components: paths.filter((path) => path !== name).map((path) => componentOf(lock, path)),
    dependencies: paths.map((path) => ({
      ref: purlOf(lock, path),
      dependsOn: [...new Set(needsOf(lock, path).map((need) => purlOf(lock, need)))].sort(),
    })),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
};
