import { z } from "zod";

import { Time } from "./ids.ts";
import { route, type Route } from "./route.ts";

export const clockRoutes = {
  /** Has the clock of the gateway's box believed from now on, though it showed a later time before. Answers what it shows. */
  confirmClock: route({
    method: "POST",
    path: "/v1/clock/confirmation",
    access: { on: "gateway", action: "admin" },
    browsers: false,
    response: z.strictObject({ now: Time }),
  }),
} satisfies Record<string, Route>;
