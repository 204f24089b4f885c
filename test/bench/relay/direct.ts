import type { TestCertificate } from "@gatehouse/shared/testing";

import type { HomeProcess } from "./home.ts";
import type { DeviceTarget } from "./passage.ts";

/** Straight to the home's side, as at home: what there is without anything in between. */
export const directTargets = async (
  home: HomeProcess,
  tls: TestCertificate,
): Promise<Record<"tcp" | "tls", DeviceTarget>> => ({
  tcp: { kind: "tcp", port: await home.call("listen", {}) },
  tls: { kind: "tls", port: await home.call("listen", { tls }), authority: tls.certificate },
});
