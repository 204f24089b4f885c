import type { Handlers } from "../api/handlers.ts";
import type { GatewayOptions } from "../door.ts";
import { readUpdateState } from "../update/update-state.ts";
import { supportedUntil, version } from "../version.ts";

export const updateHandlers = ({ release }: Pick<GatewayOptions, "release">): Pick<Handlers, "updateState"> => ({
  updateState: () => readUpdateState({ current: version, supportedUntil }, release),
});
