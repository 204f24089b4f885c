import type { CameraId, PrincipalId } from "@gatehouse/shared";

/** Whom something belongs to, and which camera it is about. */
export interface SessionOwner {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
}

/** Some of them; what is left out matches everything. */
export type SessionFilter = Partial<SessionOwner>;

export const matchesFilter = (filter: SessionFilter, of: Partial<SessionOwner>): boolean =>
  (filter.principal === undefined || filter.principal === of.principal) &&
  (filter.camera === undefined || filter.camera === of.camera);
