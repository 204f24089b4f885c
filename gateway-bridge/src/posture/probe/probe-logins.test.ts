import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { ProbeLogins } from "./probe-logins.ts";

const quiet = { raise: () => undefined };
const logins = new ProbeLogins({
  gate: { place: { camera: "cam-a", host: "192.168.1.20", literal: true }, ledger: {} },
  memories: {
    onvif: { floor: "none", ...quiet },
    snapshot: { floor: "none", ...quiet },
    rtsp: { floor: "digest-md5", ...quiet },
  },
  clock: new TestClock(),
} as never);
const basic = ['Basic realm="camera"'];
/** Whether the password is sent to whoever asks for it in readable form, without TLS. */
const tells = (secret: boolean, plane: "http" | "rtsp"): boolean => {
  const login = logins.of({ kind: "guess", username: "admin", password: Secret.of("p"), secret }, plane);
  try {
    login?.authorizer(false).challenge(basic);
    return true;
  } catch {
    return false;
  }
};

describe("a password that is tried", () => {
  it.each(["http", "rtsp"] as const)("is sent in readable form by %s only where it is nobody's secret", (plane) => {
    expect(tells(false, plane)).toBe(true);
    expect(tells(true, plane)).toBe(false);
  });
});
