import {
  GatehouseError,
  type CameraId,
  type Cancellable,
  type Event,
  type EventBus,
  type HomePosture,
  type Newcomer,
  type RouterReport,
} from "@gatehouse/shared";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

import type { Cameras } from "./cameras/cameras.ts";
import type { CameraRecord, Credentials } from "./domain/camera.ts";
import type { Door, GatewayOptions } from "./door.ts";
import type { NoticeBoard } from "./ports.ts";
import { catalogueBy } from "./posture/catalogue.ts";
import { DrawnLogins } from "./posture/drawn-logins.ts";
import { Inspector, type FindingChange } from "./posture/inspector.ts";
import { observeTraffic } from "./posture/isolation/observed-traffic.ts";
import { rulesetFor } from "./posture/isolation/ruleset.ts";
import { SntpResponder } from "./posture/isolation/sntp-responder.ts";
import { Newcomers, type MovedCamera } from "./posture/newcomers.ts";
import { PostureStore } from "./posture/posture-store.ts";
import { CameraHosts } from "./posture/probe/camera-hosts.ts";
import { GuessLedger } from "./posture/probe/guess-ledger.ts";
import { findDevices } from "./posture/probe/find-devices.ts";
import { openProbedCamera, type OpenProbedCamera } from "./posture/probe/open-probed-camera.ts";
import { OwnLogins } from "./posture/probe/own-logins.ts";
import { ProbeBudget } from "./posture/probe/probe-budget.ts";
import type { ProbedCamera } from "./posture/probe/probed-camera.ts";
import type { ProbedHome } from "./posture/probe/probed-home.ts";
import { allRemedies } from "./posture/remedies/all-remedies.ts";
import { createDrawPassword } from "./posture/remedies/draw-password.ts";
import { mendedCamera } from "./posture/remedies/mended-camera.ts";
import { RemedyRuns } from "./posture/remedies/remedy-runs.ts";
import type { ManagedCameras, OpenMendedCamera } from "./posture/remedies/remedy-work.ts";
import { HomeRouter } from "./posture/router/home-router.ts";
import { MappingMemory } from "./posture/router/mapping-memory.ts";
import { metNeighbours } from "./posture/router/neighbours.ts";
import { RouterWatch } from "./posture/router/router-watch.ts";
import type { Sighting } from "./posture/router/watch-policy.ts";
import { builtInRules } from "./posture/rules/firmware-advisories.ts";
import { RulesInForce } from "./posture/rules/rules-in-force.ts";
import type { IsSigned } from "./posture/rules/rules-note.ts";
import { deviceOf } from "./posture/same-device-policy.ts";
import { runIw, wirelessLinks } from "./posture/wireless/wireless-links.ts";
import { readJson } from "./update/installation.ts";
import { isSignedByUpdateKey, UpdateKeys } from "./update/manifest.ts";

/** What is weak about the cameras and the home around them, and what is done about it. */
export interface PosturePlane {
  readonly inspector: Inspector;
  readonly newcomers: Pick<Newcomers, "list" | "dismiss">;
  readonly remedyRuns: RemedyRuns;
  readonly advisories: { update(note: string): Promise<HomePosture["advisories"]> };
  readonly router: { latest(wish: { readonly fresh: boolean }, cancel: Cancellable): Promise<RouterReport> };
  readonly isolation: { ruleset(networkInterface: string): string };
}

export interface PostureParts {
  readonly options: GatewayOptions;
  readonly door: Door;
  readonly cameras: Cameras;
  readonly bus: EventBus<Event>;
}

