import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { ProbedCamera } from "../probe/probed-camera.ts";
import { vendorRoutes } from "../rules/vendor-routes.ts";

/** What whoever has no login gets at an address of a picture. */
export type PictureOutcome = "picture" | "refused" | "none" | "silent";

export interface TriedPicture {
  /** For people: an address of the camera's own may hold its password. */
  readonly name: string;
  readonly outcome: PictureOutcome;
}

/** Asks for a picture without a login, wherever such a camera has one. */
export const askForPictures = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly TriedPicture[]> =>
  await Promise.all(addressesOf(camera).map((address) => askFor(camera, address, cancel)));

interface PictureAddress {
  readonly path: string;
  /** Undefined for the page's own. */
  readonly at: { readonly port: number; readonly secure: boolean } | undefined;
  readonly name: string;
}

const addressesOf = ({ kind, snapshot, identity }: ProbedCamera): readonly PictureAddress[] => {
  const own: PictureAddress[] =
    snapshot === undefined
      ? []
      : [{ path: `${snapshot.pathname}${snapshot.search}`, at: placeOf(snapshot), name: "Its picture" }];
  // The pages of a camera that is known by its stream alone are wherever its maker puts them.
  const at = kind === "rtsp" ? { port: 80, secure: false } : undefined;
  const usual = vendorRoutes(identity.vendor).pictures.map((path) => ({ path, at, name: `The picture ${path}` }));
  return [...own, ...usual.filter(({ path }) => path !== own[0]?.path)];
};

const placeOf = ({ port, protocol }: URL): PictureAddress["at"] => {
  const secure = protocol === "https:";
  return { port: port === "" ? (secure ? 443 : 80) : Number(port), secure };
};

const askFor = async (
  camera: ProbedCamera,
  { path, at, name }: PictureAddress,
  cancel: Cancellable,
): Promise<TriedPicture> => {
  try {
    const { status, body } = await camera.http.request({ method: "GET", path, ...at }, { kind: "nobody" }, cancel);
    if (status === 401 || status === 403) return { name, outcome: "refused" };
    return { name, outcome: status === 200 && isPicture(body) ? "picture" : "none" };
  } catch (error) {
    if (isGatehouseError(error) && error.code === "camera-unreachable") return { name, outcome: "silent" };
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") {
      // Pictures without end are pictures, too.
      return { name, outcome: error.details["endless"] === true ? "picture" : "none" };
    }
    throw error;
  }
};

/** By its first bytes: a login page may well say that it is a JPEG. */
const isPicture = (body: Buffer): boolean =>
  ["ffd8ff", "89504e47"].some((magic) => body.subarray(0, 4).toString("hex").startsWith(magic));
