import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { version } from "../../gateway-bridge/src/version.ts";
import { describeWith } from "../support/needs.ts";
import { publishRelease, withKeys } from "../support/release.ts";
import { read, root } from "../support/repository.ts";
import { canMakeRoots, ScratchRoot, type Ran } from "../support/scratch-root.ts";
import { sourceRelease } from "../support/source-release.ts";
import { unitRunner } from "../support/unit-runner.ts";

const key = generateKeyPairSync("ed25519").privateKey;
const packaging = "gateway-bridge/packaging";
const packed = ["gatehouse.service", "gatehouse-update.service", "gatehouse-update.timer", "uninstall.sh"];
const files = withKeys(
  {
    ...sourceRelease(version),
    ...Object.fromEntries(packed.map((name) => [`packaging/${name}`, read(`${packaging}/${name}`)])),
  },
  key,
);
const install = "sh /shared/install.sh --key /shared/key.pem";
const uninstall = "sh /usr/lib/gatehouse/current/packaging/uninstall.sh";

describeWith(["openssl", "onvifTools"], "install.sh, on this Debian", () => {
  (canMakeRoots() ? describe : describe.skip)("as root, in a root of its own", () => {
    let release: string;
    let box: ScratchRoot;
    beforeEach(async () => {
      release = await mkdtemp(join(tmpdir(), "gatehouse-install-"));
      await publishRelease(release, { version, files, keys: [key] });
      await copyFile(join(root, packaging, "install.sh"), join(release, "install.sh"));
      await writeFile(join(release, "key.pem"), createPublicKey(key).export({ format: "pem", type: "spki" }));
      box = await ScratchRoot.make(release);
      box.put("systemctl", unitRunner);
    });
    afterEach(async () => {
      await box[Symbol.asyncDispose]();
      await rm(release, { recursive: true });
    });

    const done = (script: string): string => {
      const { status, stdout, output } = box.run(script);
      if (status !== 0)
        throw new Error(
          `${script} ended with ${status ?? "a signal"}: ${output}\n${box.run("cat /var/log/unit").output}`,
        );
      return stdout.trim();
    };
    /** The id that the gateway answers with; the command waits for it to come up. */
    const whose = (): string => {
      const asked = "for n in $(seq 60); do gatehouse status --json && exit; sleep 0.2; done; exit 1";
      const { gateway } = JSON.parse(done(asked).split("\n").at(-1) ?? "") as {
        gateway: { id: string; version: string };
      };
      expect(gateway.version).toBe(version);
      return gateway.id;
    };

    it("brings a gateway that runs as a user of its own; uninstall.sh leaves its data, --purge nothing", () => {
      expect(done(install)).toContain(`Gatehouse ${version} is installed`);
      const id = whose();

      const [, uid] = /^Uid:\t(\d+)\t/m.exec(done("cat /proc/$(cat /run/unit.pid)/status")) ?? [];
      expect(uid).toBe(done("id -u gatehouse"));
      expect(uid).not.toBe("0");
      expect(done("stat -c '%a %U:%G' /var/lib/gatehouse")).toBe("700 gatehouse:gatehouse");
      expect(done("find /var/lib/gatehouse -type f -perm /077")).toBe("");
      // Nothing that root runs can be changed by the gateway's user.
      const asUser = "setpriv --reuid gatehouse --regid gatehouse --init-groups";
      expect(done(`${asUser} find /usr/lib/gatehouse /usr/bin/gatehouse /etc/systemd/system ! -type l -writable`)).toBe(
        "",
      );
      const refused = box.run(`cd /; HOME=/ ${asUser} gatehouse update rollback`);
      expect([refused.status, refused.output]).toEqual([1, expect.stringContaining("update-unsuitable")]);
      expect(JSON.parse(done("gatehouse update state --json"))).toMatchObject({ installed: version });
      expect(box.run(install)).toMatchObject({ status: 1, output: expect.stringContaining("installed already") });

      expect(done(uninstall)).toContain("its data are still in /var/lib/gatehouse");
      expect(box.run("ls /usr/lib/gatehouse /usr/bin/gatehouse /etc/systemd/system/gatehouse*").stdout).toBe("");
      done(install);
      expect(whose()).toBe(id);
      expect(done(`${uninstall} --purge`)).toContain("Gatehouse is gone.");
      expect(
        done(
          "find / -xdev -name '*gatehouse*' -not -path '/shared/*' -not -path '/proc/*' -newer /shared/manifest.json",
        ),
      ).toBe("");
      expect(box.run("getent passwd gatehouse; getent group gatehouse").stdout).toBe("");
    }, 180_000);

    it.each<[string, string]>([
      ["Debian 11", `ID=debian\nVERSION_ID="11"`],
      ["another distribution", `ID=fedora\nVERSION_ID="42"`],
      ["a descendant of Debian with numbers of its own", `ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"`],
    ])("changes nothing on %s", (_, release) => {
      done(`rm -f /etc/os-release; printf '%s\\n' '${release}' >/etc/os-release`);
      const { status, output }: Ran = box.run(install);
      expect([status, output]).toEqual([1, expect.stringContaining("Debian")]);
      expect(box.run("ls -d /usr/lib/gatehouse /usr/bin/gatehouse; getent passwd gatehouse").stdout).toBe("");
    });

    it.each(["12", "13"])("takes Debian %s", (release) => {
      done(`rm -f /etc/os-release; printf 'ID=debian\\nVERSION_ID="${release}"\\n' >/etc/os-release`);
      box.put("systemctl", "#!/bin/sh\n");
      done(install);
    });
  });
});
