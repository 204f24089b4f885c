import { readFile } from "node:fs/promises";

import { framesPerSecond } from "./clip.ts";
import type { LiveFeed } from "./live-feed.ts";
import { stampJpeg } from "./stamp.ts";

/** Takes stamped stills: two pictures of the scene, which change every second. */
export const loadSnapshots = async (camera: string, feed: LiveFeed): Promise<() => Buffer> => {
  const stills = await Promise.all([1, 2].map((n) => readFile(new URL(`clip/still-${n}.jpg`, import.meta.url))));
  return () => {
    const { frame } = feed;
    const still = stills[Math.floor(frame / framesPerSecond) % stills.length]!;
    return stampJpeg(still, { camera, plane: "snapshot", frame, sentAt: Date.now() });
  };
};
