import type { CameraCheck, Outcome } from "../../check.ts";
import { scriptedCamera, type CameraScript } from "./scripted-camera.ts";

/** What a check finds at a camera that does as the script says. */
export const lookAt = (check: CameraCheck, script: CameraScript = {}): Promise<Outcome> =>
  check.look(scriptedCamera(script), { signal: new AbortController().signal });

/** A row of a test's table: what is the case, what the camera does, what is found. */
export type Case = readonly [name: string, script: CameraScript, kind: Outcome["kind"]];
