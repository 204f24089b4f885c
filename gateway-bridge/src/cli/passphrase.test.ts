import { describe, expect, it } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CommandInput, Terminal } from "./command.ts";
import { knownPassphrase, newPassphrase, passphraseSource, vaultPassphrase } from "./passphrase.ts";

const long = "correct horse battery staple";

/** A terminal at which these are typed, one after the other, or with this standard input. */
const makeTerminal = ({ typed, stdin = "" }: { typed?: string[]; stdin?: string }) => {
  const asked: string[] = [];
  const terminal: Terminal = {
    print: () => undefined,
    note: () => undefined,
    ask: async (question, { hidden }) => {
      asked.push(`${question}${hidden ? "(hidden)" : "(shown)"}`);
      return typed?.shift();
    },
    readInput: async () => stdin,
  };
  return { terminal, asked };
};
const input = (stdin: boolean): CommandInput => ({ positionals: [], options: { "passphrase-stdin": stdin } });
const invalid = { code: "request-invalid" };

describe("a new passphrase", () => {
  it("is typed twice, and never shown", async () => {
    const { terminal, asked } = makeTerminal({ typed: [long, long] });
    expect((await newPassphrase(passphraseSource(input(false), { terminal }), "this backup")).reveal()).toBe(long);
    expect(asked).toEqual(["New passphrase for this backup: (hidden)", "The same again: (hidden)"]);
  });

  it.each([
    ["mistyped the second time", [long, `${long}r`]],
    ["too short", ["eleven char", "eleven char"]],
    ["too long", ["x".repeat(1_025), "x".repeat(1_025)]],
    ["nothing", ["", ""]],
    ["not given, because nobody is there", []],
  ])("is refused when it is %s", async (_why, typed) => {
    const { terminal } = makeTerminal({ typed });
    await expect(newPassphrase(passphraseSource(input(false), { terminal }), "it")).rejects.toMatchObject(invalid);
  });

  it("comes once from standard input, where somebody wrote it", async () => {
    const { terminal, asked } = makeTerminal({ stdin: long });
    expect((await newPassphrase(passphraseSource(input(true), { terminal }), "it")).reveal()).toBe(long);
    const short = makeTerminal({ stdin: "short" });
    await expect(newPassphrase(passphraseSource(input(true), short), "it")).rejects.toMatchObject(invalid);
    expect(asked).toEqual([]);
  });

  it("follows the old one on standard input, line by line", async () => {
    const { terminal } = makeTerminal({ stdin: `the old one\r\n${long}` });
    const source = passphraseSource(input(true), { terminal });
    expect((await knownPassphrase(source, "it")).reveal()).toBe("the old one");
    expect((await newPassphrase(source, "it")).reveal()).toBe(long);
    await expect(knownPassphrase(source, "it")).rejects.toMatchObject(invalid);
  });
});

describe("the vault's passphrase", () => {
  it("is systemd's credential, unless it comes on standard input; else it is asked for", async () => {
    const credentialsFolder = mkdtempSync(join(tmpdir(), "credentials-"));
    const ask = async (stdin: boolean, folder: string | undefined, typed?: string[]) => {
      const { terminal } = makeTerminal({ stdin: "from stdin", ...(typed !== undefined && { typed }) });
      const source = passphraseSource(input(stdin), { terminal });
      return (await vaultPassphrase(source, { credentialsFolder: folder })())?.reveal();
    };
    try {
      expect(await ask(false, credentialsFolder, ["typed"])).toBe("typed");
      writeFileSync(join(credentialsFolder, "vault-passphrase"), "from systemd\n");
      expect(await ask(false, credentialsFolder, ["typed"])).toBe("from systemd");
      expect(await ask(true, credentialsFolder)).toBe("from stdin");
      expect(await ask(false, undefined, ["typed"])).toBe("typed");
      expect(await ask(false, undefined)).toBeUndefined();
    } finally {
      rmSync(credentialsFolder, { recursive: true });
    }
  });
});
