import { randomInt } from "node:crypto";

import { startFleetFarm, type FleetFarm, type FleetTruth } from "./fleet-farm/farm.ts";
import type { Benchmark, Report, RunOptions } from "./harness.ts";
import { watchHost } from "./host.ts";
import { Scorer, total, type Confusion, type Findings } from "./posture/confusion.ts";
import { lookAtPlaces, type Look } from "./posture/look-at-places.ts";
import { allowed, mostWrong } from "./posture/wrong-passwords.ts";
import { boundMedian, judge, judgeAll, notMeasured, summarize, type Ratio } from "./statistics.ts";
import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { seeded } from "../support/seeded.ts";

/** What is printed beside what every benchmark prints. */
export interface PostureReport extends Report {
  /** No camera that can be bought was looked at. */
  readonly cameras: "simulated";
  /** Of all fleets: GATEHOUSE_BENCH_SEED draws them again. */
  readonly seed: number;
  readonly fleets: number;
  readonly recall: number;
  readonly falsePositives: number;
  readonly confusion: Confusion;
  /** What was missed, and told wrongly: fleet's seed, camera, check and what was said. */
  readonly faults: readonly string[];
}

const home = { cameras: 8, looks: 7, withinSeconds: 60 } as const;
/** The budget: connections to one camera at a time. */
const mostConnections = 4;
const manySeeds = 2 ** 31;
const scorer = new Scorer(catalogue);

const findingsOf = ({ posture }: Look, camera: number): Findings =>
  new Map(posture.cameras[camera]?.findings.map(({ check, status }) => [check, status]));

/** What the checks said that is not so. */
const faultsOf = (look: Look, truths: readonly FleetTruth[], seed: number): string[] =>
  truths.flatMap((truth, camera) => {
    const findings = findingsOf(look, camera);
    const notes = new Map<string, string | null>(
      look.posture.cameras[camera]?.findings.map(({ check, note }) => [check, note]),
    );
    const isFault = ([check, how]: readonly [string, string]): boolean =>
      how === "weak" ? scorer.isMissed(check, { truth, findings }) : findings.get(check) === "failed";
    return Object.entries(truth)
      .filter(isFault)
      .map(([check, how]) => {
        const said = `${findings.get(check) ?? "nothing"}${notes.get(check) ? `: ${notes.get(check)}` : ""}`;
        return `fleet ${seed}, camera ${camera + 1}: ${check} is ${how}, told ${said}`;
      });
  });

interface Tally {
  confusion: Confusion;
  readonly faults: string[];
  readonly seconds: number[];
  mostWrong: number;
  mostConnections: number;
}

const lookAtFleets = async (farm: FleetFarm, seed: number, { rounds, note }: RunOptions): Promise<Tally> => {
  const random = seeded(seed);
  const tally: Tally = { confusion: {}, faults: [], seconds: [], mostWrong: 0, mostConnections: 0 };
  for (let fleet = 0; fleet < rounds; fleet += 1) {
    const own = Math.floor(random() * manySeeds);
    const places = await farm.call("open", { seed: own });
    const look = await lookAtPlaces(places, { pauseMs: 0 });
    const truths = await farm.call("truths");
    for (const [camera, truth] of truths.entries())
      tally.confusion = scorer.score(tally.confusion, { truth, findings: findingsOf(look, camera) });
    tally.faults.push(...faultsOf(look, truths, own));
    tally.seconds.push(look.seconds);
    tally.mostWrong = Math.max(tally.mostWrong, ...(await farm.call("wrongPasswords")).map(mostWrong));
    tally.mostConnections = Math.max(tally.mostConnections, ...(await farm.call("connectionPeaks")));
    const { missed, falsePositives } = total(tally.confusion);
    note(`fleet ${fleet + 1} of ${rounds}: ${places.length} cameras, ${missed} missed, ${falsePositives} told wrongly`);
  }
  return tally;
};

interface Homes {
  readonly seconds: number[];
  mostConnections: number;
}

/** How long a whole home takes, with the pauses that cameras elsewhere are given. */
const lookAtHomes = async (farm: FleetFarm, seed: number, { note }: RunOptions): Promise<Homes> => {
  const homes: Homes = { seconds: [], mostConnections: 0 };
  const { seconds } = homes;
  for (let look = 0; look < home.looks; look += 1) {
    const places = await farm.call("open", { seed: seed + look, cameras: home.cameras });
    seconds.push((await lookAtPlaces(places)).seconds);
    homes.mostConnections = Math.max(homes.mostConnections, ...(await farm.call("connectionPeaks")));
    note(`home ${look + 1} of ${home.looks}: ${home.cameras} cameras in ${seconds.at(-1)!.toFixed(1)} s`);
  }
  return homes;
};

/** A count that is what it is. */
const exactly = (value: number, limit: number, rounds: number): Ratio => ({
  ...{ value, low: value, high: value, limit },
  verdict: judge({ low: value, high: value }, limit, rounds),
});

const run = async (options: RunOptions): Promise<PostureReport> => {
  const { rounds, quick, note } = options;
  const seed = Number(process.env["GATEHOUSE_BENCH_SEED"] ?? randomInt(manySeeds));
  note(`simulated cameras, seed ${seed}`);
  const endWatch = watchHost();
  await using farm = await startFleetFarm();
  const fleets = await lookAtFleets(farm, seed, options);
  const { confusion, faults } = fleets;
  for (const fault of faults) note(fault);
  const homes = quick ? { seconds: [], mostConnections: 0 } : await lookAtHomes(farm, seed, options);
  const { recall, missed, falsePositives } = total(confusion);
  const ratios = {
    missed: exactly(missed, 0, rounds),
    falsePositives: exactly(falsePositives, 0, rounds),
    "wrongPasswords/account": exactly(fleets.mostWrong, allowed.most, rounds),
    "connections/camera": exactly(Math.max(fleets.mostConnections, homes.mostConnections), mostConnections, rounds),
    "home.seconds": quick
      ? notMeasured({ limit: home.withinSeconds })
      : boundMedian(homes.seconds, { limit: home.withinSeconds }),
  };
  const verdict = judgeAll(Object.values(ratios).map((ratio) => ratio.verdict));
  const metrics = {
    "fleet.seconds": summarize(fleets.seconds, "s"),
    ...(quick ? {} : { "home.seconds": summarize(homes.seconds, "s") }),
  };
  return {
    ...{ name: "posture", cameras: "simulated", seed, fleets: rounds, recall, falsePositives, confusion, faults },
    ...{ host: endWatch(), rounds, metrics, competitors: {}, ratios, verdict },
  };
};

export const posture: Benchmark = {
  name: "posture",
  summary: "what is found of simulated cameras' weaknesses, each on or off at random, and how long eight cameras take",
  rounds: 200,
  run,
};
