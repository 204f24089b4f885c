import { z } from "zod";

import { NoticeId } from "./ids.ts";
import { Notice } from "./notice.ts";
import { nothing, route, type Route } from "./route.ts";

const oneNotice = z.strictObject({ notice: NoticeId });
const admin = { on: "gateway", action: "admin" } as const;

/** What people are told. Their own notices, and those of the gateway where they govern it, come with `me`. */
export const noticeRoutes = {
  dismissOwnNotice: route({
    method: "DELETE",
    path: "/v1/me/notices/:notice",
    access: { on: "login" },
    params: oneNotice,
    response: nothing,
  }),
  /** Everybody's, newest first. */
  listNotices: route({ method: "GET", path: "/v1/notices", access: admin, response: z.array(Notice) }),
  dismissNotice: route({
    method: "DELETE",
    path: "/v1/notices/:notice",
    access: admin,
    params: oneNotice,
    response: nothing,
  }),
} satisfies Record<string, Route>;
