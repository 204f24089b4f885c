import { expect, it } from "@jest/globals";
import { PrincipalId, Secret } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { Totp } from "../../gateway-bridge/src/access/people/totp.ts";
import { MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import { describeWith } from "../support/needs.ts";

const run = promisify(execFile);
const ann = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");

describeWith(["oathtool"], "an authenticator that others made", () => {
  it.each([0, 29_999, 30_000, 86_399_000, 31_536_000_000])(
    "shows the codes that the gateway expects, %i ms on",
    async (later) => {
      const clock = new TestClock(1_700_000_000_000 + later);
      const totp = new Totp({ clock, secrets: new MemorySecrets(), issuer: "Gatehouse" });
      const { secret } = totp.start(ann, "ann");
      const at = new Date(clock.now())
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, " UTC");
      const { stdout } = await run("/usr/bin/oathtool", ["--totp", "--base32", `--now=${at}`, secret]);
      expect(totp.confirm(ann, Secret.of(stdout.trim()))).toBe(Math.floor(clock.now() / 30_000));
    },
  );
});
