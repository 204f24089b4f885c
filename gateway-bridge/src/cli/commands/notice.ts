import { GatehouseError, NoticeId, type Notice } from "@gatehouse/shared";

import type { Command } from "../command.ts";

/** Shows notices to people, newest first. */
export const noticesText = (notices: readonly Notice[]): string =>
  notices.length === 0
    ? "Nothing to tell."
    : notices
        .map(({ id, person, text, remedy, last, count }) => {
          const often = count === 1 ? "" : `, ${count} times`;
          const whom = person === null ? "" : `, for ${person} alone`;
          return `${new Date(last).toISOString()}${often}${whom} (${id})\n  ${text}\n  ${remedy}`;
        })
        .join("\n");

export const noticeListCommand: Command = {
  path: ["notice", "list"],
  summary: "what the gateway has to tell its people, newest first",
  operands: [],
  options: {},
  examples: ["gatehouse notice list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const notices = await gateway.call("listNotices", {}, { signal });
    return { json: notices, text: noticesText(notices) };
  },
};

export const noticeDismissCommand: Command = {
  path: ["notice", "dismiss"],
  summary: "take one of them off the list",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse notice dismiss note-abcdefghijklmnop"],
  run: async ({ positionals: [text] }, { client, signal }) => {
    const notice = NoticeId.safeParse(text);
    if (!notice.success) {
      throw new GatehouseError("request-invalid", "That is no notice's id.", {
        remedy: "`gatehouse notice list` shows the ids.",
      });
    }
    await using gateway = await client();
    await gateway.call("dismissNotice", { params: { notice: notice.data } }, { signal });
    return { json: { dismissed: notice.data }, text: `Dismissed ${notice.data}. It comes back if it happens again.` };
  },
};
