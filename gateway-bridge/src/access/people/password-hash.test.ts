import { describe, expect, it } from "@jest/globals";
import { Secret } from "@gatehouse/shared";
import { hash } from "node:crypto";

import { argon2id, cost, PasswordHash, type Argon2id } from "./password-hash.ts";
import { formatPhc, parsePhc } from "./phc.ts";

/** Quick, and as good as another for what is tested here. */
const quick: Argon2id = async ({ message, nonce, tagLength }) =>
  hash("sha512", Buffer.concat([nonce as Buffer, message as Buffer]), "buffer").subarray(0, tagLength);

it("is argon2id as RFC 9106 5.3 has it", async () => {
  const tag = await argon2id({
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    memory: 32,
    passes: 3,
    parallelism: 4,
    tagLength: 32,
  });
  expect(tag.toString("hex")).toBe("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

describe("a password's hash", () => {
  it("costs 46 MiB, has a salt of its own, and knows the password", async () => {
    const passwords = new PasswordHash();
    const password = Secret.of("correct horse battery staple");
    const [one, two] = [await passwords.make(password), await passwords.make(password)];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=47104,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await passwords.verify(one, password)).toBe(true);
    expect(await passwords.verify(one, Secret.of("correct horse battery staple "))).toBe(false);
  });

  it("does not care how accents are written", async () => {
    const passwords = new PasswordHash(quick);
    const stored = await passwords.make(Secret.of("cr\u00e8me br\u00fbl\u00e9e"));
    expect(await passwords.verify(stored, Secret.of("cre\u0300me bru\u0302le\u0301e"))).toBe(true);
  });

  it.each([undefined, null, "", "plain", "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHRzYWx0$dGFndGFndGFndGFndGFn"])(
    "of %j is nobody's, and found to be so with as much work as any other",
    async (stored) => {
      const worked: unknown[] = [];
      const passwords = new PasswordHash(async (parameters) => {
        const { memory, passes, parallelism, tagLength } = parameters;
        worked.push({ memory, passes, parallelism, tagLength });
        return quick(parameters);
      });
      expect(await passwords.verify(stored, Secret.of("whatever"))).toBe(false);
      expect(worked).toEqual([{ ...cost, tagLength: 32 }]);
    },
  );

  it("is outdated once passwords cost more", async () => {
    const passwords = new PasswordHash(quick);
    const stored = await passwords.make(Secret.of("password"));
    expect(passwords.isOutdated(stored)).toBe(false);
    expect(passwords.isOutdated(stored.replace("m=47104", "m=19456"))).toBe(true);
    expect(passwords.isOutdated("nothing")).toBe(true);
  });
});

describe("parsePhc", () => {
  const salt = Buffer.alloc(16, 1);
  const tag = Buffer.alloc(32, 2);
  const good = formatPhc({ ...cost, salt, tag });
  it("reads what was written", () => {
    expect(parsePhc(good)).toEqual({ ...cost, salt, tag });
  });
  it.each([
    ["another algorithm", good.replace("argon2id", "argon2i")],
    ["another version", good.replace("v=19", "v=16")],
    ["memory enough to stop the box", good.replace("m=47104", "m=262145")],
    ["less memory than there are lanes", good.replace("m=47104", "m=7")],
    ["no passes", good.replace("t=1", "t=0")],
    ["passes without end", good.replace("t=1", "t=17")],
    ["no lanes", good.replace("p=1", "p=0")],
    ["lanes without end", good.replace("p=1", "p=5")],
    ["a leading zero", good.replace("t=1", "t=01")],
    ["padding", `${good}=`],
    ["a blank at its end", `${good} `],
    ["bits beyond the last byte", `${good.slice(0, -1)}D`],
  ])("refuses %s", (_, text) => {
    expect(parsePhc(text)).toBeUndefined();
  });
});
