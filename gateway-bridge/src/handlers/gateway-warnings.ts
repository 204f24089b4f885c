import type { GatewayWarning } from "@gatehouse/shared";

import { noticeRemedies } from "../access/notice-text.ts";
import type { Door } from "../door.ts";

/** What is wrong with the gateway itself at this moment. */
export const gatewayWarnings = ({
  clockSense,
  certificates,
}: Pick<Door, "clockSense" | "certificates">): GatewayWarning[] => {
  const until = clockSense.behindUntil;
  const clock: GatewayWarning[] =
    until === undefined
      ? []
      : [
          {
            code: "clock-wrong",
            message: `the clock is behind: codes of authenticators are refused until it shows ${new Date(until).toISOString()}`,
            remedy: noticeRemedies["clock-wrong"],
          },
        ];
  return [...clock, ...certificates.warnings];
};
