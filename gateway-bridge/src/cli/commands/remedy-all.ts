import {
  isGatehouseError,
  type Camera,
  type CameraPosture,
  type GatewayClient,
  type RemedyRun,
} from "@gatehouse/shared";

import { planRemedies, type RemedyPlan } from "../../posture/remedies/remedy-order-policy.ts";
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

/**
 * One step after the other, each shown and asked for by itself. A step that does not fit, or that was taken back, keeps no other from
 * being done: each says itself what it stands on. Ends early where something was left changed, or nobody is there to ask.
 */
const carryOutAll = async (
  gateway: GatewayClient,
  plan: RemedyPlan,
  wish: Wish,
  context: CommandContext,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const { remedy } of plan.steps) {
    try {
      const { run, decision } = await carryOut(gateway, { ...wish, remedy }, { ...context, yes: wish.yes });
      outcomes.push({ remedy, run, skipped: decision === "done" ? null : "nobody wanted it" });
      if (run.left !== null || decision === "unasked") break;
    } catch (error) {
      if (!isGatehouseError(error) || error.code !== "remedy-unfit") throw error;
      outcomes.push({ remedy, run: null, skipped: error.message });
    }
  }
  return outcomes;
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

const answerOf = (outcomes: readonly Outcome[], plan: RemedyPlan, after: CameraPosture): Answer => {
  const bad = outcomes.some(({ run }) => run?.state === "failed");
  return { json: { outcomes, left: plan.left, posture: after }, text: planText({ outcomes, plan, after }), bad };
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
    const plan = planRemedies((await postureOf(gateway, camera, context)).findings, wish);
    const outcomes = await carryOutAll(gateway, plan, wish, context);
    if (outcomes.some(({ run }) => run?.state === "done")) await lookAgain(gateway, [camera], context);
    return answerOf(outcomes, plan, await postureOf(gateway, camera, context));
  },
};
