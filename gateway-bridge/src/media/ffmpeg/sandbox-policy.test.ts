import { describe, expect, it } from "@jest/globals";

import { confines, missingLayers, sandboxesOf, type SandboxTools } from "./sandbox-policy.ts";

const all: SandboxTools = { bwrap: "/usr/bin/bwrap", unshare: "/usr/bin/unshare", prlimit: "/usr/bin/prlimit" };
const none: SandboxTools = { bwrap: undefined, unshare: undefined, prlimit: undefined };
const bare = { files: [], devices: [] };

describe("sandboxesOf", () => {
  it.each<[string, SandboxTools, readonly string[]]>([
    ["everything", all, ["bubblewrap", "bubblewrap", "unshare", "none"]],
    ["no bubblewrap", { ...all, bwrap: undefined }, ["unshare", "none"]],
    ["nothing", none, ["none"]],
  ])("offers the strongest first on a box with %s", (_, tools, names) => {
    expect(sandboxesOf(tools).map(({ name }) => name)).toEqual(names);
  });

  it("counts as missing what a sandbox does not keep away, with a remedy for each", () => {
    const missing = (tools: SandboxTools): readonly string[] =>
      missingLayers(sandboxesOf(tools)[0]!).map(({ layer }) => layer);
    expect(missing(all)).toEqual([]);
    expect(missing({ ...all, prlimit: undefined })).toEqual(["limits"]);
    expect(missing({ ...all, bwrap: undefined })).toEqual(["files"]);
    expect(missing(none)).toEqual(["network", "files", "processes", "limits"]);
    for (const { remedy } of missingLayers({ layers: [] })) expect(remedy).toMatch(/Install/);
  });

  it.each<[string, SandboxTools, boolean]>([
    ["everything", all, true],
    ["bubblewrap alone", { ...none, bwrap: "/usr/bin/bwrap" }, true],
    ["no bubblewrap", { ...all, bwrap: undefined }, false],
    ["nothing", none, false],
  ])("lets a transcoder run unasked only behind walls: on a box with %s", (_, tools, allowed) => {
    expect(confines(sandboxesOf(tools)[0]!)).toBe(allowed);
  });

  it("limits the program itself, within the namespaces", () => {
    for (const { name, wrap } of sandboxesOf(all)) {
      const line = wrap(["/usr/bin/ffmpeg", "-version"], bare);
      expect(line.slice(-2)).toEqual(["/usr/bin/ffmpeg", "-version"]);
      const prlimit = line.indexOf("/usr/bin/prlimit");
      expect(line.slice(prlimit, prlimit + 3)).toEqual(["/usr/bin/prlimit", "--data=1073741824", "--fsize=0"]);
      expect(prlimit === 0).toBe(name === "none");
    }
    expect(sandboxesOf(none)[0]!.wrap(["/usr/bin/ffmpeg"], bare)).toEqual(["/usr/bin/ffmpeg"]);
  });

  it("shows the program the system, itself, and the devices that it is given, and nothing to write to", () => {
    const [{ wrap }] = sandboxesOf(all) as [ReturnType<typeof sandboxesOf>[number]];
    const line = wrap(["/opt/ffmpeg"], { files: ["/opt/ffmpeg"], devices: ["/dev/dri/renderD128"] }).join(" ");
    expect(line).toContain(" --ro-bind-try /opt/ffmpeg /opt/ffmpeg ");
    expect(line).toContain(" --dev-bind-try /dev/dri/renderD128 /dev/dri/renderD128 ");
    expect(line).not.toMatch(/--bind|--share-net/);
    expect(wrap(["/usr/bin/ffmpeg"], bare).join(" ")).not.toMatch(/dri|\/sys/);
  });
});
