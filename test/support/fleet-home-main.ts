/**
 * Simulated cameras and, for each, a gateway that adopted it, all in one process, because a process is in one network:
 *
 *   node --conditions=source test/support/fleet-home-main.ts DATA '{"porch": {"brand": "axis"}}'
 *
 * Prints a line of JSON when it is ready, then takes wishes and answers them, a line of JSON each.
 */
import {
  isGatehouseError,
  systemClock,
  type CheckId,
  type Clock,
  type RemedyId,
  type RemedyRun,
} from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { ThreeWords } from "../../gateway-bridge/src/access/people/three-words.ts";
import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { allRemedies } from "../../gateway-bridge/src/posture/remedies/all-remedies.ts";
import { createDrawPassword } from "../../gateway-bridge/src/posture/remedies/draw-password.ts";
import { HomeRouter } from "../../gateway-bridge/src/posture/router/home-router.ts";
import { FleetCamera, type FleetCameraOptions, type FleetFacts } from "../simulator/fleet/fleet-camera.ts";
import type { Reply } from "../simulator/line-process.ts";
import { lookAtFleet } from "./fleet-look.ts";
import { adoptInto, owner, RemedyHome, theCamera } from "./remedy-home.ts";
import { SetClock } from "./set-clock.ts";

export interface HomeCamera extends Omit<FleetCameraOptions, "now"> {
  /** A port that is open whatever the camera is told, and what it says to whoever comes. */
  readonly beside?: { readonly port: number; readonly banner: string };
}
export type HomeCameras = Readonly<Record<string, HomeCamera>>;
export type HomeFacts = Readonly<Record<string, FleetFacts>>;

/** `refuses` says that it did as it was told, and is set as before. `feigns` is set as it was told, and behaves as before. */
export type Lie = "no" | "refuses" | "feigns";

/** What is wished for, of the camera of that name. */
export type HomeWish =
  /** With the owner's consent to the maker's words. @param firmware SHA-256 of the file that is to be installed */
  | { readonly do: "mend"; readonly remedy: RemedyId; readonly firmware?: string }
  | { readonly do: "undo"; readonly run: string }
  | { readonly do: "lie"; readonly how: Lie }
  | { readonly do: "look"; readonly checks: readonly CheckId[] };

/** What is waited for on purpose takes a five-hundredth of its time; deadlines keep theirs. */
class HurriedClock extends SetClock {
  override readonly delay: Clock["delay"] = (ms, cancel) => systemClock.delay(ms / 500, cancel);
}

interface Adopted {
  readonly camera: FleetCamera;
  readonly home: RemedyHome;
}

const never = { signal: new AbortController().signal };

const adopt = async (data: string, options: HomeCamera): Promise<Adopted> => {
  const clock = new HurriedClock();
  const camera = await FleetCamera.open(options);
  const { address: host } = camera.facts;
  await adoptInto(data, clock, camera.facts);
  const words = await ThreeWords.open();
  const cameras = () => [{ id: theCamera, host }];
  const log = new MemoryLogger();
  const router = HomeRouter.open({ interfaces: networkInterfaces, clock: systemClock, log, cameras });
  const draw = createDrawPassword(() => words.propose());
  const remedies = allRemedies({ draw, router, firmware: join(data, "firmware") });
  if (options.beside !== undefined) await open(host, options.beside);
  return { camera, home: await RemedyHome.open({ data, clock, remedies }) };
};

const open = async (host: string, { port, banner }: NonNullable<HomeCamera["beside"]>): Promise<void> => {
  const server = createServer((socket) => socket.on("error", () => undefined).end(banner));
  await once(server.listen(port, host), "listening");
};

const settled = async ({ runs }: RemedyHome, id: string): Promise<RemedyRun> => {
  await runs.settled();
  return runs.list().find((run) => run.id === id)!;
};

const carryOut = async ({ camera, home }: Adopted, wish: HomeWish): Promise<unknown> => {
  switch (wish.do) {
    case "mend": {
      const { remedy, firmware } = wish;
      const asked = { camera: theCamera, remedy, vendor: true, ...(firmware !== undefined && { firmware }) };
      const { id } = await home.runs.propose(asked, owner, never);
      await home.runs.confirm(id, owner);
      return await settled(home, id);
    }
    case "undo":
      return await settled(home, home.runs.undo(wish.run as RemedyRun["id"], owner).id);
    case "lie":
      camera.lies = wish.how === "refuses";
      camera.feigns = wish.how === "feigns";
      return null;
    case "look": {
      const checks = catalogue.filter(({ id }) => wish.checks.includes(id));
      const [seen] = await lookAtFleet([camera], checks);
      return Object.fromEntries(wish.checks.map((id) => [id, seen?.get(id)?.status]));
    }
  }
};

if (import.meta.main) {
  const [, , data = "", cameras = "{}"] = process.argv;
  const adopted = new Map<string, Adopted>();
  for (const [name, options] of Object.entries(JSON.parse(cameras) as HomeCameras))
    adopted.set(name, await adopt(join(data, name), options));
  const print = (line: HomeFacts | Reply): void => console.log(JSON.stringify(line));
  print(Object.fromEntries([...adopted].map(([name, { camera }]) => [name, camera.facts])));
  for await (const line of createInterface(process.stdin)) {
    const { id, camera, ...wish } = JSON.parse(line) as HomeWish & { readonly id: number; readonly camera: string };
    // Cameras do not wait for one another.
    void carryOut(adopted.get(camera)!, wish).then(
      (result) => print({ id, result }),
      (error: unknown) => print({ id, error: isGatehouseError(error) ? error.message : String(error) }),
    );
  }
  // Nobody waits for what is under way: the cameras go with it.
  process.exit(0);
}
