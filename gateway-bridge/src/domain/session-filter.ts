import type { Assurance, CameraId, LoginId, Place, PrincipalId } from "@gatehouse/shared";

/** Whom something belongs to, which camera it is about, and how its owner came in. */
export interface SessionOwner {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  /** What is not said is taken for the worst: away, with one factor. */
  readonly place?: Place | undefined;
  readonly assurance?: Assurance | undefined;
  /** Of a person's browser, with which it stands and falls. */
  readonly login?: LoginId | undefined;
  /** The address block that it was asked for from, which has so many places and no more. */
  readonly block?: string | undefined;
}

/** These words of something that has others too. */
export const ownerOf = ({ principal, camera, place, assurance, login, block }: SessionOwner): SessionOwner => ({
  principal,
  camera,
  place,
  assurance,
  login,
  block,
});

/** Some of them; what is left out matches everything. */
export type SessionFilter = Partial<Omit<SessionOwner, "block">>;

export const matchesFilter = (filter: SessionFilter, of: Partial<SessionOwner>): boolean =>
  (filter.principal === undefined || filter.principal === of.principal) &&
  (filter.camera === undefined || filter.camera === of.camera) &&
  (filter.place === undefined || filter.place === (of.place ?? "away")) &&
  (filter.assurance === undefined || filter.assurance === (of.assurance ?? "one")) &&
  (filter.login === undefined || filter.login === of.login);
