import { expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { describeWith } from "../support/needs.ts";
import { read, root } from "../support/repository.ts";

const unit = join(root, "gateway-bridge/packaging/gatehouse.service");

/** Of 10; lower is better. What raises it is what bubblewrap and Node.js need. */
const mostExposure = 3.0;

describeWith(["systemd"], "the gateway's unit", () => {
  it(`exposes no more than ${mostExposure} by systemd's own judgement`, () => {
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", unit], {
      encoding: "utf8",
    });
    const [, exposure] = /Overall exposure level for gatehouse\.service: ([\d.]+)/.exec(stdout) ?? [];
    console.log(`systemd-analyze security: ${exposure ?? "no figure"}`);
    expect(Number(exposure)).toBeGreaterThan(0);
    expect(Number(exposure)).toBeLessThanOrEqual(mostExposure);
  });

  it("lets bubblewrap make the namespaces and mounts that it walls ffmpeg in with", () => {
    const text = read("gateway-bridge/packaging/gatehouse.service");
    const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
    expect(setting("RestrictNamespaces").split(" ").sort()).toEqual([
      "cgroup",
      "ipc",
      "mnt",
      "net",
      "pid",
      "user",
      "uts",
    ]);
    expect(setting("RestrictAddressFamilies")).toContain("AF_NETLINK");
    expect([setting("ProtectProc"), setting("PrivateUsers"), setting("MemoryDenyWriteExecute")]).toEqual(["", "", ""]);
    const allowed = spawnSync(
      "systemd-analyze",
      ["syscall-filter", "--no-pager", ...setting("SystemCallFilter").split(" ")],
      { encoding: "utf8" },
    );
    for (const call of ["pivot_root", "mount", "umount2", "unshare"])
      expect(allowed.stdout).toMatch(new RegExp(`^\\s+(${call}|@mount|@process)$`, "m"));
  });
});
