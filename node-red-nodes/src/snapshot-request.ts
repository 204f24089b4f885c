import { GatehouseError } from "@gatehouse/shared";

import type { Message } from "./red.ts";

export interface SnapshotConfig {
  /** A camera's id or name; empty where the message names it. */
  readonly camera?: string;
  readonly width?: string | number;
}

export interface SnapshotRequest {
  readonly camera: string;
  readonly size: { readonly width?: number };
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** What to ask for: every field of the editor can be overridden by the message (`msg.camera`, `msg.width`). */
export const snapshotRequest = (config: SnapshotConfig, message: Message): SnapshotRequest => {
  const camera = text(message["camera"]) ?? text(config.camera);
  if (camera === undefined) {
    throw new GatehouseError("request-invalid", "No camera is named.", {
      remedy: "Choose one in the node, or set msg.camera to its id or name.",
    });
  }
  const width = Number(message["width"] ?? config.width);
  return { camera, size: Number.isSafeInteger(width) && width > 0 ? { width } : {} };
};
