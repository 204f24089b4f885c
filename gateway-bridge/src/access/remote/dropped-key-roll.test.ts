import { expect, it } from "@jest/globals";

import { droppedKeyRoll } from "./dropped-key-roll.ts";
import { RemoteWorld } from "./testing/remote-world.ts";

it("is empty while the relay knows the gateway by a key that is to be forgotten, whoever was paired meanwhile", async () => {
  using world = await RemoteWorld.open();
  await world.enrol();
  const { admitted } = world.devices;
  const roll = droppedKeyRoll(admitted, world.tunnelKeys);
  world.access.panic(world.ann);
  world.addDevice();
  const [thumbprint] = admitted.thumbprints();
  const told = () => [roll.thumbprints(), roll.find(thumbprint!), roll.epoch];
  expect(told()).toEqual([[], undefined, admitted.epoch]);
  world.tunnelKeys.promote();
  expect(told()).toEqual([[thumbprint], admitted.find(thumbprint!), admitted.epoch]);
  // A change of keys that leaves both good keeps nobody out.
  world.access.rotate(world.ann);
  expect(roll.thumbprints()).toEqual([thumbprint]);
  let changes = 0;
  using _listening = roll.onChanged(() => (changes += 1));
  world.addDevice();
  expect(changes).toBe(1);
});
