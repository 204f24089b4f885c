import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { parseRelayInvite, systemClock, type AuditRow, type WireError } from "@gatehouse/shared";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { DoctorReport } from "../../gateway-bridge/src/relay/doctor/doctor.ts";
import { enrolAtRelay } from "../../gateway-bridge/src/relay/tunnel/enrol.ts";
import { codeAt } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import { eventually } from "../support/eventually.ts";
import { freshCode } from "../support/fresh-code.ts";
import { never } from "../support/relay-desk.ts";
import { knock, makeDeviceKey, readBytes } from "../support/relay-device.ts";
import { makeGatewayKey } from "../support/relay-home.ts";
import { gatehouseRelay, initRelay, RelayProcess, type MadeRelay } from "../support/relay-process.ts";
import { ScriptedGateway } from "../support/scripted-gateway.ts";

// Processes start, and codes are waited for.
jest.setTimeout(90_000);

/** One relay, run by two people from the first command to the last: what is told here happens in this order. */
let folder: string;
let made: MadeRelay;
let relay: RelayProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-operators-"));
  made = await initRelay(join(folder, "relay"), ["--metrics-port", "0"]);
  relay = await RelayProcess.start({ data: made.data });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await relay.kill();
  await rm(folder, { recursive: true });
});

interface Person {
  readonly operator: { readonly id: string };
  readonly key: string;
  readonly totp: { readonly secret: string };
}
let eve: Person;

const gatewayKey = makeGatewayKey();
const device = makeDeviceKey();
let gateway: ScriptedGateway;
const place = () => ({ port: Number(relay.address.split(":")[1]), pin: made.relayKey });
const ada = (): string => made.key;

interface Asked<T> {
  readonly code: number;
  readonly answer: T;
}
/** What a command answers to somebody, and how it ends. */
const ask = async <T = unknown>(key: string, args: readonly string[], input = ""): Promise<Asked<T>> => {
  const { code, stdout } = await gatehouseRelay(made.data, [...args, "--key", key, "--json"], { input });
  return { code, answer: JSON.parse(stdout) as T };
};
const refusal = async (key: string, args: readonly string[], input = ""): Promise<string> => {
  const { code, answer } = await ask<WireError>(key, args, input);
  return `${code} ${answer.error.code}`;
};
const doctor = async (...args: string[]): Promise<{ code: number; codes: string[] }> => {
  const { code, answer } = await ask<DoctorReport>(ada(), ["doctor", ...args]);
  return { code, codes: answer.findings.map((finding) => finding.code) };
};

