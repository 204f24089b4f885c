/** Ways into a camera that were found open for strangers, by names that tell them apart: `port 23`. */
export interface OpenDoors {
  /** Before anything was changed; undefined where nobody knows. */
  readonly before: readonly string[] | undefined;
  readonly now: readonly string[];
}

export type DoorsVerdict =
  | { readonly kind: "shut" }
  /** Some are shut that were open; those that are left were open before, so they hang on another switch. */
  | { readonly kind: "partly"; readonly shut: readonly string[]; readonly left: readonly string[] }
  /** Nothing was achieved, or one is open now that was not. */
  | { readonly kind: "open"; readonly left: readonly string[] };

/**
 * What a switch did that should shut every door. One that shut some is not taken back on account of others that it never had to do with: that
 * would open again what is shut. One that shut none did nothing, whatever the camera says.
 */
export const judgeDoors = ({ before, now }: OpenDoors): DoorsVerdict => {
  if (now.length === 0) return { kind: "shut" };
  const shut = (before ?? []).filter((door) => !now.includes(door));
  const isNew = now.some((door) => before?.includes(door) !== true);
  return shut.length === 0 || isNew ? { kind: "open", left: now } : { kind: "partly", shut, left: now };
};
