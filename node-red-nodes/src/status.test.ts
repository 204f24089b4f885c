import { expect, it } from "@jest/globals";
import { GatehouseError, type ConnectionState } from "@gatehouse/shared";

import { connectionBadge } from "./status.ts";

const waiting: ConnectionState = {
  kind: "waiting",
  error: new GatehouseError("gateway-unreachable", "gone"),
  retryInMs: 5,
};

it.each<[ConnectionState, string, string]>([
  [{ kind: "idle" }, "yellow", "connecting"],
  [{ kind: "connecting" }, "yellow", "connecting"],
  [{ kind: "connected" }, "green", "connected"],
  [waiting, "red", "gateway-unreachable"],
  [{ kind: "closed" }, "grey", "disconnected"],
])("shows %j in %s", (state, fill, text) => {
  const badge = connectionBadge(state);
  expect(badge.fill).toBe(fill);
  expect(badge.text).toContain(text);
});
