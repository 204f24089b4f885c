import type { API } from "homebridge";

import { platformName, pluginName } from "./accessory-publisher.ts";
import { GatehousePlatform } from "./platform.ts";

/** Homebridge calls this once. Nothing starts before the platform is configured. */
export default (api: API): void => api.registerPlatform(pluginName, platformName, GatehousePlatform);
