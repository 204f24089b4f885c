import { z } from "zod";

import { Grant } from "./grant.ts";
import { Name, RoleId } from "./ids.ts";

/** Grants under a name, for people to hold together. Nothing but its grants follows from holding one. */
export const Role = z.strictObject({
  id: RoleId,
  name: Name,
  grants: z.array(Grant),
  /** How many hold it. */
  people: z.int().nonnegative(),
});
export type Role = z.infer<typeof Role>;

export const NewRole = z.strictObject({ name: Name, grants: z.array(Grant).max(1_000) });
export type NewRole = z.infer<typeof NewRole>;