/** Builds them, each wired to the others; takes up what was cut off. Cameras are asked only where their owner allowed it. */
export const openPosturePlane = async (parts: PostureParts, opening: AsyncDisposableStack): Promise<PosturePlane> => {
  const { options, door, cameras, bus } = parts;
  const { data, clock, log, random, interfaces, config } = options;
  const { database, vault: secrets, audit, notices } = door;
  const store = PostureStore.open(database);
  const rules = await RulesInForce.open({
    ...{
      file: join(data, "firmware-rules.note"),
      isSigned: await signedBy(options.release),
      builtIn: builtInRules,
      clock,
      log,
    },
  });
  const hosts = new CameraHosts(cameras);
  const router = opening.use(HomeRouter.open({ interfaces, clock, log, cameras: () => hosts.list() }));
  const drawn = DrawnLogins.open({ database, secrets });
  const ledger = GuessLedger.open({ database, clock });
  const probes = openProbes(parts, { store, hosts, ledger });
  const remedies = allRemedies({
    draw: createDrawPassword(() => door.words.propose()),
    router,
    firmware: join(data, "firmware"),
  });
  const newcomers = opening.use(
    Newcomers.open({
      database,
      cameras: hosts,
      resolve: hosts.resolveAll,
      look: (cancel) => findDevices({ clock, log, interfaces }, cancel),
      clock,
      log,
      random,
    }),
  );
  const inspector = opening.use(
    Inspector.open({
      cameras,
      checks: catalogueBy(rules, observeTraffic),
      store,
      openCamera: probes.open,
      openHome: async (probed) => homeOf({ probed, router, cameras, drawn, clock }),
      remedies,
      newcomers: () => newcomers.list(),
      routerPage: () => router.page,
      advisories: () => rules.summary,
      everyMs: config.posture.daily ? undefined : null,
      ...{ clock, log, random },
    }),
  );
  const watch = opening.use(
    RouterWatch.open({
      router,
      memory: new MappingMemory(database),
      onSighting: (sighting) => notices.raise(noticeOfSighting(sighting, cameras)),
      isNeeded: () => cameras.list().some(({ id }) => store.granted(id)),
      ...{ clock, log, random },
    }),
  );
  // So that what a remedy removed is known to have gone, and to come back.
  opening.use(router.onLook((report) => watch.note(report)));
  const remedyRuns = opening.use(
    RemedyRuns.open({
      ...{ database, secrets, audit, remedies, clock, log },
      cameras: managed(cameras, drawn),
      open: probes.openToMend,
    }),
  );
  opening.use(inspector.onFinding((change) => tell(change, { bus, notices, cameras, now: clock.now() })));
  opening.use(newcomers.onNoticed((newcomer) => notices.raise(noticeOfNewcomer(newcomer))));
  opening.use(newcomers.onMoved((moved) => notices.raise(noticeOfMove(moved, cameras))));
  opening.use(newcomers.onBack((camera) => notices.withdraw("camera-moved", camera)));
  opening.use(bus.on((event) => forgetCamera(event, { inspector, remedyRuns, notices })));
  opening.use(bus.on((event) => noteRefusedLogin(event, { ledger, hosts, cameras })));
  const { time } = config.posture;
  if (time !== null) opening.use(await openTime(time, parts, hosts));
  remedyRuns.resume();
  return {
    inspector,
    newcomers,
    remedyRuns,
    advisories: {
      update: async (note) => {
        await rules.replace(note);
        return rules.summary;
      },
    },
    router: {
      latest: async ({ fresh }, cancel) => (fresh ? router.fresh(cancel) : router.last),
    },
    isolation: { ruleset: (name) => rulesetOf(name, { interfaces, hosts }) },
  };
};

interface Probes {
  readonly open: (record: CameraRecord, cancel: Cancellable) => Promise<OpenProbedCamera>;
  readonly openToMend: OpenMendedCamera;
}

