import { describe, expect, it } from "@jest/globals";
import { errorRegistry, GatehouseError, type ErrorCode } from "@gatehouse/shared";

import type { LinkState } from "./gateway-connection.ts";
import { connectionBadge } from "./status.ts";

const failing = (code: ErrorCode) => new GatehouseError(code, "why");
const waiting = (code: ErrorCode): LinkState => ({ kind: "waiting", error: failing(code), retryInMs: 5 });
const unpaired = (code: ErrorCode): LinkState => ({ kind: "unpaired", error: failing(code) });

describe("connectionBadge", () => {
  it.each<[LinkState, string, string]>([
    [{ kind: "idle" }, "yellow", "node-red:common.status.connecting"],
    [{ kind: "connecting" }, "yellow", "node-red:common.status.connecting"],
    [{ kind: "connected" }, "green", "node-red:common.status.connected"],
    [{ kind: "closed" }, "grey", "node-red:common.status.disconnected"],
    [waiting("gateway-unreachable"), "red", "unreachable"],
    [waiting("gateway-impostor"), "red", "not this gateway"],
    [waiting("unauthenticated"), "red", "locked out"],
    [waiting("timeout"), "red", "timeout"],
    [waiting("internal"), "red", "error, see the log"],
    [unpaired("unauthenticated"), "red", "not paired"],
    [unpaired("pairing-invalid"), "red", "string used or old"],
    [unpaired("pairing-string-malformed"), "red", "string incomplete"],
    [unpaired("file-permissions"), "red", "file-permissions"],
  ])("shows %j in %s as %j", (state, fill, text) => {
    expect(connectionBadge(state)).toMatchObject({ fill, text });
  });

  it("fits what can become of a connection into the width that a badge has", () => {
    const codes = (Object.keys(errorRegistry) as ErrorCode[]).filter((code) => /^(pairing|gateway-(un|im))/.test(code));
    for (const code of [...codes, "unauthenticated", "timeout", "internal"] as ErrorCode[]) {
      expect(connectionBadge(waiting(code)).text.length).toBeLessThanOrEqual(20);
      expect(connectionBadge(unpaired(code)).text.length).toBeLessThanOrEqual(20);
    }
  });
});
