import {
  DeviceId,
  Name,
  PrincipalId,
  type Cancellable,
  type GatewayClient,
  type Person,
  type RemoteDevice,
} from "@gatehouse/shared";
import { renderUnicodeCompact } from "uqr";

import type { Command } from "../command.ts";
import { refuse } from "../grant-options.ts";
import { table } from "../table.ts";

const timeOf = (time: number | null): string => (time === null ? "never" : new Date(time).toLocaleString());

const stateOf = ({ revoked }: RemoteDevice): string => (revoked === null ? "may knock" : `revoked ${timeOf(revoked)}`);

const findPerson = async (gateway: GatewayClient, text: string, cancel: Cancellable): Promise<Person> => {
  const people = await gateway.call("listPeople", {}, cancel);
  const id = PrincipalId.safeParse(text);
  const found = people.find((person) => person.loginName === text || (id.success && person.id === id.data));
  if (found !== undefined) return found;
  throw refuse(`There is nobody called \`${text}\`.`, "`gatehouse person list` shows ids and login names.");
};

export const remoteDeviceAddCommand: Command = {
  path: ["remote", "device", "add"],
  summary: "a pairing string that makes one device of a person's known; to be used at home",
  operands: ["PERSON", "NAME"],
  options: {},
  examples: ['gatehouse remote device add ann "Ann\'s laptop"'],
  run: async ({ positionals: [who = "", called = ""] }, { client, signal }) => {
    const name = Name.safeParse(called);
    if (!name.success) throw refuse("Say what the device is called, in at most 64 letters.");
    await using gateway = await client();
    const person = await findPerson(gateway, who, { signal });
    const body = { person: person.id, name: name.data };
    const offer = await gateway.call("offerDevice", { body }, { signal });
    const text = [
      renderUnicodeCompact(offer.pairingString, { border: 2 }),
      "",
      offer.pairingString,
      "",
      `On ${name.data}, at home: \`gatehouse connect pair\`. It works once, until ${new Date(offer.expires).toLocaleTimeString()}.`,
      `The device may knock then, and no more: ${person.name} signs in on it, with two factors, and needs the right \`remote\`.`,
    ];
    return { json: offer, text: text.join("\n") };
  },
};

export const remoteDeviceListCommand: Command = {
  path: ["remote", "device", "list"],
  summary: "the devices that may knock from away, whose they are, and when each came last",
  operands: [],
  options: {},
  examples: ["gatehouse remote device list"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const devices = await gateway.call("listDevices", {}, { signal });
    const people = await gateway.call("listPeople", {}, { signal });
    const names = new Map(people.map(({ id, name }) => [id, name]));
    const rows = devices.map((device) => [
      ...[device.id, device.name, names.get(device.person) ?? device.person],
      ...[stateOf(device), timeOf(device.added), timeOf(device.used)],
    ]);
    return { json: devices, text: table(["ID", "NAME", "PERSON", "STATE", "ADDED", "CAME LAST"], rows) };
  },
};

export const remoteDeviceRevokeCommand: Command = {
  path: ["remote", "device", "revoke"],
  summary: "lock a device out, at once and for good; all that it carries ends",
  operands: ["ID"],
  options: {},
  examples: ["gatehouse remote device revoke dev-abcdefghijklmnop"],
  run: async ({ positionals: [text] }, { client, signal }) => {
    const device = DeviceId.safeParse(text);
    if (!device.success) throw refuse("That is no device's id.", "`gatehouse remote device list` shows the ids.");
    await using gateway = await client();
    await gateway.call("revokeDevice", { params: { device: device.data } }, { signal });
    return { json: { revoked: device.data }, text: `Revoked ${device.data}. All that it carried ended.` };
  },
};
