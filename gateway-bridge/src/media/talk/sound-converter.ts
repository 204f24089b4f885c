import type { AudioTrack } from "../../domain/track.ts";

/** Turns sound of one codec into another while it comes. */
export interface SoundConverter extends AsyncDisposable {
  /** Takes one piece of sound; the timestamp is in ticks of its own track. Never throws. */
  write(data: Buffer, timestamp: number): void;
}

export interface SoundConversion {
  readonly from: AudioTrack;
  readonly to: AudioTrack;
  /** Given what comes out, with a timestamp in ticks of `to`. */
  readonly sink: (data: Buffer, timestamp: number) => void;
}

/** @throws GatehouseError `transcoder-missing` where it takes one that the box does not have */
export type OpenSoundConverter = (conversion: SoundConversion) => Promise<SoundConverter>;
