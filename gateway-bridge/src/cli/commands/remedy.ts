import {
  RemedyId,
  RemedyRunId,
  type Camera,
  type Cancellable,
  type GatewayClient,
  type ProposeRemedy,
  type RemedyRun,
} from "@gatehouse/shared";

import { textOption, type Answer, type Command, type CommandContext, type CommandInput } from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { follow, type Following } from "../follow.ts";
import { refuse } from "../grant-options.ts";
import { outcomeText, previewText, stateText } from "../remedy-text.ts";
import { table } from "../table.ts";

const underWay: readonly RemedyRun["state"][] = ["applying", "verifying", "undoing"];

const runIdOf = ([text]: readonly string[]): RemedyRunId => {
  const id = RemedyRunId.safeParse(text);
  if (!id.success) throw refuse("That is no remedy's id.", "`gatehouse remedy list` shows the ids.");
  return id.data;
};

/** Waits until nothing more is being done. */
const settled = (gateway: GatewayClient, begun: RemedyRun, following: Following): Promise<RemedyRun> =>
  follow(
    begun,
    {
      isOver: ({ state }) => !underWay.includes(state),
      say: (run) => `${run.remedy}: ${stateText(run)} ...`,
      ask: async (run, cancel) =>
        (await gateway.call("listRemedies", {}, cancel)).find(({ id }) => id === run.id) ?? run,
    },
    following,
  );

const answerOf = (run: RemedyRun): Answer => ({ json: run, text: outcomeText(run), bad: run.state === "failed" });
const quiet = (): void => undefined;

type Wish = Omit<ProposeRemedy, "camera"> & { readonly camera: Camera };
type Asking = CommandContext & { readonly yes: boolean };

/** Shows what would be done, asks, does it, and waits for how it went. `unasked`: nobody was there to ask. */
export const carryOut = async (
  gateway: GatewayClient,
  { camera, remedy, vendor, firmware }: Wish,
  { terminal, clock, signal, json, yes }: Asking,
): Promise<{ readonly run: RemedyRun; readonly decision: "done" | "declined" | "unasked" }> => {
  const body = { remedy, vendor, ...(firmware !== undefined && { firmware }) };
  const run = await gateway.call("proposeRemedy", { params: { camera: camera.id }, body }, { signal });
  const params = { run: run.id };
  if (!yes) {
    terminal.note(previewText(run, camera.name));
    const said = await terminal.ask("Do it? (yes/no) ", { hidden: false });
    if (said === undefined) return { run, decision: "unasked" };
    if (!/^y(es)?$/i.test(said.trim())) {
      return { run: await gateway.call("declineRemedy", { params }, { signal }), decision: "declined" };
    }
  }
  const begun = await gateway.call("confirmRemedy", { params }, { signal });
  const following = { clock, note: json ? quiet : terminal.note, signal };
  return { run: await settled(gateway, begun, following), decision: "done" };
};

/** The same, as the answer of a command. */
export const applyRemedy = async (gateway: GatewayClient, wish: Wish, asking: Asking): Promise<Answer> => {
  const { run, decision } = await carryOut(gateway, wish, asking);
  if (decision === "done") return answerOf(run);
  const later = decision === "unasked" ? ` To do it: \`gatehouse remedy confirm ${run.id}\`.` : "";
  return { json: run, text: `Nothing was changed.${later}` };
};

export const cameraOf = (gateway: GatewayClient, input: CommandInput, cancel: Cancellable): Promise<Camera> => {
  const text = textOption(input, "camera");
  if (text === undefined) throw refuse("Say at which camera.", "Add --camera, with its name or id.");
  return findCamera(gateway, text, cancel);
};

/** At which camera, and whether it is asked for. */
export const remedyOptions = {
  camera: { type: "string", value: "CAMERA", help: "at which camera, by name or id" },
  yes: { type: "boolean", help: "do not ask" },
} satisfies Command["options"];

export const vendorOption = {
  vendor: { type: "boolean", help: "speak the maker's own words where ONVIF has none; unproven on hardware" },
} satisfies Command["options"];

export const remedyApplyCommand: Command = {
  path: ["remedy", "apply"],
  summary: "change a camera so that a weakness is gone: shown first, then done, seen on every plane, or taken back",
  operands: ["REMEDY"],
  options: { ...remedyOptions, ...vendorOption },
  examples: [
    'gatehouse remedy apply rotate-password --camera "Front door"',
    'gatehouse remedy apply p2p-off --camera "Front door" --vendor',
  ],
  run: async (input, context) => {
    const remedy = RemedyId.safeParse(input.positionals[0]);
    if (!remedy.success) throw refuse("There is no such remedy.", `There are ${RemedyId.options.join(", ")}.`);
    await using gateway = await context.client();
    const camera = await cameraOf(gateway, input, context);
    const wish = { remedy: remedy.data, camera, vendor: input.options["vendor"] === true };
    return await applyRemedy(gateway, wish, { ...context, yes: input.options["yes"] === true });
  },
};

export const remedyListCommand: Command = {
  path: ["remedy", "list"],
  summary: "what was proposed, what is being done and what was done, newest first",
  operands: [],
  options: {},
  examples: ["gatehouse remedy list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const runs = await gateway.call("listRemedies", {}, { signal });
    const cameras = await gateway.call("listCameras", {}, { signal });
    const names = new Map(cameras.map(({ id, name }) => [id, name]));
    const rows = runs.map((run) => [
      ...[run.id, run.remedy, names.get(run.camera) ?? run.camera, stateText(run)],
      ...[run.proposedBy.name, new Date(run.proposedAt).toLocaleString()],
    ]);
    const text = runs.length === 0 ? "Nothing was changed yet." : table(heads, rows);
    return { json: runs, text };
  },
};

const heads = ["ID", "REMEDY", "CAMERA", "STATE", "PROPOSED BY", "AT"];

export const remedyConfirmCommand: Command = {
  path: ["remedy", "confirm"],
  summary: "do what was proposed",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse remedy confirm mend-abcdefghijklmnop"],
  run: async ({ positionals }, { client, clock, signal, terminal, json }) => {
    const params = { run: runIdOf(positionals) };
    await using gateway = await client();
    const begun = await gateway.call("confirmRemedy", { params }, { signal });
    return answerOf(await settled(gateway, begun, { clock, signal, note: json ? quiet : terminal.note }));
  },
};

export const remedyDeclineCommand: Command = {
  path: ["remedy", "decline"],
  summary: "leave what was proposed undone",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse remedy decline mend-abcdefghijklmnop"],
  run: async ({ positionals }, { client, signal }) => {
    const params = { run: runIdOf(positionals) };
    await using gateway = await client();
    return answerOf(await gateway.call("declineRemedy", { params }, { signal }));
  },
};

export const remedyUndoCommand: Command = {
  path: ["remedy", "undo"],
  summary: "take a change back",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse remedy undo mend-abcdefghijklmnop"],
  run: async ({ positionals }, { client, clock, signal, terminal, json }) => {
    const params = { run: runIdOf(positionals) };
    await using gateway = await client();
    const begun = await gateway.call("undoRemedy", { params }, { signal });
    return answerOf(await settled(gateway, begun, { clock, signal, note: json ? quiet : terminal.note }));
  },
};
