import {
  GatehouseError,
  type CameraId,
  type Finding,
  type GatewayClient,
  type RemedyId,
  type RemedyRun,
} from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { Answer, CommandContext } from "../command.ts";
import { remedyAllCommand } from "./remedy-all.ts";

const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;

const weakness = (check: string, remedy: RemedyId, plane: "onvif" | "vendor" = "onvif") =>
  ({ check, status: "failed", remedies: [{ remedy, plane, proven: false }] }) as unknown as Finding;

/** A gateway with one camera, whose remedies end as a test says: `done` where it says nothing. */
class ScriptedGateway {
  findings = [
    weakness("DISC-ON", "discovery-off"),
    weakness("NET-HTTP", "http-off"),
    weakness("NET-HTTPS-OFF", "tls-on"),
    weakness("NET-TELNET", "telnet-off", "vendor"),
    weakness("IPFILTER", "ip-filter"),
  ];
  inspectedAt: number | null = 1;
  readonly ends: Partial<Record<RemedyId, Partial<RemedyRun> | GatehouseError>> = {};
  readonly asked: string[] = [];
  onLook: () => void = () => undefined;

  readonly client = {
    call: (
      name: string,
      { body, params }: { body?: { remedy: RemedyId; vendor: boolean }; params?: { run?: string } },
    ) => Promise.resolve(this.#answer(name, body, params?.run)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as GatewayClient;

  #answer(name: string, body: { remedy: RemedyId; vendor: boolean } | undefined, run: string | undefined): unknown {
    const remedy = body?.remedy ?? (run as RemedyId | undefined);
    if (["proposeRemedy", "confirmRemedy", "declineRemedy", "startInspection"].includes(name))
      this.asked.push([name, ...(remedy === undefined ? [] : [remedy])].join(" ")); // prettier-ignore
    const end = remedy && this.ends[remedy];
    switch (name) {
      case "listCameras":
        return [{ id, name: "Front" }];
      case "posture":
        return {
          cameras: [{ camera: id, name: "Front", grade: "B", findings: this.findings, inspectedAt: this.inspectedAt }],
        };
      case "proposeRemedy":
        if (end instanceof GatehouseError) throw end;
        return { ...blank, id: remedy, remedy, state: "proposed" };
      case "confirmRemedy":
        return { ...blank, id: remedy, remedy, state: "done", ...(end as Partial<RemedyRun> | undefined) };
      case "declineRemedy":
        return { ...blank, id: remedy, remedy, state: "declined" };
      case "startInspection":
        this.onLook();
        return look;
      default:
        return look;
    }
  }

  async run(options: Record<string, boolean>, said?: readonly (string | undefined)[]): Promise<Answer> {
    const answers = [...(said ?? [])];
    const context = {
      client: () => Promise.resolve(this.client),
      clock: new TestClock(),
      signal: new AbortController().signal,
      json: false,
      terminal: { note: () => undefined, ask: () => Promise.resolve(answers.shift()) },
    } as unknown as CommandContext;
    const answer = await remedyAllCommand.run({ positionals: [], options: { camera: "Front", ...options } }, context);
    if (answer === undefined) throw new Error("no answer");
    return answer;
  }
}

const look = { id: "look-a", state: "done", done: 1, total: 1, current: null };
const blank = { plane: "onvif", proven: false, steps: [], stops: [], undoable: true, evidence: [], error: null, left: null, waiting: null }; // prettier-ignore

describe("`gatehouse remedy all`", () => {
  it("does one after the other in a safe order, looks again, and says what is left to its owner", async () => {
    const gateway = new ScriptedGateway();
    const { text, bad } = await gateway.run({ yes: true });
    const steps = ["tls-on", "http-off", "discovery-off"];
    const [first = [], ...closing] = steps.map((remedy) => [`proposeRemedy ${remedy}`, `confirmRemedy ${remedy}`]);
    expect(gateway.asked).toEqual([...first, "startInspection", ...closing.flat(), "startInspection"]);
    expect(bad).toBe(false);
    expect(text).toContain(`gatehouse remedy apply ip-filter --camera ${id}\``);
    expect(text).toContain(`gatehouse remedy apply telnet-off --camera ${id} --vendor\``);
    expect(text).toContain("Front: grade B, 5 weaknesses are left.");
  });

  it("mends what showed only once something else was mended, and shuts doors after that", async () => {
    const gateway = new ScriptedGateway();
    const later = gateway.findings.filter(({ check }) => check === "NET-HTTP");
    gateway.findings = gateway.findings.filter(({ check }) => check !== "NET-HTTP");
    gateway.onLook = () => gateway.findings.push(...later.splice(0));
    await gateway.run({ yes: true });
    const confirmed = gateway.asked.filter((name) => name.startsWith("confirm")).map((name) => name.split(" ")[1]);
    expect(confirmed).toEqual(["tls-on", "http-off", "discovery-off"]);
  });

  it("speaks makers' own words only where they are wanted", async () => {
    const gateway = new ScriptedGateway();
    await gateway.run({ yes: true, vendor: true });
    expect(gateway.asked.indexOf("confirmRemedy telnet-off")).toBeGreaterThan(
      gateway.asked.indexOf("confirmRemedy tls-on"),
    );
  });

  it("goes on where a step does not fit, was not wanted, or was taken back", async () => {
    const gateway = new ScriptedGateway();
    gateway.ends["tls-on"] = new GatehouseError("remedy-unfit", "It makes no key.");
    gateway.ends["http-off"] = { state: "failed", error: "It stays open." };
    const { text, bad } = await gateway.run({}, ["yes", "no"]);
    expect(gateway.asked).toEqual([
      ...["proposeRemedy tls-on", "proposeRemedy http-off", "confirmRemedy http-off"],
      ...["proposeRemedy discovery-off", "declineRemedy discovery-off"],
    ]);
    expect(bad).toBe(true);
    for (const line of [
      "tls-on: not done, It makes no key.",
      "It stays open.",
      "discovery-off: not done, nobody wanted it",
    ])
      expect(text).toContain(line);
  });

  it.each([
    ["something is left that is not as before", { "tls-on": { state: "failed" as const, left: "A key." } }, ["yes"]],
    ["nobody is there to ask", {}, [undefined]],
  ])("ends where %s", async (_, ends, said) => {
    const gateway = new ScriptedGateway();
    Object.assign(gateway.ends, ends);
    const { text } = await gateway.run({}, said);
    expect(gateway.asked.filter((name) => name.startsWith("proposeRemedy"))).toEqual(["proposeRemedy tls-on"]);
    expect(text).toContain("http-off: not begun");
  });

  it("does nothing about a camera that nobody has looked at", async () => {
    const gateway = new ScriptedGateway();
    gateway.inspectedAt = null;
    await expect(gateway.run({ yes: true })).rejects.toMatchObject({
      message: expect.stringContaining("Nobody has looked"),
    });
    expect(gateway.asked).toEqual([]);
  });

  it("says so where there is nothing to do", async () => {
    const gateway = new ScriptedGateway();
    gateway.findings = [];
    expect((await gateway.run({ yes: true })).text).toContain("nothing that Gatehouse could do");
  });
});
