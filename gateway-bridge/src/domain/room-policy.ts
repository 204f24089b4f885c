import { GatehouseError, type LoginId, type PrincipalId } from "@gatehouse/shared";

/** Who takes a place. */
export interface Occupant {
  readonly principal: PrincipalId;
  /** Of a person's browser. */
  readonly login?: LoginId | undefined;
  /** The address block that it comes from. */
  readonly block?: string | undefined;
}

/** How many places there are; what is left out has no bound of its own. */
export interface RoomLimits {
  readonly total: number;
  readonly perBlock?: number;
  readonly perPrincipal?: number;
  readonly perLogin?: number;
}

/** What is full, and how many are there. */
export interface Fullness {
  readonly of: "login" | "principal" | "block" | "total";
  readonly taken: number;
}

const bounds = { login: "perLogin", principal: "perPrincipal", block: "perBlock" } as const;

/** What has no room for one more; the narrowest first, because that is what its owner can better. Undefined where there is room. */
export const judgeRoom = (taken: readonly Occupant[], newcomer: Occupant, limits: RoomLimits): Fullness | undefined => {
  for (const key of ["login", "principal", "block"] as const) {
    const own = newcomer[key];
    const count = own === undefined ? 0 : taken.filter((each) => each[key] === own).length;
    if (count >= (limits[bounds[key]] ?? Infinity)) return { of: key, taken: count };
  }
  return taken.length >= limits.total ? { of: "total", taken: taken.length } : undefined;
};

/**
 * @param what takes places, in the plural
 * @throws GatehouseError `too-many-sessions`, which says whose are too many
 */
export const assertRoom = (
  what: string,
  { taken, newcomer, limits }: { taken: readonly Occupant[]; newcomer: Occupant; limits: RoomLimits },
): void => {
  const full = judgeRoom(taken, newcomer, limits);
  if (full === undefined) return;
  const whose = { login: "this browser", principal: "this client", block: "this address", total: "the gateway" }[
    full.of
  ];
  throw new GatehouseError("too-many-sessions", `${whose} has ${full.taken} ${what} already, and no more are allowed`);
};
