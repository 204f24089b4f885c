import { expect, it } from "@jest/globals";

import { redactTail } from "./redact-tail.ts";

it("makes one printable, bounded line of a program's last words", () => {
  expect(redactTail(Buffer.from("[aac @ 0x55bb10d54d40] bad frame\n\x1b[31mConversion failed!\n"))).toBe(
    "[aac] bad frame [31mConversion failed!",
  );
  expect(redactTail(Buffer.alloc(2_048, "x"))).toHaveLength(300);
  expect(redactTail(Buffer.alloc(0))).toBe("");
});
