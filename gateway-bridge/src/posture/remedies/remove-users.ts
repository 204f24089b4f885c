import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import { deleteUser, type CameraUser } from "../../protocols/onvif/management/users.ts";
import { accountsOf } from "../questions/ask-onvif.ts";
import type { Before, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { builtInAccounts } from "../rules/default-logins.ts";

const Removed = z.strictObject({ usernames: z.array(z.string()).min(1).max(64) });

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Accounts that may change everything, or that anybody has, and that are neither the gateway's nor the maker's own. */
export const accountsToRemove = (
  users: readonly CameraUser[],
  { kept }: { readonly kept: readonly (string | undefined)[] },
): readonly string[] =>
  users
    .filter(({ level }) => same(level, "Administrator") || same(level, "Anonymous"))
    .map(({ username }) => username)
    .filter((username) => !kept.includes(username));

/** Removes accounts that nobody needs. Their passwords are not known, so they cannot come back. */
export const removeUsers: Remedy = {
  id: "remove-users",
  plane: "onvif",
  proven: false,

  async preview(camera, cancel): Promise<Preview | Unfit> {
    const usernames = await readAccounts(camera, cancel);
    if ("unfit" in usernames) return usernames;
    if (usernames.length === 0) return { unfit: "The camera has no account that nobody needs." };
    return {
      steps: usernames.map((username) => `Remove the account ${username}.`),
      stops: usernames.map((username) => `Whoever logs in to the camera as ${username} is let in no more.`),
      undoable: false,
    };
  },

  async remember(camera, _tools, cancel): Promise<Before> {
    const usernames = await readAccounts(camera, cancel);
    if ("unfit" in usernames) throw new GatehouseError("remedy-unfit", usernames.unfit);
    return Removed.parse({ usernames });
  },

  async apply(camera, before, _tools, cancel): Promise<void> {
    const onvif = await camera.onvif.as({ kind: "gateway" }, cancel);
    for (const username of await left(camera, before, cancel)) await deleteUser(onvif, username, cancel);
  },

  async verify(camera, before, _tools, cancel): Promise<Verdict> {
    const remaining = await left(camera, before, cancel);
    const { usernames } = Removed.parse(before);
    if (remaining.length === 0)
      return { kind: "fixed", evidence: [`The camera lists ${usernames.join(", ")} no more.`] };
    return { kind: "not-fixed", why: `The camera said yes, but still lists ${remaining.join(", ")}.` };
  },

  async undo(camera: MendedCamera, before: Before, _tools: MendTools, cancel: Cancellable): Promise<void> {
    const remaining = await left(camera, before, cancel);
    const gone = Removed.parse(before).usernames.filter((username) => !remaining.includes(username));
    if (gone.length === 0) return;
    throw new GatehouseError("remedy-failed", `Removed for good: ${gone.join(", ")}.`);
  },
};

const readAccounts = async (camera: MendedCamera, cancel: Cancellable): Promise<readonly string[] | Unfit> => {
  if (camera.kind !== "onvif") return { unfit: "Only by ONVIF can accounts of a camera be removed." };
  const users = await accountsOf(camera, cancel);
  if (users.kind === "refused") return { unfit: "The gateway's account may not remove others." };
  if (users.kind === "fault") return { unfit: "The camera does not tell which accounts it has." };
  const kept = [camera.username, camera.streamUsername, ...builtInAccounts(camera.identity)];
  return accountsToRemove(users.value, { kept });
};

/** Those that are still there of the ones to be removed; nobody else is touched, whatever came meanwhile. */
const left = async (camera: MendedCamera, before: Before, cancel: Cancellable): Promise<readonly string[]> => {
  const users = await accountsOf(camera, cancel);
  if (users.kind !== "answer")
    throw new GatehouseError("camera-fault", "the camera does not tell which accounts it has");
  const { usernames } = Removed.parse(before);
  return usernames.filter((username) => users.value.some((user) => user.username === username));
};
