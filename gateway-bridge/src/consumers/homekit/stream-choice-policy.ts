import type { StreamState } from "../../media/stream.ts";

/** Watches and distant phones ask for less than this many pixels across, over links that a full picture would choke. */
const smallWidth = 640;

export interface StreamChoice {
  /** Pixels across that the viewer shows. */
  readonly width: number;
  /** The tier that suits the width. */
  readonly wanted: StreamState["kind"];
  /** The tier that the session was prepared with, when the width was not known. */
  readonly prepared: StreamState["kind"];
}

/** Which stream a viewer starts with: a picture at once matters more than one of the right size, except to small viewers. */
export const chooseStream = ({ width, wanted, prepared }: StreamChoice): "wanted" | "prepared" => {
  if (wanted === "live") return "wanted";
  if (wanted === "offline") return "prepared";
  return prepared !== "live" || width < smallWidth ? "wanted" : "prepared";
};
