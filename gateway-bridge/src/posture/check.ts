import type {
  CameraId,
  Cancellable,
  CheckId,
  Finding,
  Guide,
  RemedyId,
  RemedyPlane,
  Severity,
} from "@gatehouse/shared";

import type { GuidedCamera } from "./guides/guide-for.ts";
import type { ProbedCamera } from "./probe/probed-camera.ts";
import type { ProbedHome } from "./probe/probed-home.ts";

/** What a look at one thing brought. */
export type Outcome =
  | { readonly kind: "passed"; readonly evidence?: readonly string[] }
  /** @param severity where it is worse, or less bad, than the check says */
  | { readonly kind: "failed"; readonly evidence: readonly string[]; readonly severity?: Severity }
  /** It could not be found out: the camera did not answer, the budget is spent. What was known before still holds. */
  | { readonly kind: "unknown"; readonly why: string }
  /** It shows only once another weakness, which is there, is mended: `why` says so. */
  | { readonly kind: "behind"; readonly why: string }
  /** Such a camera cannot have this weakness. */
  | { readonly kind: "not-applicable"; readonly why: string };

/** A remedy that would help, and whose words it is spoken in. */
export interface RemedyOffer {
  readonly remedy: RemedyId;
  readonly plane: RemedyPlane;
}

/** What is said of a check, whatever it finds. */
export interface CheckFacts {
  readonly id: CheckId;
  readonly severity: Severity;
  /** What is the matter when it failed, in a few words. */
  readonly title: string;
  /** Two sentences on why it matters, for somebody who knows nothing of networks. */
  readonly why: readonly [string, string];
  /** ETSI EN 303 645 V2.1.1, not checked against the text. */
  readonly provision: string;
  readonly ncsc: Finding["ncsc"];
  /** While one of these fails, nobody looks: what it would find follows from them. */
  readonly parents?: readonly CheckId[];
  /** The best first; which of them a camera takes is judged by the remedies themselves. */
  readonly remedies: readonly RemedyOffer[];
}

/** A check of one camera. It speaks to the camera through what it is given, and in no other way. */
export interface CameraCheck extends CheckFacts {
  readonly scope: "camera";
  /** Never throws for what a camera does: GatehouseErrors of probes become `unknown` in the inspector; only the signal's reason passes. */
  readonly look: (camera: ProbedCamera, cancel: Cancellable) => Promise<Outcome>;
  /** What a person does by hand. */
  readonly guide: (camera: GuidedCamera) => Guide | null;
}

/** An outcome about one camera of the home, or about the home itself. */
export type HomeOutcome = Outcome & { readonly camera: CameraId | null };

/** A check of the home: its router, its Wi-Fi, several cameras beside each other. */
export interface HomeCheck extends CheckFacts {
  readonly scope: "home";
  /** One outcome for each camera that it judges, or a single one with `camera` null. */
  readonly look: (home: ProbedHome, cancel: Cancellable) => Promise<readonly HomeOutcome[]>;
  readonly guide: (home: Pick<ProbedHome, "routerPage">) => Guide | null;
}

/** What only the owner can know. */
export interface StatedCheck extends CheckFacts {
  readonly scope: "stated";
  /** What is asked: `Are your cameras in a network of their own?` */
  readonly question: string;
  readonly guide: (home: Pick<ProbedHome, "routerPage">) => Guide | null;
}

export type Check = CameraCheck | HomeCheck | StatedCheck;

export const passed = (...evidence: readonly string[]): Outcome => ({ kind: "passed", evidence });
export const failed = (...evidence: readonly string[]): Outcome => ({ kind: "failed", evidence });
export const unknown = (why: string): Outcome => ({ kind: "unknown", why });
export const behindAnother = (why: string): Outcome => ({ kind: "behind", why });
export const notApplicable = (why: string): Outcome => ({ kind: "not-applicable", why });
