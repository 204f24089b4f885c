import { isGatehouseError, redactUrl, type Clock, type Logger } from "@gatehouse/shared";

import type { ProbeTalk } from "../ports.ts";
import { describeTalk } from "./talk-description.ts";

export interface TalkProbeDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Has a camera describe its way back, and leaves: nothing is set up, so that no bell falls silent. */
export const createTalkProbe =
  ({ clock, log }: TalkProbeDependencies): ProbeTalk =>
  async (endpoint, cancel) => {
    try {
      const { client } = await describeTalk(endpoint, clock, cancel);
      await client[Symbol.asyncDispose]();
      return true;
    } catch (error) {
      if (cancel.signal.aborted || !isGatehouseError(error)) throw error;
      // Some answer nothing to what they do not know: a camera that cannot be asked has no loudspeaker.
      if (error.code !== "talk-unsupported") {
        const { camera, url } = endpoint;
        const { code, message } = error;
        log.info("the camera did not tell whether one can talk through it", {
          camera,
          url: redactUrl(url),
          code,
          message,
        });
      }
      return false;
    }
  };
