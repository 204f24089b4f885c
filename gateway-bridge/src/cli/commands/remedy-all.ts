import {
  isGatehouseError,
  type Camera,
  type CameraPosture,
  type GatewayClient,
  type RemedyRun,
} from "@gatehouse/shared";

import { isClosing, planRemedies, type RemedyPlan } from "../../posture/remedies/remedy-order-policy.ts";
import type { Answer, Command, CommandContext } from "../command.ts";
import { refuse } from "../grant-options.ts";
import { planText } from "../remedy-text.ts";
import { lookAgain } from "./inspect.ts";
import { cameraOf, carryOut, remedyOptions, vendorOption } from "./remedy.ts";

interface Wish {
  readonly camera: Camera;
  readonly vendor: boolean;
  readonly yes: boolean;
}

/** What came of one step. */
interface Outcome {
  readonly remedy: string;
  readonly run: RemedyRun | null;
  /** Why it was left out. */
  readonly skipped: string | null;
}

interface Result {
  readonly outcomes: readonly Outcome[];
  readonly untried: RemedyPlan["steps"];
  readonly left: RemedyPlan["left"];
  readonly after: CameraPosture;
}

/** A mended weakness may have hidden others, which may hide others again. */
const mostRounds = 4;

/** What was done so far. */
interface Progress {
  readonly outcomes: Outcome[];
  /** Something was left changed, or nobody is there to ask. */
  ended: boolean;
}

/** Each step is shown and asked for by itself. One that does not fit, or that was taken back, keeps no other from being done. */
const carryOutSteps = async (
  gateway: GatewayClient,
  steps: RemedyPlan["steps"],
  wish: Wish,
  { progress, ...context }: CommandContext & { readonly progress: Progress },
): Promise<void> => {
  for (const { remedy } of steps) {
    if (progress.ended) return;
    try {
      const { run, decision } = await carryOut(gateway, { ...wish, remedy }, { ...context, yes: wish.yes });
      progress.outcomes.push({ remedy, run, skipped: decision === "done" ? null : "nobody wanted it" });
      progress.ended = run.left !== null || decision === "unasked";
    } catch (error) {
      if (!isGatehouseError(error) || error.code !== "remedy-unfit") throw error;
      progress.outcomes.push({ remedy, run: null, skipped: error.message });
    }
  }
};

/** Until nothing is left that was not tried: what shuts doors last, and a look after each round that has changed something. */
const carryOutAll = async (gateway: GatewayClient, wish: Wish, context: CommandContext): Promise<Result> => {
  const progress: Progress = { outcomes: [], ended: false };
  for (let round = 1; ; round += 1) {
    const after = await postureOf(gateway, wish.camera, context);
    const plan = planRemedies(after.findings, wish);
    const untried = plan.steps.filter(({ remedy }) => !progress.outcomes.some((one) => one.remedy === remedy));
    const open = untried.filter((step) => !isClosing(step));
    const steps = open.length > 0 ? open : untried;
    if (steps.length === 0 || progress.ended || round > mostRounds) {
      return { outcomes: progress.outcomes, untried, left: plan.left, after };
    }
    const before = progress.outcomes.length;
    await carryOutSteps(gateway, steps, wish, { ...context, progress });
    const changed = progress.outcomes.slice(before).some(({ run }) => run?.state === "done");
    if (changed) await lookAgain(gateway, [wish.camera], context);
  }
};

const postureOf = async (
  gateway: GatewayClient,
  { id }: Camera,
  { signal }: Pick<CommandContext, "signal">,
): Promise<CameraPosture> => {
  const { cameras } = await gateway.call("posture", { query: { cameras: id } }, { signal });
  const [posture] = cameras;
  if (posture?.inspectedAt == null) {
    throw refuse("Nobody has looked at this camera yet.", `First: \`gatehouse inspect --camera ${id}\`.`);
  }
  return posture;
};

const answerOf = ({ outcomes, untried, left, after }: Result): Answer => {
  const bad = outcomes.some(({ run }) => run?.state === "failed");
  return { json: { outcomes, left, posture: after }, text: planText({ outcomes, untried, left, after }), bad };
};

export const remedyAllCommand: Command = {
  path: ["remedy", "all"],
  summary:
    "do all that Gatehouse can do about a camera's weaknesses, one after the other in a safe order, then look again",
  operands: [],
  options: { ...remedyOptions, ...vendorOption },
  examples: ['gatehouse remedy all --camera "Front door"', 'gatehouse remedy all --camera "Front door" --vendor --yes'],
  run: async (input, context) => {
    await using gateway = await context.client();
    const camera = await cameraOf(gateway, input, context);
    const wish = { camera, vendor: input.options["vendor"] === true, yes: input.options["yes"] === true };
    return answerOf(await carryOutAll(gateway, wish, context));
  },
};
