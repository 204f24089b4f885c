import { CameraId, type Camera, type Cancellable, type GatewayClient } from "@gatehouse/shared";

import { refuse } from "./grant-options.ts";

/** The camera of that id or name. @throws GatehouseError `request-invalid` where there is none, or two of that name */
export const findCamera = async (gateway: GatewayClient, text: string, cancel: Cancellable): Promise<Camera> => {
  const cameras = await gateway.call("listCameras", {}, cancel);
  const id = CameraId.safeParse(text);
  const found = cameras.filter((camera) => (id.success ? camera.id === id.data : camera.name === text));
  const [camera] = found;
  if (camera === undefined) throw refuse(`There is no camera \`${text}\`.`, "`gatehouse camera list` shows them.");
  if (found.length > 1) throw refuse(`There are ${found.length} cameras called \`${text}\`.`, "Give the id instead.");
  return camera;
};
