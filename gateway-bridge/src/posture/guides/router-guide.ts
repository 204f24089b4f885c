import type { Guide } from "@gatehouse/shared";

import type { ProbedHome } from "../probe/probed-home.ts";

const signIn = "Open your router's page and sign in; its address and password are often printed on its back.";
const steps = {
  forwardings: [
    signIn,
    "Look for Port forwarding, Port mapping, Virtual server or Permit access, and remove what leads to a camera.",
    "Look for DMZ or Exposed host, and switch it off.",
    "Then switch UPnP off, in the camera and in the router, so that the camera cannot have it opened again.",
  ],
  upnp: [
    signIn,
    "Look for UPnP, NAT-PMP or PCP; some call it Allow automatic port forwarding.",
    "Switch it off for the whole home, or, where the router knows that, for each camera.",
    "Some game consoles ask for it: give such a one a forwarding of its own, by hand.",
  ],
  ipv6: [
    signIn,
    "Look for the firewall under IPv6, and see that it is on and that nothing is let in to the cameras.",
    "Where cameras need no IPv6, switch it off in the camera.",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What a person does by hand at the home's router. */
export const routerGuide =
  (topic: keyof typeof steps) =>
  ({ routerPage }: Pick<ProbedHome, "routerPage">): Guide => ({ page: routerPage, steps: [...steps[topic]] });
