import { DeviceId, GatewayId, PrincipalId, TunnelId } from "@gatehouse/shared";

const person = PrincipalId.parse("who-zzzzzzzzzzzzzzzz");
const id = DeviceId.parse("dev-aaaaaaaaaaaaaaaa");
const device = { id, name: "Laptop", person, added: 1, used: null, revoked: null };
const pin = "A".repeat(43);
const relay = { address: "relay.example.org:443", name: "relay.example.org", keys: [pin] };
const tunnel = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");
const wayHome = { tunnel, relay, gatewayKeys: [pin] };
const state = {
  ...{ enabled: false, connection: "off" as const, since: 1, trouble: null, relay, tunnel, devices: 1 },
  ...{ channels: 0, receivedBytes: 0, refusedChannels: 0, stops: ["Nobody reaches home from away."] },
};
const offer = { pairingString: "gh1.x.y.z", expires: 5 };

/** A well-formed answer of every route about access from away. */
export const remoteSamples = {
  remote: state,
  switchRemote: state,
  enrolAtRelay: state,
  leaveRelay: state,
  rotateRemoteKeys: state,
  panic: state,
  offerDevice: offer,
  pairDevice: {
    ...{ device: id, name: device.name, person, certificate: "PEM", wayHome },
    gateway: { id: GatewayId.parse("gw-aaaaaaaaaaaaaaaa"), name: "Home" },
  },
  listDevices: [device],
  revokeDevice: {},
  listOwnDevices: [device],
  offerOwnDevice: offer,
  revokeOwnDevice: {},
  wayHome,
};

export const remoteRequests = {
  remote: { path: "/v1/remote" },
  switchRemote: { path: "/v1/remote", body: { enabled: true } },
  enrolAtRelay: { path: "/v1/remote/relay", body: { invite: "ghr1" } },
  leaveRelay: { path: "/v1/remote/relay" },
  rotateRemoteKeys: { path: "/v1/remote/keys" },
  panic: { path: "/v1/remote/panic" },
  offerDevice: { path: "/v1/remote/device-offers", body: { person, name: device.name } },
  pairDevice: { path: "/v1/remote/devices", body: { secret: "A".repeat(22), publicKey: "AAAA" } },
  listDevices: { path: "/v1/remote/devices" },
  revokeDevice: { path: `/v1/remote/devices/${id}` },
  listOwnDevices: { path: "/v1/me/remote-devices" },
  offerOwnDevice: { path: "/v1/me/remote-device-offers", body: { name: device.name } },
  revokeOwnDevice: { path: `/v1/me/remote-devices/${id}` },
  wayHome: { path: "/v1/remote/way-home" },
};

export const mayCallAboutRemote = {
  remote: "admin",
  switchRemote: "admin",
  enrolAtRelay: "admin",
  leaveRelay: "admin",
  rotateRemoteKeys: "admin",
  panic: "admin",
  offerDevice: "admin",
  pairDevice: "anybody",
  listDevices: "admin",
  revokeDevice: "admin",
  listOwnDevices: "login",
  offerOwnDevice: "login",
  revokeOwnDevice: "login",
  wayHome: "login",
} as const;

/** What pairs is written down where that happens. */
export const auditedAboutRemote = {
  remote: false,
  switchRemote: true,
  enrolAtRelay: true,
  leaveRelay: true,
  rotateRemoteKeys: true,
  panic: true,
  offerDevice: true,
  pairDevice: false,
  listDevices: false,
  revokeDevice: true,
  listOwnDevices: false,
  offerOwnDevice: true,
  revokeOwnDevice: true,
  wayHome: false,
};
