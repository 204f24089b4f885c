/** What a sequence parameter set says of its pictures. */
export interface SequenceParameters {
  /** profile_idc. H.264: 66 baseline, 77 main, 100 high; H.265: 1 main, 2 main 10. */
  readonly profile: number;
  /** H.264's level_idc is ten times the level, H.265's thirty times. */
  readonly level: number;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second as the camera declares them; 0 where it does not. */
  readonly fps: number;
  /**
   * How many pictures can come before one that is shown ahead of them: 0 rules B-frames out. Undefined where the set does not
   * tell.
   */
  readonly reorder: number | undefined;
}

/** More bytes than any valid set has; bounds the work on a hostile one. */
export const maxParameterSet = 1_024;

const maxFps = 300;

/** Of the timing that a parameter set declares; 0 for one that cannot be. */
export const declaredFps = (ticksASecond: number, ticksAPicture: number): number => {
  const fps = ticksAPicture > 0 ? ticksASecond / ticksAPicture : 0;
  return fps <= maxFps ? fps : 0;
};
