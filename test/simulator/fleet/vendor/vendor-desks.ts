import type { CameraCore } from "../camera-core.ts";
import { DahuaDesk } from "./dahua-cgi.ts";
import { IsapiDesk } from "./isapi.ts";
import { ReolinkDesk } from "./reolink-api.ts";
import { VapixDesk } from "./vapix.ts";
import type { VendorDesk } from "./vendor-desk.ts";

const desks = new WeakMap<CameraCore, VendorDesk>();

/** One for all of a camera's ports; undefined where nothing can be read or switched by such a vendor's words. */
export const vendorDesk = (core: CameraCore): VendorDesk | undefined => {
  const desk = desks.get(core) ?? openDesk(core);
  if (desk !== undefined) desks.set(core, desk);
  return desk;
};

const openDesk = (core: CameraCore): VendorDesk | undefined => {
  switch (core.face.vendorApi) {
    case "isapi":
      return new IsapiDesk(core);
    case "cgi":
      return new DahuaDesk(core);
    case "json":
      return new ReolinkDesk(core);
    case "vapix":
      return new VapixDesk(core);
    case undefined:
      return undefined;
  }
};
