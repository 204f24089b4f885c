import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { isHairpinOpen } from "./hairpin.ts";

const never = { signal: new AbortController().signal };

describe("isHairpinOpen", () => {
  // Were one knocked at, it would wait for a clock that stands still.
  it.each([null, "", "2606:4700::1111", "::ffff:9.9.9.9", "192.168.1.1", "100.64.0.1", "127.0.0.1", "example.org"])(
    "cannot tell, and knocks at nothing, where the address outside is %j",
    async (outside) => {
      const at = { clock: new TestClock(), outside, router: "127.0.0.1", port: 554 };
      expect(await isHairpinOpen(at, never)).toBeUndefined();
    },
  );

  it("ends with whoever stops it", async () => {
    const stopping = new AbortController();
    stopping.abort(new Error("stopped"));
    const at = { clock: systemClock, outside: "9.9.9.9", router: "127.0.0.1", port: 554 };
    await expect(isHairpinOpen(at, stopping)).rejects.toThrow("stopped");
  });
});
