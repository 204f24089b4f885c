import {
  CheckId,
  GatehouseError,
  Severity,
  type Cancellable,
  type Camera,
  type GatewayClient,
  type HomePosture,
  type Inspection,
} from "@gatehouse/shared";

import { text as readAll } from "node:stream/consumers";

import {
  listOption,
  textOption,
  type Answer,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { follow, type Following } from "../follow.ts";
import { refuse } from "../grant-options.ts";
import { postureText } from "../posture-text.ts";

/** What the owner is asked before a camera is looked at for the first time. */
const question = (name: string): string =>
  [
    `May Gatehouse look for weaknesses of ${name}? It connects to the camera's ports, asks what it tells without a login,`,
    "and tries at most two factory passwords. It changes nothing. (yes/no) ",
  ].join("\n");

/** Asks for whatever nobody has allowed or refused yet. */
const askConsent = async (
  gateway: GatewayClient,
  wanted: HomePosture["cameras"],
  { terminal, signal }: Pick<CommandContext, "terminal" | "signal">,
): Promise<void> => {
  for (const { camera, name, consent } of wanted) {
    if (consent) continue;
    const said = await terminal.ask(question(name), { hidden: false });
    if (said === undefined) {
      throw refuse(
        `Nobody has allowed yet that ${name} is looked at.`,
        `If you own it: \`gatehouse inspect --camera ${camera} --allow\`.`,
      );
    }
    if (!/^y(es)?$/i.test(said.trim())) continue;
    await gateway.call("consentToInspection", { params: { camera }, body: { granted: true } }, { signal });
  }
};

const checksOf = (input: CommandInput): CheckId[] =>
  listOption(input, "check").map((text) => {
    const check = CheckId.safeParse(text.toUpperCase());
    if (!check.success) throw refuse(`There is no check \`${text}\`.`, `There are ${CheckId.options.join(", ")}.`);
    return check.data;
  });

const severityOf = (input: CommandInput): Severity | undefined => {
  const text = textOption(input, "fail-on");
  if (text === undefined) return undefined;
  const severity = Severity.safeParse(text);
  if (!severity.success) throw refuse(`\`${text}\` is no severity.`, `There are ${Severity.options.join(", ")}.`);
  return severity.data;
};

/** Waits for its end. @throws GatehouseError `aborted` where it did not come to it */
const watch = async (gateway: GatewayClient, begun: Inspection, following: Following): Promise<void> => {
  const { state } = await follow(
    begun,
    {
      isOver: (inspection) => inspection.state !== "running",
      say: ({ done, total, current }) => `${done} of ${total}${current === null ? "" : `  ${current}`}`,
      ask: ({ id }, cancel) => gateway.call("inspection", { params: { inspection: id } }, cancel),
    },
    following,
  );
  if (state === "done") return;
  throw new GatehouseError("aborted", "The look was stopped before it had seen everything.", {
    remedy: "Look again. `gatehouse inspect --last` shows what is known.",
  });
};

/** Whether there is a weakness that is open and as bad as that. */
const isBad = (posture: HomePosture, least: Severity | undefined): boolean => {
  if (least === undefined) return false;
  const counted = Severity.options.slice(0, Severity.options.indexOf(least) + 1);
  const findings = [...posture.findings, ...posture.cameras.flatMap((camera) => camera.findings)];
  return findings.some(({ status, severity }) => status === "failed" && counted.includes(severity));
};

/** Which cameras it is about, for a query: all, and the home, where none were named. */
const queryOf = (cameras: readonly Camera[]): { readonly cameras?: string } =>
  cameras.length === 0 ? {} : { cameras: cameras.map(({ id }) => id).join(",") };

const answerOf = async (
  gateway: GatewayClient,
  input: CommandInput,
  cameras: readonly Camera[],
  { signal }: Cancellable,
): Promise<Answer> => {
  const query = queryOf(cameras);
  const posture = await gateway.call("posture", { query }, { signal });
  const bad = isBad(posture, severityOf(input));
  for (const format of ["html", "sarif"] as const) {
    if (input.options[format] !== true) continue;
    const report = await readAll(gateway.download("postureReport", { query: { format, ...query } }, { signal }));
    return { json: { report }, text: report, bad };
  }
  return {
    json: posture,
    text: postureText(posture, { all: input.options["all"] === true, some: cameras.length > 0 }),
    bad,
  };
};

export const inspectCommand: Command = {
  path: ["inspect"],
  summary: "look for the weaknesses of the cameras and of the home around them, and say what to do",
  operands: [],
  options: {
    camera: { type: "string", multiple: true, value: "CAMERA", help: "only this one, by name or id (may be repeated)" },
    check: { type: "string", multiple: true, value: "ID", help: "only this, such as RTSP-ANON (may be repeated)" },
    allow: { type: "boolean", help: "you own these cameras and allow that they are looked at" },
    last: { type: "boolean", help: "do not look again: what is known from the last time" },
    all: { type: "boolean", help: "also show what was looked for and is not there" },
    html: { type: "boolean", help: "print a page, to keep or to print" },
    sarif: { type: "boolean", help: "print SARIF 2.1.0, for programs that show findings" },
    "fail-on": {
      type: "string",
      value: "SEVERITY",
      help: "end with 1 where something is as bad: critical, high, medium, low",
    },
  },
  examples: [
    "gatehouse inspect",
    'gatehouse inspect --camera "Front door" --check RTSP-ANON',
    "gatehouse inspect --last --html > cameras.html",
    "gatehouse inspect --camera Garden --camera Porch --sarif > cameras.sarif",
    "gatehouse inspect --json --fail-on high",
  ],
  exits: [
    "it was looked at, and nothing is open that is as bad as --fail-on says (without --fail-on: whatever is open)",
    "something is open that is as bad as --fail-on says, or worse",
    "nobody could look, or the command was not understood",
  ],
  run: async (input, context) => {
    const { client, clock, signal, terminal, json } = context;
    if (input.options["html"] === true && input.options["sarif"] === true) throw refuse("A page, or SARIF?");
    severityOf(input);
    await using gateway = await client();
    const named = await Promise.all(listOption(input, "camera").map((text) => findCamera(gateway, text, { signal })));
    if (input.options["last"] !== true) {
      await look(gateway, { input, named }, { clock, signal, terminal, note: json ? () => undefined : terminal.note });
    }
    return await answerOf(gateway, input, named, { signal });
  },
};

interface Wish {
  readonly input: CommandInput;
  readonly named: readonly Camera[];
}

const look = async (
  gateway: GatewayClient,
  { input, named }: Wish,
  context: Following & Pick<CommandContext, "terminal">,
): Promise<void> => {
  const { signal } = context;
  const checks = checksOf(input);
  const { cameras: wanted } = await gateway.call("posture", { query: queryOf(named) }, { signal });
  if (input.options["allow"] === true) {
    for (const { camera } of wanted) {
      await gateway.call("consentToInspection", { params: { camera }, body: { granted: true } }, { signal });
    }
  } else await askConsent(gateway, wanted, context);
  const body = {
    ...(named.length > 0 && { cameras: named.map(({ id }) => id) }),
    ...(checks.length > 0 && { checks }),
  };
  await watch(gateway, await gateway.call("startInspection", { body }, { signal }), context);
};

/** Looks at cameras that are looked at anyway, and waits for the end of it. @throws GatehouseError as `watch` */
export const lookAgain = async (
  gateway: GatewayClient,
  cameras: readonly Camera[],
  { clock, signal, terminal, json }: Pick<CommandContext, "clock" | "signal" | "terminal" | "json">,
): Promise<void> => {
  const body = { cameras: cameras.map(({ id }) => id) };
  const begun = await gateway.call("startInspection", { body }, { signal });
  await watch(gateway, begun, { clock, signal, note: json ? () => undefined : terminal.note });
};
