/** A camera's refusal of one SOAP request because of who asked. */
export interface LoginRefusal {
  readonly hasCredentials: boolean;
  /** Whether the request went through TLS with a pinned key. */
  readonly secure: boolean;
  /** Whether this camera has ever taken an HTTP login, in this exchange or an earlier one. */
  readonly speaksHttpLogin: boolean;
  /** Whether the refused request carried a UsernameToken. */
  readonly tokenSent: boolean;
  /** Whether the camera's clock has been measured anew since the refusal, and whether it had moved. */
  readonly clock: "not-measured" | "unmoved" | "moved";
}

/**
 * What to do next.
 *
 * HTTP Digest comes first: the HTTP client has answered every challenge before this is asked. A UsernameToken follows
 * only where the camera refused by a SOAP fault, so where it does no HTTP login at all; it proves the password by SHA-1 alone
 * and an eavesdropper can guess at it, so a camera that speaks Digest gets it within TLS only (there it may want both).
 * A refused token is sent once more only if it was made by a clock that is now known to be wrong, as after a reboot: then
 * the camera has judged its time, not its password.
 */
export type LoginDecision =
  | { readonly kind: "send-token" }
  | { readonly kind: "measure-clock" }
  /** The account may not do this, or the camera wants a weaker login than it used to take. The password itself was right. */
  | { readonly kind: "not-permitted" }
  | { readonly kind: "wrong-credentials" }
  | { readonly kind: "missing-credentials" };

export const decideLogin = (refusal: LoginRefusal): LoginDecision => {
  if (!refusal.hasCredentials) return { kind: "missing-credentials" };
  if (refusal.tokenSent) {
    if (refusal.clock === "not-measured") return { kind: "measure-clock" };
    if (refusal.clock === "moved") return { kind: "send-token" };
    return refusal.speaksHttpLogin ? { kind: "not-permitted" } : { kind: "wrong-credentials" };
  }
  if (refusal.speaksHttpLogin && !refusal.secure) return { kind: "not-permitted" };
  return { kind: "send-token" };
};
