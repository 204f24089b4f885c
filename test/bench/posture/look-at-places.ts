import { CameraId, randomId, Secret, silentLogger, systemClock, type HomePosture } from "@gatehouse/shared";
import { networkInterfaces } from "node:os";

import type { AuthMemory, CameraRecord } from "../../../gateway-bridge/src/domain/camera.ts";
import { catalogue } from "../../../gateway-bridge/src/posture/catalogue.ts";
import { Inspector } from "../../../gateway-bridge/src/posture/inspector.ts";
import { PostureStore } from "../../../gateway-bridge/src/posture/posture-store.ts";
import { GuessLedger } from "../../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { openProbedCamera } from "../../../gateway-bridge/src/posture/probe/open-probed-camera.ts";
import { OwnLogins } from "../../../gateway-bridge/src/posture/probe/own-logins.ts";
import type { InspectedCameras } from "../../../gateway-bridge/src/posture/probe/ports.ts";
import { ProbeBudget } from "../../../gateway-bridge/src/posture/probe/probe-budget.ts";
import type { ProbedHome } from "../../../gateway-bridge/src/posture/probe/probed-home.ts";
import { Database } from "../../../gateway-bridge/src/store/database.ts";
import type { FleetPlace } from "../fleet-farm/farm.ts";

export interface Look {
  readonly posture: HomePosture;
  /** From its begin to its end. */
  readonly seconds: number;
}

export interface LookOptions {
  /** Between two new connections to one camera; as with cameras elsewhere unless told. */
  readonly pauseMs?: number;
}

/** Has the gateway's own inspector look at cameras with every check there is, within its budget, and says what it says to people. */
export const lookAtPlaces = async (places: readonly FleetPlace[], { pauseMs }: LookOptions = {}): Promise<Look> => {
  using database = Database.openInMemory();
  const clock = systemClock;
  const { cameras, sameSecrets } = adopt(places);
  const store = PostureStore.open(database);
  const ledger = GuessLedger.open({ database, clock });
  const pause = pauseMs === undefined ? {} : { loopbackPauseMs: pauseMs };
  const budget = new ProbeBudget({ clock, ledger, consents: store, interfaces: networkInterfaces, ...pause });
  const tools = { cameras, budget, ownLogins: new OwnLogins(), clock, resolve: async (name: string) => name };
  await using inspector = Inspector.open({
    ...{ cameras, checks: catalogue, store, clock, log: silentLogger, random: () => 0.5, everyMs: null },
    openCamera: (record, cancel) => openProbedCamera({ record, ...tools }, cancel),
    openHome: async (probed) => homeOf(probed, sameSecrets),
    remedies: [],
    newcomers: () => [],
    routerPage: () => null,
    advisories: () => ({ issued: 0, rules: 0 }),
  });
  for (const { id } of cameras.list()) inspector.consent(id, true);
  const started = performance.now();
  inspector.start({});
  await inspector.settled();
  return { posture: inspector.posture(), seconds: (performance.now() - started) / 1_000 };
};

/** Cameras in the order of their places, as they would be in the gateway's store. */
const adopt = (
  places: readonly FleetPlace[],
): { readonly cameras: InspectedCameras; readonly sameSecrets: readonly (readonly CameraId[])[] } => {
  const description = { manufacturer: "", model: "", firmware: "", serial: "", tiers: [], audio: "none" as const };
  const records = places.map(({ onvifUrl: url, pin, secureStreams }, index): CameraRecord => ({
    ...{ id: CameraId.parse(randomId("cam")), name: `Camera ${index + 1}`, kind: "onvif", url, pin },
    ...{ authFloor: "none", warm: false, secureStreams },
    description: { ...description, snapshot: true, motion: false, talk: false },
  }));
  const placeOf = (id: CameraId): FleetPlace => places[records.findIndex((record) => record.id === id)]!;
  const login = ({ username, password }: Pick<FleetPlace, "username" | "password">) => ({
    username,
    password: Secret.of(password),
  });
  const memory: AuthMemory = { floor: "none", raise: () => undefined };
  const groups = Map.groupBy(records, ({ id }) => placeOf(id).password).values();
  return {
    cameras: {
      list: () => records,
      credentials: (id) => login(placeOf(id).administrator),
      streamCredentials: (id) => login(placeOf(id)),
      memories: () => ({ onvif: memory, snapshot: memory, rtsp: memory }),
    },
    sameSecrets: [...groups].filter(({ length }) => length > 1).map((group) => group.map(({ id }) => id)),
  };
};

/** A home without a router that answers, and without Wi-Fi: what is told of those has tests of its own. */
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
