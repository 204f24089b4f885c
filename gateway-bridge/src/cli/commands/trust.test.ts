import type { GatewayClient, Trust } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";
import { encode } from "uqr";

import type { CommandContext } from "../command.ts";
import { trustCommand, trustText } from "./trust.ts";

const trust: Trust = {
  url: "https://192.168.1.5:8443/trust/ca.crt",
  fingerprint: "AB:CD:EF",
  expires: Date.UTC(2036, 0, 2),
  certificates: [
    { kind: "home", names: ["localhost", "192.168.1.5"], expires: Date.UTC(2027, 0, 2) },
    { kind: "own", names: ["cams.example.org"], expires: Date.UTC(2026, 2, 3) },
  ],
  named: null,
  notice: null,
};

/** Upper and lower half: dark where nothing is drawn, as terminals are. */
const blocks: Readonly<Record<string, readonly [boolean, boolean]>> = {
  " ": [true, true],
  "▀": [false, true],
  "▄": [true, false],
  "█": [false, false],
};

/** Whether each module of the code is dark, as a camera sees the half blocks. */
const modulesOf = (lines: readonly string[]): boolean[][] =>
  lines.flatMap((line) => {
    const halves = Array.from(line, (sign) => blocks[sign]);
    return [0, 1].map((half) => halves.map((pair) => pair?.[half] ?? false));
  });

describe("gatehouse trust", () => {
  it("shows where the authority is fetched, its fingerprint, and what is shown until when", () => {
    const text = trustText(trust);
    expect(text).toContain("open https://192.168.1.5:8443/trust/ca.crt on the phone or computer");
    expect(text).toContain("iPhone and iPad: https://192.168.1.5:8443/trust/ca.mobileconfig;");
    expect(text).toMatch(/fingerprint:\nAB:CD:EF\n.*until 2036-01-02/);
    expect(text).toContain("the home's certificate, until 2027-01-02: localhost, 192.168.1.5");
    expect(text).toContain("your own certificate, until 2026-03-03: cams.example.org");
    const acme = { ...trust.certificates[1]!, kind: "acme" as const };
    expect(trustText({ ...trust, certificates: [acme] })).toContain(
      "a public authority's certificate, until 2026-03-03",
    );
    expect(text).not.toContain("!");
    expect(trustText({ ...trust, notice: "x.pem is over" })).toMatch(
      /\n! x\.pem is over; `gatehouse certificate` says what to do\.$/,
    );
  });

  it("shows the address as a QR code, dark on light", () => {
    const lines = trustText(trust).split("\n");
    const shown = modulesOf(lines.slice(0, lines.indexOf("")));
    const { data, size } = encode(trust.url, { border: 2 });
    expect(shown.slice(0, size)).toEqual(data);
  });

  it("answers with the gateway's own words as JSON", async () => {
    const client = {
      call: async () => trust,
      [Symbol.asyncDispose]: async () => undefined,
    } as unknown as GatewayClient;
    const context = { client: async () => client, signal: new AbortController().signal } as unknown as CommandContext;
    expect(await trustCommand.run({ positionals: [], options: {} }, context)).toEqual({
      json: trust,
      text: trustText(trust),
    });
  });
});
