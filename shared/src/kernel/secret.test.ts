import { describe, expect, it } from "@jest/globals";
import { format, inspect } from "node:util";

import { Secret } from "./secret.ts";

describe("Secret", () => {
  const secret = Secret.of("hunter2");
  const shown: readonly [string, () => string][] = [
    ["a template", () => `so: ${secret as unknown as string}`],
    ["a sum", () => "so: " + (secret as unknown as string)],
    ["String()", () => String(secret)],
    ["JSON", () => JSON.stringify({ password: secret })],
    ["inspect", () => inspect({ password: secret }, { depth: 9, showHidden: true })],
    ["inspect without custom printers", () => inspect(secret, { customInspect: false, showHidden: true })],
    ["format", () => format("%s %o %j", secret, secret, secret)],
    ["its keys", () => Reflect.ownKeys(secret).map(String).join(" ")],
    ["a clone", () => JSON.stringify(structuredClone(secret))],
    ["an error's details", () => inspect(new Error("x", { cause: secret }))],
  ];

  it.each(shown)("does not show its content in %s", (_name, show) => {
    expect(show()).not.toContain("hunter2");
  });

  it("gives its content to whoever asks by name", () => {
    expect(secret.reveal()).toBe("hunter2");
  });
});
