import { notApplicable, unknown, type Outcome } from "../check.ts";
import type { OptionalReply } from "./ask-network.ts";

/** What is said of a check whose one question brought no answer. @param lacking said where the camera does not know the question */
export const notAnswered = (reply: Exclude<OptionalReply<unknown>, { kind: "answer" }>, lacking: string): Outcome => {
  switch (reply.kind) {
    case "unsupported":
      return notApplicable(lacking);
    case "refused":
      return unknown("The camera does not tell this to the gateway's login.");
    case "fault":
      return unknown(reply.why);
  }
};
