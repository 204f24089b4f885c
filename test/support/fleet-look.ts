import { CameraId, isGatehouseError, randomId, Secret, systemClock, type CheckId } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { networkInterfaces } from "node:os";

import type { AuthMemory, CameraRecord } from "../../gateway-bridge/src/domain/camera.ts";
import type { CameraCheck, Check, HomeCheck, HomeOutcome } from "../../gateway-bridge/src/posture/check.ts";
import { inOrder } from "../../gateway-bridge/src/posture/check-order-policy.ts";
import { sightingOf, type Sighting } from "../../gateway-bridge/src/posture/finding-policy.ts";
import { lookAtCamera } from "../../gateway-bridge/src/posture/look-at-camera.ts";
import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { openProbedCamera } from "../../gateway-bridge/src/posture/probe/open-probed-camera.ts";
import { OwnLogins } from "../../gateway-bridge/src/posture/probe/own-logins.ts";
import { ProbeBudget } from "../../gateway-bridge/src/posture/probe/probe-budget.ts";
import type { ProbedHome } from "../../gateway-bridge/src/posture/probe/probed-home.ts";
import { deviceOf } from "../../gateway-bridge/src/posture/same-device-policy.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import type { FleetCamera } from "../simulator/fleet/fleet-camera.ts";
import { UnhurriedClock } from "./unhurried-clock.ts";

const never = { signal: new AbortController().signal };

/** What was seen of one camera, by check. */
export type Sightings = ReadonlyMap<CheckId, Sighting>;

/**
 * Looks at cameras as the gateway does, through the real budget, once, and tells what was seen of each.
 * @param how whether the gateway knows from earlier who made them; it does unless told
 */
export const lookAtFleet = async (
  cameras: readonly FleetCamera[],
  checks: readonly Check[],
  { strange = false }: { readonly strange?: boolean } = {},
): Promise<readonly Sightings[]> => {
  using database = Database.openInMemory();
  using opened = new DisposableStack();
  // The cameras are in this process, too: what they answered while it was held up counts.
  const clock = new UnhurriedClock();
  const log = new MemoryLogger();
  const ledger = GuessLedger.open({ database, clock });
  const consents = { granted: () => true };
  const budget = new ProbeBudget({ clock, ledger, consents, interfaces: networkInterfaces, loopbackPauseMs: 0 });
  const known = adopted(cameras, strange);
  const tools = { cameras: known.inspected, budget, ownLogins: new OwnLogins(), clock };
  const ordered = inOrder(checks);
  const looks = cameras.map(async (_, index) => {
    const probing = { ...tools, record: known.records[index]!, resolve: async (name: string) => name };
    const camera = opened.use(await openProbedCamera(probing, never));
    const sightings = new Map<CheckId, Sighting>();
    const look = {
      checks: ordered.filter((check): check is CameraCheck => check.scope === "camera"),
      camera,
      known: () => undefined,
      begins: () => undefined,
      seen: ({ id }: CameraCheck, { first }: { readonly first: Sighting }): boolean => {
        sightings.set(id, first);
        return first.status === "failed";
      },
      clock,
      log,
    };
    await lookAtCamera(look, never);
    return { camera, sightings };
  });
  const seen = await Promise.all(looks);
  const home = homeOf(seen.map(({ camera }) => camera), known.sameSecrets()); // prettier-ignore
  for (const check of ordered.filter((one): one is HomeCheck => one.scope === "home")) {
    for (const outcome of await outcomesOf(check, home)) {
      const at = seen.find(({ camera }) => camera.id === outcome.camera);
      at?.sightings.set(check.id, sightingOf(outcome, check.severity));
    }
  }
  return seen.map(({ sightings }) => sightings);
};

/** None where it could not be found out. */
const outcomesOf = async (check: HomeCheck, home: ProbedHome): Promise<readonly HomeOutcome[]> => {
  try {
    return await check.look(home, never);
  } catch (error) {
    if (isGatehouseError(error)) return [];
    throw error;
  }
};

/** The fleet's cameras as they would be in the gateway's store. */
const adopted = (cameras: readonly FleetCamera[], strange: boolean) => {
  const unnamed = { manufacturer: "", model: "", firmware: "", serial: "" };
  const nowhere: AuthMemory = { floor: "none", raise: () => undefined };
  const rest = { tiers: [], audio: "none", snapshot: true, motion: false, talk: false } as const;
  const records = cameras.map(({ facts, state }, index): CameraRecord => ({
    ...{ id: CameraId.parse(randomId("cam")), name: `Camera ${index}`, kind: "onvif", url: facts.onvifUrl },
    ...{ pin: facts.pin, authFloor: "none", warm: false, secureStreams: facts.rtspUrl.startsWith("rtsps:") },
    description: { ...(strange ? unnamed : state.identity), ...rest },
  }));
  const factsOf = (id: CameraId) => cameras[records.findIndex((record) => record.id === id)]!.facts;
  const login = ({ username, password }: { readonly username: string; readonly password: string }) => ({
    username,
    password: Secret.of(password),
  });
  return {
    records,
    inspected: {
      list: () => records,
      credentials: (id: CameraId) => login(factsOf(id).administrator),
      streamCredentials: (id: CameraId) => login(factsOf(id)),
      memories: () => ({ onvif: nowhere, snapshot: nowhere, rtsp: nowhere }),
    },
    sameSecrets: (): readonly (readonly CameraId[])[] => [
      ...Map.groupBy(records, ({ id }) => factsOf(id).password).values().filter((group) => new Set(group.map(deviceOf)).size > 1).map((group) => group.map(({ id }) => id)), // prettier-ignore
    ],
  };
};

const homeOf = (cameras: ProbedHome["cameras"], same: readonly (readonly CameraId[])[]): ProbedHome => ({
  cameras,
  router: { report: async () => ({ routers: [], at: null }) },
  routerPage: null,
  wireless: async () => [],
  sameSecrets: () => same,
  foreignSecrets: () => [],
  hairpin: async () => undefined,
  clock: systemClock,
});
