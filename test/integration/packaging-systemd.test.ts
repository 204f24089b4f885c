import { expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { describeWith } from "../support/needs.ts";
import { read, root } from "../support/repository.ts";

/** Of 10; lower is better. What raises the gateway's is what bubblewrap and Node.js need; the relay runs no other program. */
const mostExposure = { "gatehouse.service": 3.0, "gatehouse-relay.service": 1.5 };

describeWith(["systemd"], "the units", () => {
  it.each(Object.entries(mostExposure))("%s exposes no more than %d by systemd's own judgement", (name, most) => {
    const unit = join(root, "gateway-bridge/packaging", name);
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", unit], {
      encoding: "utf8",
    });
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    console.log(`systemd-analyze security ${name}: ${exposure ?? "no figure"}`);
    expect(Number(exposure)).toBeGreaterThan(0);
    expect(Number(exposure)).toBeLessThanOrEqual(most);
  });

  it("let bubblewrap make the namespaces and mounts that it walls ffmpeg in with", () => {
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
