import {
  GatehouseError,
  Secret,
  type CameraId,
  type ErrorCode,
  type RemedyId,
  type RemedyRun,
} from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { AuditEntry } from "../../../ports.ts";
import { Database } from "../../../store/database.ts";
import { scriptedCamera } from "../../checks/testing/scripted-camera.ts";
import type { Before, MendTools, Preview, Remedy, Verdict } from "../../remedy.ts";
import { RemedyRuns } from "../remedy-runs.ts";

const never = { signal: new AbortController().signal };
export const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
export const owner = { id: "who-aaaaaaaaaaaaaaaa", name: "Ada" } as Parameters<RemedyRuns["confirm"]>[1];
export const failure = (code: ErrorCode, message: string = code): GatehouseError => new GatehouseError(code, message);

/** A remedy that does what a test says, and tells what was asked of it. */
export class ScriptedRemedy implements Remedy {
  readonly id: RemedyId = "clock-set";
  readonly plane: Remedy["plane"] = "onvif";
  readonly proven = false;
  changesLogin = false;
  readonly asked: string[] = [];
  readonly part: Record<"remember" | "apply" | "verify" | "undo", (tools: MendTools) => Promise<unknown>> = {
    remember: async () => ({ was: "before" }),
    apply: async () => undefined,
    verify: async () => ({ kind: "fixed", evidence: ["seen"] }) satisfies Verdict,
    undo: async () => undefined,
  };
  byHand?: NonNullable<Remedy["byHand"]>;
  shown: Preview = { steps: ["Set the clock."], stops: [], undoable: true };

  async preview(): Promise<Preview> {
    return this.shown;
  }
  async remember(_camera: unknown, tools: MendTools): Promise<Before> {
    this.asked.push("remember");
    return (await this.part.remember(tools)) as Before;
  }
  async apply(_camera: unknown, before: unknown, tools: MendTools): Promise<void> {
    this.asked.push(`apply ${JSON.stringify(before)}`);
    await this.part.apply(tools);
  }
  async verify(_camera: unknown, _before: unknown, tools: MendTools): Promise<Verdict> {
    this.asked.push("verify");
    return (await this.part.verify(tools)) as Verdict;
  }
  async undo(_camera: unknown, before: unknown, tools: MendTools): Promise<void> {
    this.asked.push(`undo ${JSON.stringify(before)}`);
    await this.part.undo(tools);
  }
}

/** A gateway with one camera and one remedy, as far as changes need it. */
export class World {
  readonly database = Database.openInMemory();
  readonly clock = new TestClock();
  readonly secrets = new Map<string, Buffer>();
  readonly audit: AuditEntry[] = [];
  readonly rested: string[] = [];
  remedy = new ScriptedRemedy();
  present = true;
  unreachable: GatehouseError | undefined;

  open(): RemedyRuns {
    return RemedyRuns.open({
      database: this.database,
      clock: this.clock,
      log: new MemoryLogger(),
      audit: { append: (entry) => void this.audit.push(entry) },
      remedies: [this.remedy],
      secrets: {
        put: (name, content) => void this.secrets.set(name, Buffer.from(content)),
        get: (name) => this.secrets.get(name),
        delete: (name) => void this.secrets.delete(name),
      },
      cameras: {
        list: () => (this.present ? [{ id: camera }] : []),
        credentials: () => ({ username: "admin", password: Secret.of("old") }),
        managementCredentials: () => ({ username: "admin", password: Secret.of("old") }),
        changeCredentials: (_camera, _change, also) => also(),
        rest: async () => void this.rested.push("rest"),
        wake: () => void this.rested.push("wake"),
        relocate: () => undefined,
      },
      open: async (_camera, options) => {
        if (this.unreachable !== undefined) throw this.unreachable;
        return Object.assign(scriptedCamera(), { credentials: undefined, options });
      },
    });
  }
}

export const propose = (runs: RemedyRuns): Promise<RemedyRun> =>
  runs.propose({ camera, remedy: "clock-set", vendor: false }, owner, never);
export const begin = async (runs: RemedyRuns): Promise<void> => {
  await runs.confirm((await propose(runs)).id, owner);
};
