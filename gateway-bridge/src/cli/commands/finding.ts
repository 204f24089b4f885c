import {
  CheckId,
  longestAcceptanceDays,
  StateFinding,
  type CameraId,
  type Cancellable,
  type GatewayClient,
} from "@gatehouse/shared";

import { textOption, type Command, type CommandInput } from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { refuse } from "../grant-options.ts";

const checkOf = ([text = ""]: readonly string[]): CheckId => {
  const check = CheckId.safeParse(text.toUpperCase());
  if (!check.success) throw refuse(`There is no check \`${text}\`.`, "`gatehouse inspect --all` shows them.");
  return check.data;
};

/** The camera that it is about; null for the home. */
const cameraOf = async (gateway: GatewayClient, input: CommandInput, cancel: Cancellable): Promise<CameraId | null> => {
  const text = textOption(input, "camera");
  return text === undefined ? null : (await findCamera(gateway, text, cancel)).id;
};

const camera = {
  type: "string",
  value: "CAMERA",
  help: "of which camera, by name or id; without, of the home",
} as const;

export const findingAcceptCommand: Command = {
  path: ["finding", "accept"],
  summary: "live with a weakness for a time; it is shown as accepted, never as mended",
  operands: ["CHECK"],
  options: {
    camera,
    reason: { type: "string", value: "TEXT", help: "why, for those who read it later" },
    days: { type: "string", value: "DAYS", help: `for so many days, at most ${longestAcceptanceDays}` },
  },
  examples: ['gatehouse finding accept NET-HTTP --camera Garden --reason "its HTTPS is broken" --days 90'],
  run: async (input, { client, signal }) => {
    const check = checkOf(input.positionals);
    const reason = textOption(input, "reason") ?? "";
    const days = Number(textOption(input, "days"));
    if (reason.trim().length < 3) throw refuse("Say why.", "Add --reason.");
    if (!Number.isInteger(days) || days < 1 || days > longestAcceptanceDays) {
      throw refuse("Say for how long.", `Add --days, from 1 to ${longestAcceptanceDays}.`);
    }
    await using gateway = await client();
    const body = { check, camera: await cameraOf(gateway, input, { signal }), reason, days };
    await gateway.call("acceptFinding", { body }, { signal });
    return { json: body, text: `${check} is accepted for ${days} days. It does not count for the grade until then.` };
  },
};

export const findingWithdrawCommand: Command = {
  path: ["finding", "withdraw"],
  summary: "no longer accept a weakness",
  operands: ["CHECK"],
  options: { camera },
  examples: ["gatehouse finding withdraw NET-HTTP --camera Garden"],
  run: async (input, { client, signal }) => {
    const check = checkOf(input.positionals);
    await using gateway = await client();
    const of = await cameraOf(gateway, input, { signal });
    const query = of === null ? {} : { camera: of };
    await gateway.call("withdrawAcceptance", { params: { check }, query }, { signal });
    return { json: { check, camera: of }, text: `${check} counts again.` };
  },
};

export const findingStateCommand: Command = {
  path: ["finding", "state"],
  summary: "say what only you can know; it is kept as said by you, never as seen",
  operands: ["CHECK", "yes|no"],
  options: {},
  examples: ["gatehouse finding state WIFI-GUEST yes"],
  run: async ({ positionals: [text = "", said = ""] }, { client, signal }) => {
    const check = StateFinding.shape.check.safeParse(text.toUpperCase());
    if (!check.success) {
      throw refuse(
        `\`${text}\` is not asked of you.`,
        `You are asked: ${StateFinding.shape.check.options.join(", ")}.`,
      );
    }
    if (said !== "yes" && said !== "no") throw refuse("Say yes or no.");
    await using gateway = await client();
    const body = { check: check.data, holds: said === "yes" };
    await gateway.call("stateFinding", { body }, { signal });
    return { json: body, text: `Noted: ${check.data} ${said}, as you say today.` };
  },
};
