import type { Cancellable } from "@gatehouse/shared";

import type { WebPage } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { openPorts } from "./open-ports.ts";
import { tlsWebDoors, webPortsOf } from "./web-doors.ts";

/** Where a person opens the camera's page: within TLS where it has that, at the usual port where that is open. Undefined where nothing is. */
export const findPage = async (camera: ProbedCamera, cancel: Cancellable): Promise<WebPage | undefined> => {
  const within = (await tlsWebDoors(camera, cancel)).filter(({ modern }) => modern !== undefined);
  const secure = usualOrFirst(within, 443);
  if (secure !== undefined) return { secure: true, port: secure };
  const { http } = await webPortsOf(camera, cancel);
  const clear = usualOrFirst(await openPorts(camera, http, cancel), 80);
  return clear === undefined ? undefined : { secure: false, port: clear };
};

const usualOrFirst = (doors: readonly { readonly port: number }[], usual: number): number | undefined =>
  (doors.find(({ port }) => port === usual) ?? doors[0])?.port;
