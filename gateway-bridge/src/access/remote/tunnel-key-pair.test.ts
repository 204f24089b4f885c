import { beforeEach, describe, expect, it } from "@jest/globals";
import { spkiPin } from "@gatehouse/shared";

import type { KeyPair } from "../../store/kept-key.ts";
import { spkiOf } from "../gateway-identity.ts";
import { MemorySecrets } from "../testing/open-door.ts";
import { TunnelKeyPair } from "./tunnel-key-pair.ts";

const pinOf = (keys: KeyPair | undefined): string | undefined => keys && spkiPin(spkiOf(keys.publicKey));

let secrets: MemorySecrets;
let keys: TunnelKeyPair;
beforeEach(() => {
  secrets = new MemorySecrets();
  keys = new TunnelKeyPair(secrets);
});
const enrolled = (): string => {
  const candidate = keys.candidate("invite");
  keys.adopt(candidate);
  return pinOf(candidate)!;
};

describe("the keys towards a relay", () => {
  it("are none before an enrolment", () => {
    keys.rotate({ only: true });
    keys.promote();
    expect([keys.current, keys.next, secrets.held.size]).toEqual([undefined, undefined, 0]);
  });

  it("are the same for the same invite, over a restart, and others for another", () => {
    const first = pinOf(keys.candidate("invite"));
    expect(pinOf(new TunnelKeyPair(secrets).candidate("invite"))).toBe(first);
    expect(keys.current).toBeUndefined();
    expect(pinOf(keys.candidate("another"))).not.toBe(first);
    expect([...secrets.held.values()].some((content) => content.includes("another"))).toBe(false);
  });

  it("become another after an enrolment with the same invite: the key before is the relay's", () => {
    const first = enrolled();
    expect([pinOf(keys.current), keys.next]).toEqual([first, undefined]);
    expect(pinOf(keys.candidate("invite"))).not.toBe(first);
  });

  it("are both kept until the relay has taken the next", () => {
    const first = enrolled();
    keys.rotate({ only: false });
    const next = pinOf(keys.next?.keys);
    expect([pinOf(keys.current), keys.next?.only, next === first]).toEqual([first, false, false]);
    keys.promote();
    expect([pinOf(keys.current), keys.next]).toEqual([next, undefined]);
  });

  it("stay to be the only one, once that was said", () => {
    const first = enrolled();
    keys.rotate({ only: true });
    const dropped = pinOf(keys.next?.keys);
    keys.rotate({ only: false });
    expect([pinOf(keys.current), keys.next?.only, pinOf(keys.next?.keys) === dropped]).toEqual([first, true, false]);
  });

  it("are gone where they are dropped", () => {
    enrolled();
    keys.candidate("invite");
    keys.drop();
    expect([keys.current, secrets.held.size]).toEqual([undefined, 0]);
  });
});
