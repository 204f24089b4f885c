import { z } from "zod";

import { PasskeyId } from "./ids.ts";
import { Me } from "./login.ts";
import { NewPasskey, Passkey, PasskeyAnswer, PasskeyEnrolment, PasskeyRequest, PasskeySignIn } from "./passkey.ts";
import { nothing, route, type Route } from "./route.ts";

const fromAnywhere = { on: "anybody", away: true } as const;
const login = { on: "login" } as const;

/** How people come in by what their devices keep. Each takes two requests: what to ask the device, and its answer. */
export const passkeyRoutes = {
  offerPasskeySignIn: route({
    method: "POST",
    path: "/v1/sign-in/passkey/options",
    access: fromAnywhere,
    response: PasskeyRequest,
  }),
  signInWithPasskey: route({
    method: "POST",
    path: "/v1/sign-in/passkey",
    access: fromAnywhere,
    body: PasskeySignIn,
    response: Me,
  }),
  offerPasskeyStepUp: route({
    method: "POST",
    path: "/v1/me/step-up/passkey/options",
    access: login,
    response: PasskeyRequest,
  }),
  stepUpWithPasskey: route({
    method: "POST",
    path: "/v1/me/step-up/passkey",
    access: login,
    body: PasskeyAnswer,
    response: Me,
  }),

  listPasskeys: route({ method: "GET", path: "/v1/me/passkeys", access: login, response: z.array(Passkey) }),
  offerPasskey: route({
    method: "POST",
    path: "/v1/me/passkeys/options",
    access: login,
    response: PasskeyEnrolment,
  }),
  addPasskey: route({ method: "POST", path: "/v1/me/passkeys", access: login, body: NewPasskey, response: Passkey }),
  removePasskey: route({
    method: "DELETE",
    path: "/v1/me/passkeys/:passkey",
    access: login,
    params: z.strictObject({ passkey: PasskeyId }),
    response: nothing,
  }),
} satisfies Record<string, Route>;
