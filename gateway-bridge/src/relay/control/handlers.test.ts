import { describe, expect, it } from "@jest/globals";

import { createControlHandlers, type HandlerOptions, type OperatedRelay } from "./handlers.ts";

/** A relay that says where it is found, and counts its invites. */
const relayAt = (address: string) => {
  const made: string[] = [];
  const invite = (): { secret: string; expires: number } => {
    made.push(address);
    return { secret: "s".repeat(22), expires: 0 };
  };
  const status = () => ({ name: "relay.test", public: address, keys: ["k".repeat(43)] });
  const relay = { status, invite } as unknown as OperatedRelay;
  const handlers = createControlHandlers({ relay } as HandlerOptions);
  return { made, invite: () => handlers.invite({ ttlMs: 60_000 }, {} as never, {} as never) };
};

describe("an invite", () => {
  it.each(["0.0.0.0:8444", "[::]:8444", "[0:0:0:0:0:0:0:0]:8444"])("is not made where it would name %s", (address) => {
    const { invite, made } = relayAt(address);
    expect(invite).toThrow(expect.objectContaining({ code: "config-invalid" }));
    expect(made).toEqual([]);
  });

  it.each(["relay.example.org:8444", "203.0.113.9:443", "[2001:db8::1]:8444"])("is made for %s", (address) => {
    expect(relayAt(address).invite().answer.invite).toMatch(/^ghr1\./);
  });
});
