import { CameraId, EventBus, Secret, type Clock, type Event } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { ThreeWords } from "../../gateway-bridge/src/access/people/three-words.ts";
import { AuditLog } from "../../gateway-bridge/src/audit/audit-log.ts";
import { CameraStore } from "../../gateway-bridge/src/cameras/camera-store.ts";
import { Cameras } from "../../gateway-bridge/src/cameras/cameras.ts";
import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { openProbedCamera } from "../../gateway-bridge/src/posture/probe/open-probed-camera.ts";
import { OwnLogins } from "../../gateway-bridge/src/posture/probe/own-logins.ts";
import { ProbeBudget } from "../../gateway-bridge/src/posture/probe/probe-budget.ts";
import type { Remedy } from "../../gateway-bridge/src/posture/remedy.ts";
import { createDrawPassword } from "../../gateway-bridge/src/posture/remedies/draw-password.ts";
import { FirmwareInstall } from "../../gateway-bridge/src/posture/remedies/firmware-install.ts";
import { Initialise } from "../../gateway-bridge/src/posture/remedies/initialise.ts";
import { mendedCamera } from "../../gateway-bridge/src/posture/remedies/mended-camera.ts";
import { onvifRemedies } from "../../gateway-bridge/src/posture/remedies/onvif-remedies.ts";
import { camerasInDoubt } from "../../gateway-bridge/src/posture/remedies/remedy-journal.ts";
import { RemedyRuns } from "../../gateway-bridge/src/posture/remedies/remedy-runs.ts";
import { removeUsers } from "../../gateway-bridge/src/posture/remedies/remove-users.ts";
import { RotatePassword } from "../../gateway-bridge/src/posture/remedies/rotate-password.ts";
import type { OpenMendedCamera } from "../../gateway-bridge/src/posture/remedies/remedy-work.ts";
import { StreamingUser } from "../../gateway-bridge/src/posture/remedies/streaming-user.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";

const never = { signal: new AbortController().signal };
export const owner = { id: "who-aaaaaaaaaaaaaaaa", name: "Ada" } as Parameters<RemedyRuns["confirm"]>[1];
export const theCamera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");

/** What is known of a camera when it is adopted. */
export interface Adopted {
  readonly onvifUrl: string;
  readonly username: string;
  readonly password: string;
  readonly pin: string | null;
}

/** As much of a gateway as it takes to change cameras: its data folder, its cameras, its budget. Everything is as in the real one. */
export class RemedyHome implements AsyncDisposable {
  readonly database: Database;
  readonly vault: Vault;
  readonly cameras: Cameras;
  readonly runs: RemedyRuns;
  readonly audit: AuditLog;
  readonly log: MemoryLogger;
  /** A camera, as it is asked and changed by what the gateway has stored of it. */
  readonly look: OpenMendedCamera;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<RemedyHome, "database" | "vault" | "cameras" | "runs" | "audit" | "log" | "look">,
    resources: AsyncDisposableStack,
  ) {
    this.database = parts.database;
    this.vault = parts.vault;
    this.cameras = parts.cameras;
    this.runs = parts.runs;
    this.audit = parts.audit;
    this.log = parts.log;
    this.look = parts.look;
    this.#resources = resources;
  }

  static async open({
    data,
    clock,
    remedies,
    onAccessChanged,
  }: {
    readonly data: string;
    readonly clock: Clock;
    readonly remedies?: readonly Remedy[];
    readonly onAccessChanged?: (camera: CameraId) => void;
  }): Promise<RemedyHome> {
    await using opening = new AsyncDisposableStack();
    const log = new MemoryLogger();
    const database = opening.use(Database.open(join(data, "gatehouse.db")));
    const vault = await Vault.open({ database, keyFile: join(data, "vault.key") }, never);
    const audit = AuditLog.open({ database, clock, secrets: vault });
    const cameras = opening.use(
      await Cameras.open(
        {
          ...{ database, secrets: vault, clock, log, bus: new EventBus<Event>(log), random: () => 0 },
          openSource: createRtspSource({ clock, log }),
          probeTalk: async () => false,
          interfaces: () => ({}),
          resting: camerasInDoubt(database),
          ...(onAccessChanged && { onAccessChanged }),
        },
        never,
      ),
    );
    const ledger = GuessLedger.open({ database, clock });
    const consents = { granted: () => true };
    const budget = new ProbeBudget({ clock, ledger, consents, interfaces: networkInterfaces, loopbackPauseMs: 0 });
    const ownLogins = new OwnLogins();
    const inspected = {
      list: () => cameras.list(),
      credentials: (id: CameraId) => cameras.managementCredentials(id),
      streamCredentials: (id: CameraId) => cameras.credentials(id),
      memories: (id: CameraId) => cameras.memories(id),
    };
    const words = await ThreeWords.open();
    const draw = createDrawPassword(() => words.propose());
    const look: OpenMendedCamera = async (id, wish, cancel) => {
      const record = cameras.get(id);
      const resolve = async (name: string): Promise<string> => name;
      const probing = { record, cameras: inspected, budget, ownLogins, clock, resolve, unasked: wish.inDoubt };
      const opened = await openProbedCamera(probing, cancel);
      return mendedCamera(opened, { credentials: cameras.managementCredentials(id), options: wish });
    };
    const runs = opening.use(
      RemedyRuns.open({
        ...{ database, secrets: vault, audit, cameras, clock, log },
        remedies: remedies ?? [
          new RotatePassword(draw),
          new StreamingUser(draw),
          removeUsers,
          new Initialise(draw),
          ...onvifRemedies,
          new FirmwareInstall(join(data, "firmware")),
        ],
        open: look,
      }),
    );
    return new RemedyHome({ database, vault, cameras, runs, audit, log, look }, opening.move());
  }

  /** Names of everything that the vault holds about cameras. */
  get secrets(): readonly string[] {
    const rows = this.database.sql.prepare("SELECT name FROM vault_secrets ORDER BY name").all();
    return rows.map((row) => String(row["name"])).filter((name) => name.startsWith("camera/"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Writes a camera into a data folder, as its adoption does. */
export const adoptInto = async (
  data: string,
  clock: Clock,
  { onvifUrl, username, password, pin }: Adopted,
): Promise<void> => {
  await mkdir(data, { recursive: true, mode: 0o700 });
  using database = Database.open(join(data, "gatehouse.db"));
  const vault = await Vault.open({ database, keyFile: join(data, "vault.key") }, never);
  AuditLog.open({ database, clock, secrets: vault });
  const description = { manufacturer: "", model: "", firmware: "", serial: "", tiers: [], audio: "none" as const };
  new CameraStore(database, vault).add({
    record: {
      ...{ id: theCamera, name: "Door", kind: "onvif", url: onvifUrl, pin, authFloor: "none", warm: false },
      description: { ...description, snapshot: true, motion: false, talk: false },
    },
    credentials: { username, password: Secret.of(password) },
    floors: { onvif: "none", snapshot: "none", rtsp: "none" },
  });
};