const openProbes = (
  { options, cameras }: PostureParts,
  { store, hosts, ledger }: { readonly store: PostureStore; readonly hosts: CameraHosts; readonly ledger: GuessLedger },
): Probes => {
  const { clock, interfaces } = options;
  const budget = new ProbeBudget({ clock, ledger, consents: store, interfaces });
  const ownLogins = new OwnLogins();
  const inspected = {
    list: () => cameras.list(),
    // What only may watch is not told of users and settings.
    credentials: (id: CameraId) => cameras.managementCredentials(id),
    streamCredentials: (id: CameraId) => cameras.credentials(id),
    memories: (id: CameraId) => cameras.memories(id),
  };
  const probing = { cameras: inspected, budget, ownLogins, clock, resolve: hosts.resolve };
  const open: Probes["open"] = (record, cancel) => openProbedCamera({ record, ...probing }, cancel);
  const openToMend: OpenMendedCamera = async (id, wish, cancel) => {
    const probed = await openProbedCamera({ record: cameras.get(id), ...probing, unasked: wish.inDoubt }, cancel);
    return mendedCamera(probed, { credentials: cameras.managementCredentials(id), options: wish });
  };
  return { open, openToMend };
};

interface HomeParts {
  readonly probed: readonly ProbedCamera[];
  readonly router: HomeRouter;
  readonly cameras: Cameras;
  readonly drawn: DrawnLogins;
  readonly clock: GatewayOptions["clock"];
}

const homeOf = ({ probed, router, cameras, drawn, clock }: HomeParts): ProbedHome => {
  const logins = new Map(
    cameras.list().flatMap(({ id }) => {
      const login = cameras.managementCredentials(id);
      return login === undefined ? [] : [[id, login] as const];
    }),
  );
  const devices = new Map(cameras.list().map((record) => [record.id, deviceOf(record)]));
  return {
    cameras: probed,
    router,
    neighbours: metNeighbours,
    routerPage: router.page,
    wireless: (cancel) => wirelessLinks(runIw(clock), cancel),
    sameSecrets: () => drawn.same(logins, (camera) => devices.get(camera)),
    foreignSecrets: () => [...logins].flatMap(([id, login]) => (drawn.isDrawn(login) ? [] : [id])),
    hairpin: (port, cancel) => router.hairpin(port, cancel),
    clock,
  };
};

/** The cameras, to those who change how they are reached. Which logins the gateway drew is written down with them. */
const managed = (cameras: Cameras, drawn: DrawnLogins): ManagedCameras => ({
  list: () => cameras.list(),
  credentials: (id) => cameras.credentials(id),
  managementCredentials: (id) => cameras.managementCredentials(id),
  changeCredentials: (id, change, also) => {
    const known = [cameras.credentials(id), cameras.managementCredentials(id)];
    const isKnown = (login: Credentials): boolean =>
      known.some((before) => before?.password.reveal() === login.password.reveal());
    cameras.changeCredentials(id, change, () => {
      also();
      for (const login of [change.watching, change.management]) if (login && !isKnown(login)) drawn.note(login);
    });
  },
  rest: (id) => cameras.rest(id),
  wake: (id) => cameras.wake(id),
  relocate: (id, to) => cameras.relocate(id, to),
});

/** Who may sign rules: who may sign the version that follows this one. Undefined for what was not installed from a release. */
const signedBy = async (release: string | undefined): Promise<IsSigned | undefined> => {
  const { data: keys } = UpdateKeys.safeParse(
    release === undefined ? undefined : await readJson(join(release, "update-keys.json")),
  );
  return keys && ((bytes, signatures) => isSignedByUpdateKey(bytes, signatures, keys));
};

/** The cameras' clock, if their owner wants the gateway to be it. */
const openTime = (
  { address, port }: { readonly address: string; readonly port: number },
  { options: { clock, log }, door: { clockSense } }: PostureParts,
  hosts: CameraHosts,
): Promise<SntpResponder> =>
  SntpResponder.open({
    ...{ address, port, clock, log },
    serves: (asking) => hosts.list().some(({ host }) => host === asking),
    isTrusted: () => clockSense.behindUntil === undefined,
  });

interface Telling {
  readonly bus: EventBus<Event>;
  readonly notices: NoticeBoard;
  readonly cameras: Pick<Cameras, "list">;
  readonly now: number;
}

const subjectOf = ({ check, camera }: FindingChange["finding"]): string => `${check} ${camera ?? "home"}`;