describe("the operators of a real relay", () => {
  it("are made with it: a key of 0600, and a secret that is told once and lies nowhere readable", async () => {
    expect((await stat(ada())).mode & 0o777).toBe(0o600);
    expect((await stat(made.data)).mode & 0o777).toBe(0o700);
    for (const name of ["relay.db", "relay.db-wal", "relay.json", "operator.json", "running.json"])
      expect((await readFile(join(made.data, name))).includes(made.totp.secret)).toBe(false);
  });

  it("can do nothing without a code, and each code works once", async () => {
    expect(await refusal(ada(), ["invite"])).toBe("1 operator-signed-out");
    const wrong = String((Number(codeAt(made.totp.secret, Date.now())) + 500_000) % 1_000_000).padStart(6, "0");
    expect(await refusal(ada(), ["sign-in", "--code-stdin"], wrong)).toBe("1 sign-in-refused");
    const code = await freshCode(made.totp.secret);
    expect(await ask(ada(), ["sign-in", "--code-stdin"], code)).toMatchObject({
      code: 0,
      answer: { operator: { name: "ada" } },
    });
    expect(await refusal(ada(), ["sign-in", "--code-stdin"], code)).toBe("1 sign-in-refused");
  });

  it("invite gateways, each by one invite, and see them come", async () => {
    const { code, answer } = await ask<{ readonly invite: string }>(ada(), ["invite", "--minutes", "5"]);
    expect(code).toBe(0);
    const invite = parseRelayInvite(answer.invite);
    expect(invite).toMatchObject({ relay: "relay.test", relayKey: made.relayKey, address: relay.address });
    expect(await enrolAtRelay({ invite, key: gatewayKey, clock: systemClock }, never)).toMatchObject({
      tunnel: gatewayKey.id,
    });
    const other = enrolAtRelay({ invite, key: makeGatewayKey(), clock: systemClock }, never);
    await expect(other).rejects.toMatchObject({ code: "invite-invalid" });
    gateway = await ScriptedGateway.open({ ...place(), key: gatewayKey });
    await gateway.admit([device.thumbprint]);
    const listed = await ask(ada(), ["gateway", "list"]);
    expect(listed.answer).toMatchObject([{ id: gatewayKey.id, connected: true, revoked: null }]);
  });

  it("let auditors in, who look at everything and change nothing", async () => {
    const key = join(folder, "eve.json");
    const added = await ask<Person>(ada(), ["operator", "add", "eve", "--role", "auditor", "--new-key", key]);
    expect(added.code).toBe(0);
    eve = added.answer;
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect((await ask(key, ["sign-in", "--code-stdin"], await freshCode(eve.totp.secret))).code).toBe(0);
    for (const look of [["status"], ["audit", "verify"]]) expect((await ask(key, look)).code).toBe(0);
    for (const change of [["invite"], ["key", "rotate"], ["operator", "remove", eve.operator.id]])
      expect([change, await refusal(key, change)]).toEqual([change, "1 operator-denied"]);
    // The other's token is worth nothing beside one's own key.
    const stolen = await readFile(`${ada()}.signed-in`, "utf8");
    const { token } = JSON.parse(stolen) as { readonly token: string };
    expect(stolen.length).toBeGreaterThan(token.length);
    expect(await readFile(`${key}.signed-in`, "utf8")).not.toContain(token);
  });

  it("leave each change in the audit log, with who it was", async () => {
    expect((await ask(ada(), ["key", "rotate"])).code).toBe(0);
    expect((await ask(ada(), ["operator", "remove", eve.operator.id])).code).toBe(0);
    expect(await refusal(eve.key, ["status"])).toBe("1 operator-unknown");
    const { answer } = await ask<readonly AuditRow[]>(ada(), ["audit"]);
    const id = (await ask<readonly { readonly id: string }[]>(ada(), ["operator", "list"])).answer[0]?.id;
    const rows = answer.toReversed().map(({ principal, action, outcome }) => {
      const who =
        principal === id
          ? "ada"
          : principal === eve.operator.id
            ? "eve"
            : principal === gatewayKey.id
              ? "gateway"
              : principal;
      return `${who} ${action} ${outcome}`;
    });
    expect(rows).toEqual([
      "- init done",
      "ada signIn denied",
      "ada signIn allowed",
      "ada signIn denied",
      "ada invite done",
      "gateway enrol done",
      "ada addOperator done",
      "eve signIn allowed",
      ...["invite", "rotateKey", "removeOperator"].map((call) => `eve ${call} denied`),
      "ada rotateKey done",
      "ada removeOperator done",
    ]);
  });

  it("are told by the doctor what is wrong, and by its exit code whether anything is", async () => {
    expect(await doctor("--running")).toEqual({ code: 0, codes: [] });
    await chmod(join(made.data, "vault.key"), 0o644);
    expect(await doctor()).toEqual({ code: 1, codes: ["file-open"] });
    await chmod(join(made.data, "vault.key"), 0o600);
    expect(await doctor()).toEqual({ code: 0, codes: [] });
  });

  it("stop it by draining; nobody is signed in at the next start, and SIGTERM ends it as well", async () => {
    const { socket } = await knock({ ...place(), gateway: gatewayKey.id, device });
    expect((await ask(ada(), ["drain", "--within", "60"])).code).toBe(0);
    await eventually("the gateway is told", () => gateway.heard.some(({ kind }) => kind === "drain"));
    // Nobody new, even with the right key; who is there goes on.
    const late = await knock({ ...place(), gateway: gatewayKey.id, device });
    expect(late.verdict).toMatchObject({ open: false, why: "draining" });
    socket.write("still here");
    expect(String(await readBytes(socket, 10))).toBe("still here");
    socket.destroy();
    expect(await relay.ended).toBe(0);
    expect(await refusal(ada(), ["status"])).toBe("1 relay-stopped");
    expect(await doctor("--running")).toEqual({ code: 1, codes: ["relay-stopped"] });
    relay = await RelayProcess.start({ data: made.data });
    expect(await refusal(ada(), ["status"])).toBe("1 operator-signed-out");
    await relay.kill("SIGTERM");
    expect(await relay.ended).toBe(0);
    expect(await doctor()).toEqual({ code: 0, codes: [] });
  });
});
