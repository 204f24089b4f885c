import type { ProbedCamera } from "../probe/probed-camera.ts";
import { dummyStream, vendorRoutes } from "../rules/vendor-routes.ts";
import { pathOf } from "./ask-rtsp.ts";

/** A path at which a camera may have a stream. */
export interface StreamRoute {
  readonly path: string;
  /** For people: a path of the camera's own may hold its password. */
  readonly name: string;
}

/** Its own, those that its maker's cameras usually have, and one that no camera has: some show a stream there all the same. */
export const streamRoutes = ({ streams, identity }: ProbedCamera): readonly StreamRoute[] => {
  const own = streams.map(({ tier, url }) => ({ path: pathOf(url), name: `The ${tier} stream` }));
  const usual = vendorRoutes(identity.vendor).streams.map((path) => ({ path, name: `The stream ${path}` }));
  const all = [...own, ...usual, { path: dummyStream, name: "A stream with a name that nobody gave it" }];
  return all.filter(({ path }, index) => all.findIndex((other) => other.path === path) === index);
};
