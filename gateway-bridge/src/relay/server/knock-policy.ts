/** What is known of a device that has shown its proof. Whatever could not be found out is the answer that keeps it out. */
export interface Knock {
  /** Its gateway is connected here and names the key in the set that is in force. */
  readonly admitted: boolean;
  /** The key signed this relay's challenge of this very connection, for this gateway. */
  readonly signed: boolean;
  /** It said more than it was asked. */
  readonly outOfTurn: boolean;
  readonly draining: boolean;
}

/** `busy` is found out only afterwards, by asking for a place. */
export type KnockVerdict = "open" | "refused" | "draining" | "busy";

/** Strangers hear one answer, whatever was wrong; how the relay is only those hear who may come in. */
export const judgeKnock = ({ admitted, signed, outOfTurn, draining }: Knock): Exclude<KnockVerdict, "busy"> => {
  if (!admitted || !signed || outOfTurn) return "refused";
  return draining ? "draining" : "open";
};
