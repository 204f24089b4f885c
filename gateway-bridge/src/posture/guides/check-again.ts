import type { CameraId, CheckId, Guide } from "@gatehouse/shared";

/** The steps, and after them how it is looked at again: whoever did them by hand sees there whether they helped. */
export const withCheckAgain = (
  { page, steps }: Guide,
  { check, camera }: { readonly check: CheckId; readonly camera: CameraId | null },
): Guide => {
  const at = camera === null ? "" : ` --camera ${camera}`;
  return { page, steps: [...steps, `Check again: \`gatehouse inspect${at} --check ${check}\`.`] };
};
