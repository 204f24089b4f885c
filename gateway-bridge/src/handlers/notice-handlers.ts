import { GatehouseError, type NoticeId } from "@gatehouse/shared";

import type { NoticeReader, Notices } from "../access/notices.ts";
import type { People } from "../access/people/people.ts";
import type { Handlers } from "../api/handlers.ts";
import { isEnrolling, type LiveLogin } from "../domain/login-policy.ts";

interface NoticeParts {
  readonly notices: Notices;
  readonly people: Pick<People, "mayGovern">;
}

type NoticeRoutes = "dismissOwnNotice" | "listNotices" | "dismissNotice";

/** What people are told. */
export const noticeHandlers = (parts: NoticeParts): Pick<Handlers, NoticeRoutes> => {
  const { notices } = parts;
  const dismiss = (id: NoticeId, reader?: NoticeReader): Record<string, never> => {
    if (notices.dismiss(id, reader)) return {};
    throw new GatehouseError("not-found", "there is no such notice, or somebody dismissed it");
  };
  return {
    dismissOwnNotice: async ({ login, params }) => dismiss(params.notice, readerOf(parts, login)),
    listNotices: async () => notices.list(),
    dismissNotice: async ({ params }) => dismiss(params.notice),
  };
};

/** What a login lets somebody read. What concerns the gateway is for whoever could change something about it. */
export const readerOf = (
  { people }: Pick<NoticeParts, "people">,
  { principal, assurance }: Pick<LiveLogin, "principal" | "assurance">,
): NoticeReader => ({ person: principal, governs: assurance === "two" && people.mayGovern(principal) });

/** Whoever has shown no factor yet may be anybody who found the code. */
export const noticesFor = (
  parts: NoticeParts,
  login: Pick<LiveLogin, "principal" | "assurance" | "factors">,
): ReturnType<Notices["of"]> => (isEnrolling(login.factors) ? [] : parts.notices.of(readerOf(parts, login)));
