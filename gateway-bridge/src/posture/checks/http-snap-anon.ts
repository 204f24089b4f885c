import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { vendorRoutes } from "../rules/vendor-routes.ts";

export const httpSnapAnon: CameraCheck = {
  id: "HTTP-SNAP-ANON",
  scope: "camera",
  severity: "critical",
  title: "Anybody can take pictures with it",
  why: [
    "The camera gives a picture of what it sees now to whoever asks its web page for it, without a password.",
    "Anybody in your network, and any hacked device in it, can watch picture by picture.",
  ],
  provision: "5.5-4",
  ncsc: null,
  remedies: [{ remedy: "onvif-login", plane: "vendor" }],
  guide: (camera) => guideFor("HTTP-SNAP-ANON", camera),
  look: async (camera, cancel) => {
    const tried = await Promise.all(addressesOf(camera).map((address) => askFor(camera, address, cancel)));
    const open = tried.find(({ outcome }) => outcome === "picture");
    if (open !== undefined) return failed(`${open.name} is given without a login.`);
    if (tried.some(({ outcome }) => outcome === "refused")) return passed("It asks for a login.");
    if (tried.some(({ outcome }) => outcome === "none")) return passed("It gave no picture.");
    return tried.length === 0 ? notApplicable("It has no web page.") : unknown("Its web page did not answer.");
  },
};

interface PictureAddress {
  readonly path: string;
  /** Undefined for the page's own. */
  readonly at: { readonly port: number; readonly secure: boolean } | undefined;
  /** For people: an address of the camera's own may hold its password. */
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

type Outcome = "picture" | "refused" | "none" | "silent";

const askFor = async (
  camera: ProbedCamera,
  { path, at, name }: PictureAddress,
  cancel: Cancellable,
): Promise<{ readonly name: string; readonly outcome: Outcome }> => {
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
