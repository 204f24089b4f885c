import { describe, expect, it } from "@jest/globals";

import { mostEvaluated as mostOfCode } from "../../gateway-bridge/src/access/people/one-time-code-policy.ts";
import { mostEvaluated as mostOfPairing } from "../../gateway-bridge/src/access/pairing-policy.ts";
import { limits as api } from "../../gateway-bridge/src/api/limits.ts";
import { limits as rtsp } from "../../gateway-bridge/src/consumers/rtsp/limits.ts";
import { accountGuesses } from "../../gateway-bridge/src/domain/guess-policy.ts";
import { lifetimes, stepUpMs } from "../../gateway-bridge/src/domain/login-policy.ts";
import { read, typescriptIn } from "../support/repository.ts";

const text = read("SECURITY.md").split("## Figures, and keys")[1]?.split("\n## ")[0] ?? "";
/** The cells of a table's row that begins so, without the first. */
const row = (first: string): readonly string[] =>
  text
    .split("\n")
    .find((line) => line.startsWith(`| ${first} `))
    ?.split("|")
    .slice(2, -1)
    .map((cell) => cell.trim()) ?? [];

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const span = (ms: number): string => {
  const [count, unit] = ms > day ? [ms / day, "day"] : ms >= hour ? [ms / hour, "hour"] : [ms / minute, "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
};

describe("SECURITY.md", () => {
  it("tells how long a login lasts", () => {
    const told = ({ idleMs, absoluteMs }: { readonly idleMs: number; readonly absoluteMs: number }) =>
      [idleMs, absoluteMs].map(span);
    expect(row("of whoever governs")).toEqual(told(lifetimes.admin));
    expect(row("of others")).toEqual(told(lifetimes.viewer));
    expect(row("of others who wished to stay signed in, and of guests")).toEqual(told(lifetimes.staying));
    expect(text).toContain(`counts for a change for ${span(stepUpMs)}`);
    const [, most] = /const mostLogins = (\d+);/.exec(read("gateway-bridge/src/access/logins/logins.ts")) ?? [];
    expect(text).toContain(`at most ${most ?? "?"} logins`);
  });

  it("tells how often may be guessed", () => {
    const { burst, refillMs } = accountGuesses;
    expect(text).toContain(
      `${burst} guesses looked at, then one every ${span(refillMs)}: no more than ${burst + hour / refillMs} in any hour`,
    );
    expect(mostOfPairing).toBe(mostOfCode);
    expect(text).toContain(`is over after ${mostOfCode} guesses that name it`);
  });

  it("tells how much any client can take", () => {
    const told = (...numbers: readonly number[]): readonly string[] => numbers.map(String);
    expect(row("connections")).toEqual(told(api.connections, rtsp.connections));
    expect(row("connections of strangers from one address")).toEqual(
      told(api.strangersPerAddress, rtsp.strangersPerAddress),
    );
    expect(row("connections of one client")).toEqual(told(api.connectionsPerPrincipal, rtsp.connectionsPerLogin));
    expect(row("requests of one connection that wait for an answer")).toEqual(told(api.pipelined, rtsp.pipelined));
    expect(row("milliseconds for TLS to be agreed")).toEqual(told(api.tlsHandshake, rtsp.tlsHandshake));
  });

  it("lists every key and secret that the vault keeps", () => {
    const sources = typescriptIn("gateway-bridge/src").filter(
      (path) => !path.endsWith(".test.ts") && !path.includes("/testing/"),
    );
    // What a secret is called there: a fixed name, or one with an id in it. Media types look alike, and have no id.
    const name =
      /"((?:gateway|audit|guesses|tls|remote|posture)\/[a-z-]+)"|`((?:camera|application|person)\/\$\{[^`]+)`/g;
    const used = sources.flatMap((path) =>
      [...read(path).matchAll(name)].map(([, fixed, made = ""]) => fixed ?? made.replace(/\$\{\w+\}/g, "<id>")),
    );
    const [, table = ""] = text.split("| Name ");
    const names = table
      .split("\n")
      .slice(2)
      .map((line) => line.split("|")[1] ?? "");
    const listed = names.flatMap((cell) => cell.match(/[a-z]+\/[a-z<>/-]+/g) ?? []);
    expect(used.length).toBeGreaterThan(10);
    expect([...new Set(listed)].sort()).toEqual([...new Set(used)].sort());
  });
});
