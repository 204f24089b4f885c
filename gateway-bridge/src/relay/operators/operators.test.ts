import { describe, expect, it } from "@jest/globals";
import { Secret, spkiPin } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { generateKeyPairSync, X509Certificate } from "node:crypto";

import { codeAt, nextStep } from "../../access/people/testing/authenticator.ts";
import type { SecretStore } from "../../ports.ts";
import { Database } from "../../store/database.ts";
import { OperatorAuthority, readOperatorKey } from "./operator-authority.ts";
import { Operators } from "./operators.ts";

const memory = (): SecretStore => {
  const kept = new Map<string, Buffer>();
  return {
    put: (name, content) => void kept.set(name, Buffer.from(content)),
    get: (name) => {
      const content = kept.get(name);
      return content && Buffer.from(content);
    },
    delete: (name) => void kept.delete(name),
  };
};

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;

const open = (now = 1_800_000_000_000) => {
  const clock = new TestClock(now);
  const database = Database.openInMemory();
  const secrets = memory();
  const reopen = () => Operators.open({ database, secrets, clock, relay: "relay.test" });
  const operators = reopen();
  const ada = operators.add({ name: "ada", role: "operator", publicKey: newKey() });
  const code = (at = clock.now()) => Secret.of(codeAt(ada.totp.secret, at));
  const wrong = () => Secret.of(String((Number(code().reveal()) + 1) % 1_000_000).padStart(6, "0"));
  return { clock, secrets, operators, reopen, ada: ada.operator, totp: ada.totp, code, wrong };
};

describe("Operators", () => {
  it("knows an operator by the key, and gives the authenticator's secret once", () => {
    const { operators, ada, totp } = open();
    expect(operators.byPin(ada.pin)).toEqual(ada);
    expect(operators.byPin("x".repeat(43))).toBeUndefined();
    expect(totp.uri).toMatch(/^otpauth:\/\/totp\/.*relay\.test.*secret=[A-Z2-7]{32}/);
    expect(JSON.stringify(operators.list())).not.toContain(totp.secret);
  });

  it("takes a code of now, once", async () => {
    const { operators, ada, code, clock } = open();
    operators.takeCode(ada.id, code());
    expect(() => operators.takeCode(ada.id, code())).toThrow(expect.objectContaining({ code: "sign-in-refused" }));
    expect(operators.byPin(ada.pin)?.signedIn).toBe(clock.now());
    await clock.advance(30_000);
    operators.takeCode(ada.id, code());
  });

  it("takes no code of the step before, nor after, nor one that is none", () => {
    const { operators, ada, clock, code } = open();
    for (const wrong of [code(clock.now() - 30_000), code(nextStep(clock.now())), Secret.of(""), Secret.of("12345x")])
      expect(() => operators.takeCode(ada.id, wrong)).toThrow(expect.objectContaining({ code: "sign-in-refused" }));
  });

  it("looks at five wrong codes, then at none until four minutes have passed, over a restart too", async () => {
    const { operators, reopen, ada, clock, code, wrong } = open();
    for (let tries = 0; tries < 5; tries += 1)
      expect(() => operators.takeCode(ada.id, wrong())).toThrow(expect.objectContaining({ code: "sign-in-refused" }));
    expect(() => operators.takeCode(ada.id, code())).toThrow(expect.objectContaining({ code: "too-many-guesses" }));
    expect(() => reopen().takeCode(ada.id, code())).toThrow(expect.objectContaining({ code: "too-many-guesses" }));
    await clock.advance(4 * 60_000);
    operators.takeCode(ada.id, code());
  });

  it("holds nobody up who signs in often", async () => {
    const { operators, ada, clock, code } = open();
    for (let tries = 0; tries < 20; tries += 1) {
      operators.takeCode(ada.id, code());
      await clock.advance(30_000);
    }
  });

  it("takes one name and one key once", () => {
    const { operators } = open();
    const publicKey = newKey();
    operators.add({ name: "bob", role: "auditor", publicKey });
    for (const again of [
      { name: "bob", publicKey: newKey() },
      { name: "eve", publicKey },
    ])
      expect(() => operators.add({ ...again, role: "auditor" })).toThrow(
        expect.objectContaining({ code: "name-taken" }),
      );
  });

  it("forgets who is removed, and its authenticator, but keeps somebody who may change things", () => {
    const { operators, secrets, ada } = open();
    const { operator: bob } = operators.add({ name: "bob", role: "auditor", publicKey: newKey() });
    expect(() => operators.remove(ada.id)).toThrow(expect.objectContaining({ code: "last-operator" }));
    operators.remove(bob.id);
    expect(operators.byPin(bob.pin)).toBeUndefined();
    expect(secrets.get(`operator/${bob.id}/totp`)).toBeUndefined();
    expect(() => operators.remove(bob.id)).toThrow(expect.objectContaining({ code: "not-found" }));
    operators.add({ name: "cleo", role: "operator", publicKey: newKey() });
    operators.remove(ada.id);
    expect(operators.list().map(({ name }) => name)).toEqual(["cleo"]);
  });
});

describe("OperatorAuthority", () => {
  it("vouches for the same keys again after a restart", () => {
    const secrets = memory();
    const { operators, ada } = open();
    expect(operators.byPin(ada.pin)).toBeDefined();
    const key = newKey();
    const issued = new X509Certificate(new OperatorAuthority(secrets).issue(ada.id, key));
    const again = new OperatorAuthority(secrets);
    expect(issued.verify(new X509Certificate(again.certificate).publicKey)).toBe(true);
    expect(spkiPin(issued.publicKey.export({ type: "spki", format: "der" }))).toBe(
      spkiPin(key.export({ type: "spki", format: "der" })),
    );
    expect(new X509Certificate(again.control.cert).verify(new X509Certificate(again.certificate).publicKey)).toBe(true);
  });

  it.each([
    [
      "another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ type: "spki", format: "der" }),
    ],
    ["another kind", generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" })],
    ["no key", Buffer.from("no key")],
  ])("takes no key of %s", (_title, der) => {
    expect(() => readOperatorKey(der.toString("base64"))).toThrow(expect.objectContaining({ code: "request-invalid" }));
  });

  it("gives the two forms of a point one pin", () => {
    const publicKey = newKey();
    const jwk = publicKey.export({ format: "jwk" });
    const plain = publicKey.export({ type: "spki", format: "der" });
    const x = Buffer.from(jwk.x ?? "", "base64url");
    const odd = (Buffer.from(jwk.y ?? "", "base64url").at(-1) ?? 0) & 1;
    // SEC 1 2.3.3: the point compressed, in the same SPKI with its lengths made shorter.
    const head = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
    const short = Buffer.concat([head, Buffer.of(2 + odd), x]);
    expect(short.length).toBeLessThan(plain.length);
    expect(readOperatorKey(short.toString("base64")).export({ type: "spki", format: "der" })).toEqual(plain);
  });
});
