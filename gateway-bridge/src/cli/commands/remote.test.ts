import { describe, expect, it } from "@jest/globals";
import { RemoteState, type GatewayClient } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import type { Answer, CommandContext } from "../command.ts";
import { gatehouse } from "../help.ts";
import { parseCommandLine } from "../parse.ts";
import { remoteDeviceAddCommand, remoteDeviceListCommand, remoteDeviceRevokeCommand } from "./remote-device.ts";
import {
  remoteEnrolCommand,
  remoteLeaveCommand,
  remoteOffCommand,
  remoteOnCommand,
  remotePanicCommand,
  remoteRotateCommand,
  remoteStatusCommand,
} from "./remote.ts";

const commands = [
  ...[remoteStatusCommand, remoteEnrolCommand, remoteOnCommand, remoteOffCommand, remoteLeaveCommand],
  ...[remoteRotateCommand, remotePanicCommand],
  ...[remoteDeviceAddCommand, remoteDeviceListCommand, remoteDeviceRevokeCommand],
];
const ann = "who-aaaaaaaaaaaaaaaa";
const remote = { action: "remote", camera: "*" };
const principals = [
  { id: ann, name: "Ann", kind: "person", grants: [remote], revoked: null },
  { id: "who-bbbbbbbbbbbbbbbb", name: "Bob", kind: "person", grants: [], revoked: null },
  { id: "who-cccccccccccccccc", name: "Cyd", kind: "person", grants: [remote], revoked: 5 },
  { id: "who-dddddddddddddddd", name: "Command line", kind: "owner", grants: [remote], revoked: null },
];
const off = RemoteState.parse({
  ...{ enabled: false, connection: "off", since: 1, trouble: null, tunnel: "gr-aaaaaaaaaaaaaaaa" },
  relay: { address: "relay.test:443", name: "relay.test", keys: ["A".repeat(43)] },
  ...{ devices: 2, channels: 0, receivedBytes: 0, refusedChannels: 0, stops: ["Nobody reaches this home."] },
});
const on: RemoteState = { ...off, enabled: true, connection: "connected", stops: [] };
const device = { id: "dev-aaaaaaaaaaaaaaaa", name: "Laptop", person: ann, added: 1, used: null, revoked: null };

interface Setting {
  /** What `remote` answers, one after the other; the last again and again. */
  readonly states?: readonly RemoteState[];
  readonly typed?: string;
}

const run = async (
  words: string,
  { states = [off], typed }: Setting = {},
): Promise<{ answer: Answer | undefined; asked: [string, unknown][] }> => {
  const parsed = parseCommandLine(words.split(" "), commands, gatehouse);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  const asked: [string, unknown][] = [];
  const left = [...states];
  const answers: Readonly<Record<string, unknown>> = {
    listPrincipals: principals,
    listPeople: [{ id: ann, name: "Ann", loginName: "ann" }],
    listDevices: [device],
    offerDevice: { pairingString: "gh1.x", expires: 5 },
  };
  const clock = new TestClock();
  const gateway = {
    call: async (route: string, { body, params }: { body?: unknown; params?: unknown }) => {
      asked.push([route, body ?? params]);
      return answers[route] ?? (left.length > 1 ? left.shift() : left[0]);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const context = {
    client: async () => gateway as unknown as GatewayClient,
    clock: { monotonic: () => clock.monotonic(), delay: (ms: number) => clock.advance(ms) },
    signal: new AbortController().signal,
    terminal: { ask: async () => typed, readInput: async () => "ghr1.from.input\n" },
  } as unknown as CommandContext;
  return { answer: await parsed.command.run(parsed.input, context), asked };
};

describe("gatehouse remote", () => {
  it("status and off say what does not work while it is off", async () => {
    for (const words of ["remote status", "remote off"]) {
      const { answer } = await run(words);
      expect([answer?.json, answer?.text]).toEqual([off, expect.stringContaining("  Nobody reaches this home.")]);
      expect(answer?.text).toContain("Remote access is OFF. No connection to relay.test (relay.test:443).");
    }
  });

  it("on waits until the gateway is connected, and says who may come, and that nobody else does", async () => {
    const coming: RemoteState = { ...on, connection: "connecting", trouble: "no way" };
    const { answer, asked } = await run("remote on", { states: [coming, coming, coming, on] });
    expect(asked[0]).toEqual(["switchRemote", { enabled: true }]);
    expect(answer?.json).toEqual({ ...on, people: [{ id: ann, name: "Ann" }] });
    expect(answer?.text).toContain("with two factors: Ann. Nobody else comes in.");
    const tired = await run("remote on", { states: [coming] });
    expect(tired.answer?.text).toContain("Not connected to relay.test (relay.test:443) yet");
    expect(tired.answer?.text).toContain("no way");
  });

  it.each([
    ["remote enrol", { typed: " ghr1.typed " }, "ghr1.typed"],
    ["remote enrol --invite-stdin", {}, "ghr1.from.input"],
  ])("enrols with an invite that no list of processes shows: %s", async (words, setting, invite) => {
    expect((await run(words, setting)).asked).toEqual([["enrolAtRelay", { invite }]]);
  });

  it.each([
    ["remote enrol", {}, "There is no invite"],
    ["remote panic", {}, "Nothing was changed"],
    ["remote panic", { typed: "y" }, "Nothing was changed"],
    ["remote device add nobody Laptop", {}, "There is nobody called"],
    ["remote device revoke laptop", {}, "That is no device's id"],
  ])("changes nothing by `%s` with %j", async (words, setting, why) => {
    await expect(run(words, setting)).rejects.toThrow(why);
  });

  it("panics after a yes, or with --yes", async () => {
    expect((await run("remote panic", { typed: "yes" })).asked).toEqual([["panic", undefined]]);
    const untold = await run("remote panic --yes", { states: [{ ...off, trouble: "not told" }] });
    expect(untold.answer?.text).toContain("The relay was not told yet");
  });

  it.each([
    ["remote leave", "leaveRelay"],
    ["remote rotate", "rotateRemoteKeys"],
  ])("asks with `%s` for %s", async (words, route) => {
    expect((await run(words)).asked).toEqual([[route, undefined]]);
  });

  it("offers, lists and revokes devices", async () => {
    const added = await run("remote device add ann Laptop");
    expect(added.asked.at(-1)).toEqual(["offerDevice", { person: ann, name: "Laptop" }]);
    expect(added.answer?.text).toContain("\ngh1.x\n");
    const { answer } = await run("remote device list");
    expect(answer?.text).toMatch(/dev-aaaaaaaaaaaaaaaa +Laptop +Ann +may knock .* never/);
    const revoked = await run(`remote device revoke ${device.id}`);
    expect(revoked.asked).toEqual([["revokeDevice", { device: device.id }]]);
  });
});
