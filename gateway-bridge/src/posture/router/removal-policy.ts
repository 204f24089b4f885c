import type { RouterMapping } from "@gatehouse/shared";

import { igdErrors, type IgdRefusal } from "../../protocols/igd/igd-actions.ts";

/** What came of having a mapping removed. */
export type Removal =
  /** It is in no list of the router's any more. */
  | { readonly kind: "gone" }
  /** It points elsewhere than it did when it was looked at: somebody else's now, and not touched. */
  | { readonly kind: "changed" }
  | { readonly kind: "kept"; readonly why: string; readonly next: string };

export interface RemovalFacts {
  readonly mapping: RouterMapping;
  /** The router's own page; null where none is known. */
  readonly page: string | null;
  /** Its refusal; undefined where it said yes, and holds the mapping all the same. */
  readonly refusal: IgdRefusal | undefined;
  /** Whether it told all that it holds afterwards. */
  readonly told: boolean;
}

/** Why a router keeps a mapping, and what gets rid of it then. */
export const explainKept = ({ mapping, page, refusal, told }: RemovalFacts): Extract<Removal, { kind: "kept" }> => ({
  kind: "kept",
  why: whyKept(refusal, told),
  next: nextStep(mapping, page),
});

const whyKept = (refusal: IgdRefusal | undefined, told: boolean): string => {
  if (refusal === undefined && !told)
    return "The router said yes, but does not tell all that it holds, so nobody knows whether it is gone.";
  if (refusal === undefined)
    return "The router said yes, but keeps it: the camera may have asked for it again, or somebody set it up at the router.";
  if (refusal.code === igdErrors.notAuthorized) {
    return "The router lets each device remove its own port forwardings only, and this one is the camera's (error 606).";
  }
  const words = refusal.words === "" ? "" : `: ${refusal.words}`;
  return `The router refused (error ${refusal.code}${words}).`;
};

/** What is asked for by the camera is asked for again: so that is ended first, wherever it can be. */
const nextStep = ({ lease }: RouterMapping, page: string | null): string => {
  const where = page === null ? "at the router's own page" : `at the router's own page (${page})`;
  const off = "Switch UPnP off in the camera and restart it, so that it asks no more";
  return lease > 0
    ? `${off}. Then the forwarding ends by itself within ${inWords(lease)}; remove it ${where} to have it gone now.`
    : `${off}. Then remove the forwarding ${where}: it has no end of its own.`;
};

const inWords = (seconds: number): string => {
  if (seconds < 90) return `${seconds} seconds`;
  if (seconds < 90 * 60) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds < 48 * 3_600 ? `${Math.ceil(seconds / 3_600)} hours` : `${Math.ceil(seconds / 86_400)} days`;
};