/** What came or went is an event; what is bad is a notice as well, until it is gone. */
const tell = ({ finding }: FindingChange, { bus, notices, cameras, now }: Telling): void => {
  const { check, camera, status, severity, title } = finding;
  if (camera !== null) bus.emit({ kind: "finding", id: randomUUID(), camera, at: now, check, status, severity, title });
  const isBad = status === "failed" && (severity === "critical" || severity === "high");
  if (!isBad) notices.withdraw("weakness", subjectOf(finding));
  else {
    const whose = cameras.list().find(({ id }) => id === camera)?.name ?? "This home";
    notices.raise({ kind: "weakness", subject: subjectOf(finding), text: `${whose}: ${title} (${check}).` });
  }
};

const noticeOfSighting = ({ mapping, again }: Sighting, cameras: Cameras) => {
  const name = cameras.list().find(({ id }) => id === mapping.camera)?.name ?? "a camera";
  const { protocol, externalPort, internalPort } = mapping;
  const how = again ? "again lets" : "lets";
  return {
    kind: "router-mapping" as const,
    subject: `${mapping.camera} ${protocol} ${internalPort}`,
    text: `The router ${how} the internet in to ${name}: ${protocol} port ${externalPort} leads to its port ${internalPort}.`,
  };
};

const noticeOfNewcomer = ({ id, address, name }: Newcomer) => ({
  kind: "newcomer" as const,
  subject: id,
  text: `Something at ${address} says that it is a camera (${name}). It was not added, so nobody is shown anything of it.`,
});

/** It only says so: nothing is sent to where it says to be. */
const noticeOfMove = ({ camera, address }: MovedCamera, cameras: Pick<Cameras, "list">) => {
  const found = cameras.list().find(({ id }) => id === camera);
  const where = found === undefined ? "elsewhere" : new URL(found.url).hostname;
  return {
    kind: "camera-moved" as const,
    subject: camera,
    text: `Something at ${address} says that it is ${found?.name ?? "a camera"}, which was added at ${where} and does not answer there. Nothing of it is shown, and nothing is sent to it.`,
  };
};

const forgetCamera = (
  event: Event,
  {
    inspector,
    remedyRuns,
    notices,
  }: Pick<PosturePlane, "inspector" | "remedyRuns"> & { readonly notices: NoticeBoard },
): void => {
  if (event.kind !== "camera-removed") return;
  const { camera } = event;
  for (const { check } of inspector.posture().cameras.find((view) => view.camera === camera)?.findings ?? []) {
    notices.withdraw("weakness", `${check} ${camera}`);
  }
  notices.withdraw("camera-moved", camera);
  inspector.forget(camera);
  remedyRuns.forget(camera);
};

/** What the gateway itself was refused counts against the account like a guess. */
const noteRefusedLogin = (
  event: Event,
  { ledger, hosts, cameras }: { readonly ledger: GuessLedger; readonly hosts: CameraHosts; readonly cameras: Cameras },
): void => {
  if (event.kind !== "camera-state" || event.state.kind !== "offline") return;
  if (event.state.code !== "camera-credentials") return;
  const host = hosts.list().find(({ id }) => id === event.camera)?.host;
  const username = cameras.credentials(event.camera)?.username;
  if (host !== undefined && username !== undefined) ledger.noteRefusal({ camera: event.camera, host, username });
};

/** @throws GatehouseError `request-invalid` where this box has no such interface, or no address there */
const rulesetOf = (
  name: string,
  { interfaces, hosts }: Pick<GatewayOptions, "interfaces"> & { readonly hosts: CameraHosts },
): string => {
  const gateway = interfaces()[name]?.find(({ family }) => family === "IPv4")?.address;
  if (gateway === undefined) {
    throw new GatehouseError("request-invalid", `This box has no interface \`${name}\` with an IPv4 address.`, {
      remedy: "`ip -4 address` shows the interfaces: name the one that the cameras' network is at.",
    });
  }
  return rulesetFor({ interface: name, gateway, cameras: hosts.list() });
};
