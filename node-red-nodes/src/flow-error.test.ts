import { describe, expect, it } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";

import { explain, flowError } from "./flow-error.ts";

describe("explain", () => {
  it.each(["the camera is gone", "The camera is gone."])("makes two sentences of %j and the remedy", (message) => {
    const error = new GatehouseError("not-found", message, { remedy: "Look for it." });
    expect(explain(error)).toBe("The camera is gone. Look for it.");
  });
});

describe("flowError", () => {
  it("has a code of its own, which catch nodes copy", () => {
    const error = flowError(new GatehouseError("access-denied", "no"));
    expect(Object.hasOwn(error, "code")).toBe(true);
    expect(error).toMatchObject({ code: "access-denied", message: expect.stringMatching(/^No\. Ask /) as unknown });
  });

  it("is internal for whatever else was thrown", () => {
    expect(flowError("a string")).toMatchObject({ code: "internal" });
  });
});
