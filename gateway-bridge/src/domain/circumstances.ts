import type { Assurance, Place } from "@gatehouse/shared";

/** How somebody came in. */
export interface Standing {
  readonly place: Place;
  readonly assurance: Assurance;
}

/** In what circumstances somebody asks. */
export interface Circumstances extends Standing {
  /** By Clock.now(). */
  readonly now: number;
}
