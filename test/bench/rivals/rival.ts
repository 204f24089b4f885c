import type { FarmCamera } from "../camera-farm/farm.ts";

/** Viewers that another program serves. */
export interface RivalViewers extends AsyncDisposable {
  /** The processes that do the work, without their children. */
  readonly pids: readonly number[];
  /** Throws when a viewer is no longer served: what was measured would be less than it seems. */
  check(): Promise<void>;
}

/** Another program that serves viewers of a camera, for comparison. */
export interface Rival {
  readonly name: string;
  version(): Promise<string>;
  /** Why it cannot run on this machine. */
  missing(): string | undefined;
  /** Serves so many viewers; resolves when media has come to each. */
  serve(camera: FarmCamera, viewers: number): Promise<RivalViewers>;
}
