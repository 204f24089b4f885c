import { describe, expect, it } from "@jest/globals";

import { permissionAfter } from "./live-permission.js";

const told = (code: string, retry: "later" | "never" = "never") =>
  permissionAfter({ kind: "told", error: { code, retry, message: "It is so", remedy: "Do this.", details: {} } });

describe("permissionAfter", () => {
  it("tells the end of a right and of a login from a camera that is away", () => {
    expect(told("access-denied")).toEqual({ kind: "ended", why: "rights" });
    expect(told("unauthenticated")).toEqual({ kind: "ended", why: "login" });
    expect(told("camera-unreachable", "later")).toEqual({ kind: "granted" });
  });

  it("does not try again what cannot get better by itself, and says why", () => {
    const error = { code: "camera-credentials", message: "It is so", remedy: "Do this." };
    expect(told("camera-credentials")).toMatchObject({ kind: "ended", why: "fault", error });
  });

  it("knows nothing where a connection broke", () => {
    for (const kind of ["lost", "unopened", "unplayable"] as const) expect(permissionAfter({ kind })).toBeUndefined();
  });
});
