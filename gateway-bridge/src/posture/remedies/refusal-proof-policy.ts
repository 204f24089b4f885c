import type { LoginPlane } from "../probe/own-logins.ts";

/** On which planes the camera was told of the new password: one list of users serves the others, too. */
export type ToldPlanes = readonly ("onvif" | "web")[];

/**
 * Where it is shown that the old password is refused: each try is a wrong password to the camera, of which it takes two in 35 minutes. So it
 * is tried once for each list of users, and there where that list shows best: at a plane that was not told, if there is one.
 * @param asking planes that ask for a login at all
 */
export const refusalProofs = (told: ToldPlanes, asking: readonly LoginPlane[]): readonly LoginPlane[] => {
  const first = (...planes: readonly LoginPlane[]): readonly LoginPlane[] =>
    planes.filter((plane) => asking.includes(plane)).slice(0, 1);
  if (told.length === 1) return told[0] === "onvif" ? first("rtsp", "http", "onvif") : first("rtsp", "http");
  return [...first("onvif"), ...first("rtsp", "http")];
};
