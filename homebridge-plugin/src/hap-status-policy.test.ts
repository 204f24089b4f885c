import { errorRegistry, type ErrorCode } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { hapStatusOf } from "./hap-status-policy.ts";

/** Every other code is -70402, "service communication failure". */
const special: Partial<Record<ErrorCode, number>> = {
  "access-denied": -70401,
  unauthenticated: -70401,
  "viewer-address-refused": -70401,
  "not-found": -70409,
  "snapshot-unsupported": -70409,
  "too-many-sessions": -70403,
  timeout: -70408,
};

describe("hapStatusOf", () => {
  it.each(Object.keys(errorRegistry) as ErrorCode[])("tells HomeKit of %s", (code) => {
    expect(hapStatusOf(code)).toBe(special[code] ?? -70402);
  });
});
