import {
  PrincipalId,
  isError,
  type CameraId,
  type CheckId,
  type FindingStatus,
  type GatehouseError,
  type StartInspection,
} from "@gatehouse/shared";
import { fakeCameraId, MemoryLogger, TestClock } from "@gatehouse/shared/testing";

import type { CameraRecord } from "../../domain/camera.ts";
import { Database } from "../../store/database.ts";
import type { CameraCheck, Check, HomeCheck, HomeOutcome, Outcome, StatedCheck } from "../check.ts";
import { scriptedCamera } from "../checks/testing/scripted-camera.ts";
import { Inspector, type InspectorOptions } from "../inspector.ts";
import { PostureStore } from "../posture-store.ts";
import type { OpenProbedCamera } from "../probe/open-probed-camera.ts";
import type { ProbedHome } from "../probe/probed-home.ts";

export const front = fakeCameraId("f");
export const back = fakeCameraId("b");
export const owner = { id: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"), name: "Ada" };
export const day = 86_400_000;

export const record = (id: typeof front, name: string): CameraRecord => ({
  id,
  name,
  kind: "onvif",
  url: "http://192.168.1.20/onvif/device_service",
  pin: null,
  authFloor: "none",
  warm: false,
  description: {
    manufacturer: "Hikvision",
    model: "",
    firmware: "",
    serial: "",
    tiers: [],
    audio: "none",
    snapshot: true,
    motion: true,
    talk: false,
  },
});

export type Look = () => Outcome | Promise<Outcome>;
const facts = (id: CheckId, parents: readonly CheckId[]) => ({
  id,
  parents,
  severity: "high" as const,
  title: `Weak: ${id}`,
  why: ["One.", "Two."] as const,
  provision: "5.1-1",
  ncsc: null,
  remedies: [
    { remedy: "telnet-off", plane: "vendor" },
    { remedy: "http-off", plane: "onvif" },
  ] as const,
});
export const cameraCheck = (id: CheckId, look: Look, ...parents: CheckId[]): CameraCheck => ({
  ...facts(id, parents),
  scope: "camera",
  look: async () => look(),
  guide: ({ host, identity }) => ({ page: `http://${host}/`, steps: [identity.vendor] }),
});
export const homeCheck = (id: CheckId, look: () => readonly HomeOutcome[]): HomeCheck => ({
  ...facts(id, []),
  scope: "home",
  look: async () => look(),
  guide: () => null,
});
export const stated = (id: CheckId): StatedCheck => ({
  ...facts(id, []),
  scope: "stated",
  question: "Is it so?",
  guide: () => null,
});

const opened: Inspector[] = [];
/** Opens one that `closeAll` ends. */
export const openInspector = (options: InspectorOptions): Inspector => {
  const inspector = Inspector.open(options);
  opened.push(inspector);
  return inspector;
};
/** Ends all that a test has opened. */
export const closeAll = async (): Promise<void> => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
};

export const openedCamera = (): OpenProbedCamera => {
  const camera = scriptedCamera();
  return { ...camera, afresh: () => scriptedCamera(), [Symbol.dispose]: () => undefined };
};

export interface InspectedHome {
  readonly inspector: Inspector;
  readonly clock: TestClock;
  readonly cameras: CameraRecord[];
  readonly store: PostureStore;
  readonly log: MemoryLogger;
  /** What was told of findings, in words. */
  readonly told: string[];
  readonly look: (request?: StartInspection) => Promise<void>;
  readonly statusOf: (check: CheckId, camera?: CameraId) => FindingStatus | undefined;
  readonly options: InspectorOptions;
}

/** Two cameras, at the front and at the back, that nobody has allowed yet to be looked at. */
export const home = (checks: readonly Check[], more: Partial<InspectorOptions> = {}): InspectedHome => {
  const clock = new TestClock();
  const cameras = [record(front, "Front"), record(back, "Back")];
  const store = PostureStore.open(Database.openInMemory());
  const log = new MemoryLogger();
  const options: InspectorOptions = {
    cameras: { list: () => cameras },
    checks,
    store,
    openCamera: async () => openedCamera(),
    openHome: async () => ({}) as ProbedHome,
    remedies: [{ id: "http-off", plane: "onvif", proven: true }],
    newcomers: () => [],
    routerPage: () => null,
    advisories: () => ({ issued: 0, rules: 0 }),
    clock,
    log,
    random: () => 0.5,
    everyMs: null,
    ...more,
  };
  const inspector = openInspector(options);
  const told: string[] = [];
  inspector.onFinding(({ finding, before }) =>
    told.push(
      `${finding.camera === front ? "Front" : (finding.camera ?? "home")} ${finding.check}: ${before} -> ${finding.status}`,
    ),
  );
  const look = async (request: StartInspection = {}): Promise<void> => {
    inspector.start(request);
    await inspector.settled();
  };
  const statusOf: InspectedHome["statusOf"] = (check, camera = front) =>
    inspector.posture([camera]).cameras[0]?.findings.find((one) => one.check === check)?.status;
  return { inspector, clock, cameras, store, log, told, look, statusOf, options };
};

/** Answers with one outcome after the other; the last one again and again. */
export const inTurn = (...outcomes: (Outcome | GatehouseError)[]): Look & { asked: number } => {
  const look = (): Outcome => {
    const outcome = outcomes[Math.min(look.asked, outcomes.length - 1)];
    look.asked += 1;
    if (outcome === undefined) throw new TypeError("no outcome was given");
    if (isError(outcome)) throw outcome;
    return outcome;
  };
  look.asked = 0;
  return look;
};
