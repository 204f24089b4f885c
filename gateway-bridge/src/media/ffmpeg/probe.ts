/** What an ffmpeg can do, as far as it matters here. */
export interface FfmpegAbility {
  /** As it calls itself: `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** The encoders of those that are used here. */
  readonly encoders: ReadonlySet<string>;
}

export const usedEncoders = ["libopus", "aac", "libx264", "h264_vaapi", "h264_v4l2m2m", "mjpeg"] as const;
export type UsedEncoder = (typeof usedEncoders)[number];

const longestVersion = 60;

/** Reads what `ffmpeg -version` and `ffmpeg -encoders` print. Undefined where it is no ffmpeg. */
export const readAbility = (version: string, encoders: string): FfmpegAbility | undefined => {
  const name = /^ffmpeg version (\S+)/m.exec(version)?.[1]?.slice(0, longestVersion);
  if (name === undefined) return undefined;
  const listed = new Set([...encoders.matchAll(/^ [A-Z.]{6} (\w+)/gm)].map(([, encoder]) => encoder));
  return { version: name, encoders: new Set(usedEncoders.filter((encoder) => listed.has(encoder))) };
};

/** `-fps_mode` came with 5.1 and its forerunner goes away later. Versions without a number are built from today's code. */
export const frameTimingOption = (version: string): "-fps_mode" | "-vsync" => {
  const [, major = "9", minor = "0"] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 1) ? "-fps_mode" : "-vsync";
};
