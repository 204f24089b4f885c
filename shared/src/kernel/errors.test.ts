import { describe, expect, it } from "@jest/globals";
import { runInNewContext } from "node:vm";

import {
  errorRegistry,
  GatehouseError,
  isError,
  isErrorCode,
  isGatehouseError,
  systemCode,
  toGatehouseError,
  type ErrorCode,
} from "./errors.ts";

describe("errorRegistry", () => {
  it.each(Object.entries(errorRegistry))(
    "%s has a fit name, an HTTP status and a remedy in sentences",
    (code, entry) => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(entry.status).toBeGreaterThanOrEqual(400);
      expect(entry.status).toBeLessThan(600);
      expect(entry.remedy).toMatch(/^[A-Z].*\.$/);
    },
  );
});

describe("GatehouseError", () => {
  it("takes retry and remedy from the registry unless told better", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new GatehouseError("camera-unreachable", "nothing answers", { cause, details: { port: 554 } });
    expect(error).toMatchObject({ retry: "later", details: { port: 554 }, cause, name: "GatehouseError" });
    expect(error.remedy).toBe(errorRegistry["camera-unreachable"].remedy);
    expect(new GatehouseError("internal", "x", { remedy: "Do this." }).remedy).toBe("Do this.");
    expect("cause" in new GatehouseError("internal", "x")).toBe(false);
  });
});

describe("recognising errors", () => {
  it("knows errors of other realms, where instanceof fails", () => {
    const foreign: unknown = runInNewContext("new TypeError('elsewhere')");
    expect(foreign instanceof Object).toBe(false);
    expect(isError(foreign)).toBe(true);
    expect(isError(new DOMException("gone", "AbortError"))).toBe(true);
  });

  it.each([[null], [undefined], ["Error"], [{}], [{ message: "no stack" }]])("does not take %j for one", (value) => {
    expect(isError(value)).toBe(false);
    expect(isGatehouseError(value)).toBe(false);
  });

  it("knows one made by another copy of this package, by its name and code", () => {
    const duplicate = Object.assign(new Error("x"), { name: "GatehouseError", code: "timeout" });
    expect(isGatehouseError(duplicate)).toBe(true);
    expect(isGatehouseError(Object.assign(new Error("x"), { name: "GatehouseError", code: "of-the-future" }))).toBe(
      false,
    );
    expect(isGatehouseError(Object.assign(new Error("x"), { code: "timeout" }))).toBe(false);
  });

  it.each<[unknown, boolean]>([
    ["timeout", true],
    ["toString", false],
    ["__proto__", false],
    [7, false],
  ])("says of the code %j: %s", (code, known) => {
    expect(isErrorCode(code)).toBe(known);
  });
});

describe("toGatehouseError", () => {
  it("leaves ours alone and wraps the rest with its cause", () => {
    const ours = new GatehouseError("timeout", "late");
    expect(toGatehouseError(ours)).toBe(ours);
    const cause = new Error("broken pipe");
    expect(toGatehouseError(cause)).toMatchObject({ code: "internal", message: "broken pipe", cause });
    expect(toGatehouseError("odd", "camera-fault" satisfies ErrorCode)).toMatchObject({
      code: "camera-fault",
      message: "odd",
    });
  });
});

describe("systemCode", () => {
  it.each<[unknown, string | undefined]>([
    [Object.assign(new Error("x"), { code: "ENOENT" }), "ENOENT"],
    [Object.assign(new Error("x"), { code: 7 }), undefined],
    [new Error("x"), undefined],
    [null, undefined],
    ["ENOENT", undefined],
  ])("reads the code of %p", (value, code) => {
    expect(systemCode(value)).toBe(code);
  });
});
