import type { Clock } from "@gatehouse/shared";

import { stepUpNeeded } from "../access/people/enrolment-refusals.ts";
import type { DevicePairing } from "../access/remote/device-pairing.ts";
import type { RemoteAccess } from "../access/remote/remote-access.ts";
import { unknownDevice, type RemoteDevices } from "../access/remote/remote-devices.ts";
import type { Handlers } from "../api/handlers.ts";
import { hasSteppedUp, type LiveLogin } from "../domain/login-policy.ts";

export interface RemoteParts {
  readonly remote: RemoteAccess;
  readonly remoteDevices: RemoteDevices;
  readonly devicePairing: DevicePairing;
  readonly clock: Clock;
}

type SwitchRoutes = "remote" | "switchRemote" | "enrolAtRelay" | "leaveRelay" | "rotateRemoteKeys" | "panic";
type DeviceRoutes = "offerDevice" | "pairDevice" | "listDevices" | "revokeDevice" | "wayHome";
type OwnDeviceRoutes = "listOwnDevices" | "offerOwnDevice" | "revokeOwnDevice";

/** Whether anybody may come from away, and who. */
export const remoteHandlers = (parts: RemoteParts): Pick<Handlers, SwitchRoutes | DeviceRoutes | OwnDeviceRoutes> => ({
  ...switches(parts),
  ...devices(parts),
  ...ownDevices(parts),
});

const switches = ({ remote }: RemoteParts): Pick<Handlers, SwitchRoutes> => ({
  remote: async () => remote.state,
  switchRemote: async ({ principal, body }) => {
    remote.switch(body.enabled, principal.id);
    return remote.state;
  },
  enrolAtRelay: async ({ principal, body, signal }) => {
    await remote.enrol(body.invite, principal.id, { signal });
    return remote.state;
  },
  leaveRelay: async ({ principal }) => {
    remote.leave(principal.id);
    return remote.state;
  },
  rotateRemoteKeys: async ({ principal }) => {
    remote.rotate(principal.id);
    return remote.state;
  },
  panic: async ({ principal }) => {
    remote.panic(principal.id);
    return remote.state;
  },
});

const devices = ({ remote, remoteDevices, devicePairing }: RemoteParts): Pick<Handlers, DeviceRoutes> => ({
  offerDevice: async ({ body }) => devicePairing.offer(body),
  pairDevice: ({ body, peer, signal }) => devicePairing.redeem(body, { peer, signal }),
  listDevices: async () => remoteDevices.list(),
  revokeDevice: async ({ principal, params }) => {
    remoteDevices.revoke(params.device, { by: principal.id, why: "by itself" });
    return {};
  },
  wayHome: async () => remote.wayHome,
});

const ownDevices = (parts: RemoteParts): Pick<Handlers, OwnDeviceRoutes> => {
  const { remoteDevices, devicePairing } = parts;
  return {
    listOwnDevices: async ({ principal }) => remoteDevices.list(principal.id),
    offerOwnDevice: async ({ principal, login, body }) => {
      insistOnStepUp(parts, login);
      return devicePairing.offer({ person: principal.id, name: body.name });
    },
    revokeOwnDevice: async ({ principal, login, params }) => {
      insistOnStepUp(parts, login);
      if (!remoteDevices.list(principal.id).some(({ id }) => id === params.device)) throw unknownDevice();
      remoteDevices.revoke(params.device, { by: principal.id, why: "by its person" });
      return {};
    },
  };
};

const insistOnStepUp = ({ clock }: RemoteParts, login: LiveLogin): void => {
  if (!hasSteppedUp(login, clock.now())) throw stepUpNeeded();
};
