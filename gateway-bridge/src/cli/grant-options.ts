import { Action, CameraId, Day, GatehouseError, Place, Schedule, type Grant } from "@gatehouse/shared";
import type { z } from "zod";

import { listOption, textOption, type Command, type CommandInput } from "./command.ts";

const text = (value: string, help: string) => ({ type: "string", value, help }) as const;
const many = (value: string, help: string) => ({ ...text(value, help), multiple: true }) as const;

/** When something is allowed. */
export const timeOptions = {
  days: text("DAYS", "only on these: mon,tue,wed,thu,fri,sat,sun (default with a time: every day)"),
  from: text("HH:MM", "only from this time on ..."),
  to: text("HH:MM", "... up to this one; an earlier one is on the next day"),
  zone: text("ZONE", "where those times are, such as Europe/Berlin (default: where this box is)"),
  until: text("TIME", "only until then, such as 2030-12-31T18:00"),
} satisfies Command["options"];

/** Everything of which grants are made. */
export const grantOptions = {
  action: many("ACTION", `what is allowed: ${Action.options.join(", ")} (may be repeated)`),
  camera: many("ID", "on which camera (may be repeated)"),
  "all-cameras": { type: "boolean", help: "on every camera, also those added later" },
  ...timeOptions,
  place: many("PLACE", "from home or away (may be repeated; default: home)"),
} satisfies Command["options"];

/** What the options do not say rightly. */
export const refuse = (message: string, remedy?: string): GatehouseError =>
  new GatehouseError("request-invalid", message, remedy === undefined ? {} : { remedy });

const oneOf = <S extends z.ZodType>(schema: S, value: string, message: string): z.output<S> => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse(message);
  return parsed.data;
};

const allDays = Day.options;

/** When, if that was said. */
export const scheduleOf = (input: CommandInput): Schedule | undefined => {
  const [days, from, to] = ["days", "from", "to"].map((name) => textOption(input, name));
  const zone = textOption(input, "zone");
  if (days === undefined && from === undefined && to === undefined && zone === undefined) return undefined;
  const read = Schedule.safeParse({
    zone: zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    windows: [{ days: days?.split(",") ?? allDays, from: from ?? "00:00", to: to ?? "00:00" }],
  });
  if (read.success) return read.data;
  throw refuse("That is no schedule.", `Days are ${allDays.join(",")}; times are such as 08:00, by 24 hours.`);
};

/** Up to which moment, if that was said. */
export const untilOf = (input: CommandInput): number | undefined => {
  const text = textOption(input, "until");
  if (text === undefined) return undefined;
  const until = new Date(text).getTime();
  if (Number.isNaN(until) || until < 0) throw refuse(`\`${text}\` is no moment.`, "Write it as 2030-12-31T18:00.");
  return until;
};

/** The cameras that were named. */
export const camerasOf = (input: CommandInput): CameraId[] =>
  listOption(input, "camera").map((id) => oneOf(CameraId, id, `\`${id}\` is no camera's id.`));

/**
 * What the options say, an action on a camera each.
 * @throws GatehouseError `request-invalid`
 */
export const grantsOf = (input: CommandInput): Grant[] => {
  const actions = listOption(input, "action").map((name) =>
    oneOf(Action, name, `There is no action \`${name}\`; there are ${Action.options.join(", ")}.`),
  );
  const cameras = camerasOf(input);
  const isEverywhere = input.options["all-cameras"] === true;
  if (isEverywhere && cameras.length > 0) throw refuse("All cameras, or some of them?", "Use one of the two.");
  if (actions.length === 0 || (cameras.length === 0 && !isEverywhere)) {
    throw refuse("Say what is allowed, and on which cameras.", "Add --action, and --camera or --all-cameras.");
  }
  const places = listOption(input, "place").map((name) => oneOf(Place, name, "Places are home and away."));
  const [schedule, until] = [scheduleOf(input), untilOf(input)];
  const limits: Partial<Grant> = {
    ...(schedule !== undefined && { schedule }),
    ...(places.length > 0 && { places: [...new Set(places)] }),
    ...(until !== undefined && { until }),
  };
  const where: readonly Grant["camera"][] = isEverywhere ? ["*"] : cameras;
  return actions.flatMap((action) => where.map((camera): Grant => ({ action, camera, ...limits })));
};
