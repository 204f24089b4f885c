import { CheckId, Guide } from "@gatehouse/shared";
import { fakeCameraId } from "@gatehouse/shared/testing";
import { expect, it } from "@jest/globals";

import { vendors } from "../probe/probed-camera.ts";
import { withCheckAgain } from "./check-again.ts";
import { guideFor } from "./guide-for.ts";
import { routerGuide } from "./router-guide.ts";

const camera = fakeCameraId("a");
const guided = (vendor: (typeof vendors)[number]) => ({
  host: "192.168.1.20",
  device: new URL("http://192.168.1.20/onvif"),
  identity: { vendor, manufacturer: "Acme", model: "A-1", firmware: "1.10", serial: "S" },
});

it("ends every guide with how it is looked at again, and stays within the contract's form", () => {
  const guides = CheckId.options.flatMap((check) =>
    vendors.flatMap((vendor) => {
      const guide = guideFor(check, guided(vendor));
      return guide === null ? [] : [withCheckAgain(guide, { check, camera })];
    }),
  );
  expect(guides.length).toBeGreaterThan(200);
  expect(guides.filter((guide) => !Guide.safeParse(guide).success)).toEqual([]);
  for (const { steps } of guides)
    expect(steps.at(-1)).toMatch(/^Check again: `gatehouse inspect --camera cam-\w+ --check [A-Z0-9-]+`\.$/);
});

it("looks at the home where it is about that", () => {
  const guide = routerGuide("upnp")({ routerPage: "http://192.168.1.1/" });
  expect(withCheckAgain(guide, { check: "IGD-OPEN", camera: null }).steps.at(-1)).toBe(
    "Check again: `gatehouse inspect --check IGD-OPEN`.",
  );
});
