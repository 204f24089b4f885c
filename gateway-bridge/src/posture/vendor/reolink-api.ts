import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import type { HttpAnswer, ProbedCamera } from "../probe/probed-camera.ts";
import type { VendorSetting } from "./vendor-setting.ts";
import { notTaken, vendorDoor, type VendorDoor } from "./vendor-door.ts";

/** One answer of Reolink's `/cgi-bin/api.cgi`; answers come as a list, one for each command. */
const Answer = z.object({
  code: z.int(),
  value: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ rspCode: z.int() }).optional(),
});
type Answer = z.infer<typeof Answer>;
const Token = z.object({ name: z.string().regex(/^[\w-]{1,128}$/) });

/** What it means that a command failed: `please login first`, `ability error` (Reolink's list of error codes). */
const refusals: ReadonlySet<number> = new Set([-6, -26]);

/** A switch of Reolink's API: what Get and Set are called, and the 0 or 1 in its object. Unproven on hardware. */
export interface ReolinkSwitch {
  /** `P2p`: GetP2p and SetP2p, with an object of that name. */
  readonly name: string;
  readonly flag: string;
}

export const reolinkSwitches = (...switches: readonly ReolinkSwitch[]): VendorSetting => ({
  read: async (camera, cancel) => {
    const answers = await withSession(camera, cancel, (session) =>
      inTurn(switches, ({ name }) => session(`Get${name}`, 0, { channel: 0 })),
    );
    if (answers === undefined) return { kind: "absent" };
    const told: Record<string, string> = {};
    answers.forEach((answer, index) => {
      const { name = "", flag = "" } = switches[index] ?? {};
      const value = objectOf(answer, name)?.[flag];
      if (value === 0 || value === 1) told[`${name}.${flag}`] = String(value);
    });
    if (Object.keys(told).length > 0) return { kind: "told", on: Object.values(told).includes("1"), values: told };
    return { kind: answers.some(isRefused) ? "refused" : "absent" };
  },
  switched: (values, on) => Object.fromEntries(Object.keys(values).map((name) => [name, on ? "1" : "0"])),
  write: async (camera, values, cancel) => {
    const taken = await withSession(camera, cancel, async (session) => {
      for (const { name, flag } of switches) {
        const value = values[`${name}.${flag}`];
        if (value === undefined) continue;
        // The whole object goes back as it came, so that nothing else of it changes.
        const before = objectOf(await session(`Get${name}`, 0, { channel: 0 }), name) ?? {};
        const answer = await session(`Set${name}`, 0, { [name]: { ...before, [flag]: Number(value) } });
        if (answer.code !== 0) throw notTaken(name);
      }
      return true;
    });
    if (taken === undefined) throw notTaken(Object.keys(values).join(", "));
  },
});

const objectOf = ({ code, value }: Answer, name: string): Readonly<Record<string, unknown>> | undefined => {
  const object = code === 0 ? value?.[name] : undefined;
  return typeof object === "object" && object !== null ? (object as Readonly<Record<string, unknown>>) : undefined;
};

const isRefused = ({ error }: Answer): boolean => error !== undefined && refusals.has(error.rspCode);

type Session = (command: string, action: 0 | 1, parameters: Readonly<Record<string, unknown>>) => Promise<Answer>;

const inTurn = async <Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (const item of items) results.push(await run(item));
  return results;
};

/**
 * Logs in, works, and logs out again, because a camera has few sessions. Undefined where the camera knows no such API. The password goes in
 * the body of a request, so the camera must be spoken to by TLS.
 * @throws GatehouseError `camera-credentials`, `camera-basic-refused`
 */
const withSession = async <T>(
  camera: ProbedCamera,
  cancel: Cancellable,
  work: (session: Session) => Promise<T>,
): Promise<T | undefined> => {
  const door = await vendorDoor(camera, cancel);
  if (door === undefined) return undefined;
  const token = await logIn(camera, door, cancel);
  const session: Session = async (command, action, parameters) => {
    const body = commandOf(command, action, parameters);
    const path = `/cgi-bin/api.cgi?cmd=${command}&token=${token}`;
    return readAnswer(await camera.http.request({ method: "POST", path, body, ...door }, { kind: "nobody" }, cancel));
  };
  try {
    return await work(session);
  } finally {
    await session("Logout", 0, {}).catch(() => undefined);
  }
};

const logIn = async (camera: ProbedCamera, door: VendorDoor, cancel: Cancellable): Promise<string> => {
  const signIn = {
    body: ({ username, password }: Credentials): Buffer =>
      commandOf("Login", 0, { User: { Version: "0", userName: username, password: password.reveal() } }),
    isTaken: (answer: Buffer): boolean => tokenIn(answer) !== undefined,
  };
  const path = "/cgi-bin/api.cgi?cmd=Login";
  const { body } = await camera.http.request({ method: "POST", path, signIn, ...door }, { kind: "gateway" }, cancel);
  const token = tokenIn(body);
  if (token === undefined)
    throw new GatehouseError("camera-credentials", "the camera refuses the gateway's login at its page");
  return token;
};

const tokenIn = (body: Buffer): string | undefined => {
  const answer = parseAnswers(body)?.[0];
  const token = Token.safeParse(answer === undefined ? undefined : objectOf(answer, "Token"));
  return token.success ? token.data.name : undefined;
};

const commandOf = (cmd: string, action: 0 | 1, param: Readonly<Record<string, unknown>>): Buffer =>
  Buffer.from(JSON.stringify([{ cmd, action, param }]));

const readAnswer = ({ body }: HttpAnswer): Answer => {
  const answer = parseAnswers(body)?.[0];
  if (answer !== undefined) return answer;
  throw new GatehouseError(
    "camera-answer-malformed",
    "the camera's answer is not of the form that its maker describes",
  );
};

const parseAnswers = (body: Buffer): readonly Answer[] | undefined => {
  try {
    const answers = z
      .array(Answer)
      .max(64)
      .safeParse(JSON.parse(body.toString("utf8")));
    return answers.success ? answers.data : undefined;
  } catch {
    return undefined;
  }
};
