import { z } from "zod";

import { DeviceId } from "../relay/names.ts";
import { PairingOffer } from "./pairing.ts";
import {
  EnrolAtRelay,
  OfferDevice,
  OfferOwnDevice,
  PairDevice,
  PairedDevice,
  RemoteDevice,
  RemoteState,
  SwitchRemote,
  WayHome,
} from "./remote.ts";
import { nothing, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;
const oneDevice = z.strictObject({ device: DeviceId });

/** Access from away, through a relay. */
export const remoteRoutes = {
  remote: route({ method: "GET", path: "/v1/remote", access: admin, response: RemoteState }),
  switchRemote: route({ method: "PUT", path: "/v1/remote", access: admin, body: SwitchRemote, response: RemoteState }),
  enrolAtRelay: route({
    method: "POST",
    path: "/v1/remote/relay",
    access: admin,
    body: EnrolAtRelay,
    response: RemoteState,
  }),
  /** Remote access is off then, and the key that the relay knew is gone. */
  leaveRelay: route({ method: "DELETE", path: "/v1/remote/relay", access: admin, response: RemoteState }),
  /** New keys, one after the other, without a device noticing. */
  rotateRemoteKeys: route({ method: "POST", path: "/v1/remote/keys", access: admin, response: RemoteState }),
  /** New keys at once, every device dropped, everything that flows away from home ended; off until it is switched on again. */
  panic: route({ method: "POST", path: "/v1/remote/panic", access: admin, response: RemoteState }),

  offerDevice: route({
    method: "POST",
    path: "/v1/remote/device-offers",
    access: admin,
    body: OfferDevice,
    response: PairingOffer,
  }),
  pairDevice: route({
    method: "POST",
    path: "/v1/remote/devices",
    access: { on: "pairing" },
    body: PairDevice,
    response: PairedDevice,
  }),
  listDevices: route({ method: "GET", path: "/v1/remote/devices", access: admin, response: z.array(RemoteDevice) }),
  revokeDevice: route({
    method: "DELETE",
    path: "/v1/remote/devices/:device",
    access: admin,
    params: oneDevice,
    response: nothing,
  }),

  /** What a person does about devices of its own; to pair or to revoke one takes a step-up. */
  listOwnDevices: route({
    method: "GET",
    path: "/v1/me/remote-devices",
    access: { on: "login" },
    response: z.array(RemoteDevice),
  }),
  offerOwnDevice: route({
    method: "POST",
    path: "/v1/me/remote-device-offers",
    access: { on: "login" },
    body: OfferOwnDevice,
    response: PairingOffer,
  }),
  revokeOwnDevice: route({
    method: "DELETE",
    path: "/v1/me/remote-devices/:device",
    access: { on: "login" },
    params: oneDevice,
    response: nothing,
  }),
  /** Asked by a device that came through, with its person's login. */
  wayHome: route({ method: "GET", path: "/v1/remote/way-home", access: { on: "login" }, response: WayHome }),
} satisfies Record<string, Route>;
