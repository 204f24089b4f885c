/** Whether to go where a camera points: only ever to the camera itself, never to less protection. */
export type RedirectDecision =
  | { readonly kind: "follow"; readonly url: URL }
  | { readonly kind: "foreign"; readonly host: string }
  /** The camera wants TLS, and nobody has confirmed its key yet. */
  | { readonly kind: "needs-pin"; readonly url: URL }
  | { readonly kind: "downgrade" }
  | { readonly kind: "malformed" };

export interface Redirect {
  readonly from: URL;
  readonly location: string | undefined;
  /** Whether a key of the camera is pinned. */
  readonly pinned: boolean;
}

export const decideRedirect = ({ from, location, pinned }: Redirect): RedirectDecision => {
  if (location === undefined || location.length > 2_048 || !URL.canParse(location, from.href))
    return { kind: "malformed" };
  const url = new URL(location, from);
  if (url.protocol !== "http:" && url.protocol !== "https:") return { kind: "malformed" };
  if (url.hostname !== from.hostname) return { kind: "foreign", host: url.host };
  if (url.protocol === "https:" && !pinned) return { kind: "needs-pin", url };
  if (url.protocol === "http:" && from.protocol === "https:") return { kind: "downgrade" };
  url.username = "";
  url.password = "";
  return { kind: "follow", url };
};
