import { describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";

import { billOfMaterials, ownPackages } from "../../gateway-bridge/packaging/bill-of-materials.ts";
import { installedWith, locked, nameOf } from "../support/lock-file.ts";
import { packages, root } from "../support/repository.ts";

interface Component {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}
/** CycloneDX 1.5, as far as it is used. */
interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const billOf = async (name: (typeof ownPackages)[number]): Promise<Bill> =>
  JSON.parse(await billOfMaterials(root, name)) as Bill;
const keyOf = ({ name, version }: Component): string => `${name}@${version}`;

it("is made for each package of ours", () => {
  expect([...ownPackages].sort()).toEqual([...packages].sort());
});

describe.each(ownPackages)("the bill of materials of %s", (name) => {
  const paths = installedWith(name);
  const told = (path: string): string => {
    const { version, link, resolved } = locked[path] ?? {};
    return `${nameOf(path)}@${(link === true ? locked[resolved ?? ""]?.version : version) ?? ""}`;
  };

  it("names all that people install with it, and nothing else", async () => {
    const { components } = await billOf(name);
    expect(components.map(keyOf).sort()).toEqual([...new Set(paths.map(told))].sort());
  });

  it("tells of each the licence, the package's address, and its hash as it is locked", async () => {
    const { components } = await billOf(name);
    const foreign = new Map(
      paths.filter((path) => locked[path]?.link !== true).map((path) => [told(path), locked[path]]),
    );
    for (const component of components) {
      const key = keyOf(component);
      expect(component.purl).toBe(`pkg:npm/${key.replace(/^@/, "%40")}`);
      expect([key, JSON.stringify(component.licenses)]).toEqual([
        key,
        expect.stringMatching(/"(id|expression)":"[\w. ()-]+"/),
      ]);
      const { integrity = "", license = "" } = foreign.get(key) ?? {};
      // Ours are not locked by a hash: they are made of the same commit.
      if (!foreign.has(key)) continue;
      expect(JSON.stringify(component.licenses)).toContain(`"${license}"`);
      const [hash] = component.hashes ?? [];
      expect([key, hash?.alg, Buffer.from(hash?.content ?? "", "hex").toString("base64")]).toEqual([
        key,
        "SHA-512",
        integrity.slice(7),
      ]);
    }
  });

  it("is whole by itself, and the same each time", async () => {
    const bill = await billOf(name);
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.5", version: 1 });
    const all = [bill.metadata.component, ...bill.components];
    expect(all.filter(({ type }) => type !== "library")).toEqual([]);
    const refs = all.map((component) => component["bom-ref"]).sort();
    expect(new Set(refs).size).toBe(refs.length);
    expect(bill.dependencies.map(({ ref }) => ref).sort()).toEqual(refs);
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(await billOfMaterials(root, name)).toBe(await billOfMaterials(root, name));
  });
});

it("leaves out nothing of the gateway that npm names by itself", async () => {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev", "--workspace"];
  const text = execFileSync("npm", [...args, "gateway-bridge"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  const theirs = JSON.parse(text.toString()) as Bill;
  const ours = await billOf("gateway-bridge");
  const facts = (of: readonly Component[]): string[] =>
    of.map(({ purl, hashes }) => `${decodeURIComponent(purl)} ${hashes?.[0]?.content ?? ""}`);
  const known = new Set(facts([...ours.components, ours.metadata.component]));
  expect(theirs.components.length).toBeGreaterThan(100);
  // npm leaves out what others of our packages have for development, too: so it is no bill, but a second opinion.
  expect(facts(theirs.components).filter((fact) => !known.has(fact))).toEqual([]);
}, 60_000);
