import { TunnelId } from "@gatehouse/shared";
import { expect, it } from "@jest/globals";

import type { TunnelClaim, TunnelRegistry } from "../tunnel-registry.ts";

const gateway = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");
const other = TunnelId.parse("gr-bbbbbbbbbbbbbbbb");
const claim = (over: Partial<TunnelClaim> = {}): TunnelClaim => ({
  gateway,
  tunnel: "t1",
  node: "n1",
  epoch: 5,
  ...over,
});

/** What every registry of tunnels does, in whatever it keeps them. */
export const itIsARegistry = (open: () => TunnelRegistry): void => {
  it("knows nobody who has not claimed", async () => {
    expect(await open().lookup(gateway)).toBeUndefined();
  });

  it("gives the newest claim of each gateway", async () => {
    const registry = open();
    expect(await registry.claim(claim())).toBe("holds");
    expect(await registry.claim(claim({ gateway: other, tunnel: "t9" }))).toBe("holds");
    expect(await registry.claim(claim({ tunnel: "t2", node: "n2" }))).toBe("holds");
    expect(await registry.lookup(gateway)).toEqual(claim({ tunnel: "t2", node: "n2" }));
    expect(await registry.lookup(other)).toMatchObject({ tunnel: "t9" });
  });

  it("never goes back to a lower epoch, also when nobody holds the gateway any more", async () => {
    const registry = open();
    await registry.claim(claim());
    expect(await registry.claim(claim({ tunnel: "t2", epoch: 4 }))).toBe("stale");
    expect(await registry.lookup(gateway)).toEqual(claim());
    await registry.release(claim());
    expect(await registry.claim(claim({ tunnel: "t3", epoch: 4 }))).toBe("stale");
    expect(await registry.lookup(gateway)).toBeUndefined();
    expect(await registry.claim(claim({ gateway: other, epoch: 1 }))).toBe("holds");
  });

  it("raises a tunnel's own epoch", async () => {
    const registry = open();
    await registry.claim(claim());
    expect(await registry.claim(claim({ epoch: 6 }))).toBe("holds");
    expect(await registry.claim(claim({ tunnel: "t2" }))).toBe("stale");
  });

  it("lets a tunnel give up only what it holds", async () => {
    const registry = open();
    await registry.claim(claim());
    await registry.claim(claim({ tunnel: "t2" }));
    await registry.release(claim());
    expect(await registry.lookup(gateway)).toMatchObject({ tunnel: "t2" });
    await registry.release(claim({ tunnel: "t2" }));
    expect(await registry.lookup(gateway)).toBeUndefined();
  });

  it("tells of claims that hold, and of no other, until nobody listens", async () => {
    const registry = open();
    const heard: string[] = [];
    const watch = registry.watch(({ tunnel }) => heard.push(tunnel));
    await registry.claim(claim());
    await registry.claim(claim({ tunnel: "t2", epoch: 4 }));
    await registry.claim(claim({ tunnel: "t3" }));
    watch[Symbol.dispose]();
    await registry.claim(claim({ tunnel: "t4" }));
    expect(heard).toEqual(["t1", "t3"]);
  });
};
