import type { Cancellable } from "@gatehouse/shared";

import type { ProbedCamera, ProbeLogin } from "../probe/probed-camera.ts";
import { vendorDoor, type VendorDoor } from "../vendor/vendor-door.ts";

const path = "/cgi-bin/api.cgi";

/** Where its page takes logins: in the body of a request, so no header asks for them. https://github.com/starkillerOG/reolink_aio (api.py) */
export const reolinkDoor = (camera: ProbedCamera, cancel: Cancellable): Promise<VendorDoor | undefined> =>
  vendorDoor(camera, cancel);

/** Whether the page takes a login; it is signed out again, because a camera has few sessions. */
export const tryReolink = async (
  camera: ProbedCamera,
  door: VendorDoor,
  { login, cancel }: { readonly login: ProbeLogin & { readonly kind: "guess" }; readonly cancel: Cancellable },
): Promise<"right" | "wrong" | "unclear"> => {
  const { body } = await camera.http.request(
    { method: "POST", path: `${path}?cmd=Login`, signIn, ...door },
    login,
    cancel,
  );
  const token = tokenIn(body);
  if (token !== undefined) {
    const out = Buffer.from('[{"cmd":"Logout","action":0,"param":{}}]');
    const to = { method: "POST", path: `${path}?cmd=Logout&token=${token}`, body: out, ...door } as const;
    await camera.http.request(to, { kind: "nobody" }, cancel);
    return "right";
  }
  return /"rspCode"\s*:\s*-7\b/.test(body.toString("latin1")) ? "wrong" : "unclear";
};

const tokenIn = (answer: Buffer): string | undefined =>
  /"Token"\s*:\s*\{[^}]*"name"\s*:\s*"([\da-zA-Z]{1,64})"/.exec(answer.toString("latin1"))?.[1];

const signIn = {
  body: ({ username, password }: { readonly username: string; readonly password: { reveal(): string } }): Buffer => {
    const User = { Version: "0", userName: username, password: password.reveal() };
    return Buffer.from(JSON.stringify([{ cmd: "Login", action: 0, param: { User } }]));
  },
  isTaken: (answer: Buffer): boolean => tokenIn(answer) !== undefined,
};
