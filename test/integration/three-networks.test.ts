import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { readCapture, tcpStreams } from "../support/capture.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, type NetworkNamespace } from "../support/network-namespace.ts";
import { askRouter } from "../support/router-asker.ts";
import { root } from "../support/repository.ts";
import { addresses, ThreeNetworks } from "../support/three-networks.ts";
import { WireTap } from "../support/wire-tap.ts";

/** Answers each connection with the address that it came from. */
const teller = `require("net").createServer((socket) => socket.resume().end(socket.remoteAddress + "\\n")).listen(PORT, () => console.log("ready"))`;
const tellAt = async (network: NetworkNamespace, port: number): Promise<Disposable> => {
  const [program, ...args] = [...network.within, process.execPath, "-e", teller.replace("PORT", String(port))];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
};
const ask = (from: NetworkNamespace, address: string, port: number): Promise<string> =>
  from.run(`timeout 25 bash -c 'exec 3<>/dev/tcp/${address}/${port}; cat <&3'`);
/** Nothing comes back for half a second, which begins when the asking is seen to: programs start late on a busy box. */
const expectSilence = async (from: NetworkNamespace, address: string, port: number): Promise<void> => {
  const asking = `bash -c 'exec 3<>/dev/tcp/${address}/${port}; cat <&3' &`;
  // Of the states of a connection, SYN-SENT is that of one that was asked for.
  const begun = `until ss -Htn state syn-sent dst ${address} | grep -q . || ! kill -0 $!; do sleep 0.01; done`;
  expect(await from.run(`${asking} ${begun}; sleep 0.5; kill $! && echo silent`)).toBe("silent\n");
};

/** One that ended and was not asked how is none any more. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
};

// What all of the tests away from home rest on: that these networks are as they say.
describeWith(["router", "captures"], "a home, the internet and a place away", () => {
  (canMakeNetworks() ? describe : describe.skip)("in networks of their own", () => {
    let networks: ThreeNetworks;
    const stack = new AsyncDisposableStack();
    beforeAll(async () => {
      networks = stack.use(await ThreeNetworks.open());
      stack.use(await tellAt(networks.internet, 7_001));
      stack.use(await tellAt(networks.home, 7_002));
    });
    afterAll(() => stack.disposeAsync());

    it("lead out under the router's address, and to nobody beyond", async () => {
      const { home, away } = networks;
      expect(await ask(home, addresses.relay, 7_001)).toMatch(addresses.homeRouter.wan);
      expect(await ask(away, addresses.relay, 7_001)).toMatch(addresses.awayRouter.wan);
      expect(await ask(home, addresses.home, 7_002)).toMatch(addresses.home);
      await expect(ask(away, addresses.home, 7_002)).rejects.toThrow();
      await expect(ask(home, "9.9.9.9", 443)).rejects.toThrow();
    });

    it("let nobody in, and count who tried", async () => {
      const { inbound } = await networks.homeRouter.counts();
      await expectSilence(networks.internet, addresses.homeRouter.wan, 7_002);
      await networks.internet.run(`ip route add 192.168.77.0/24 via ${addresses.homeRouter.wan}`);
      await expectSilence(networks.internet, addresses.home, 7_002);
      expect((await networks.homeRouter.counts()).inbound).toBeGreaterThanOrEqual(inbound + 2);
    });

    it("have a router at home that counts each way of asking for a mapping, and gives it", async () => {
      expect(await networks.homeRouter.counts()).toMatchObject({ ssdp: 0, natPmp: 0, pcp: 0, mapping: 0, control: 0 });
      await askRouter(networks.home, 7_002);
      const { inbound, ...asked } = await networks.homeRouter.counts();
      for (const count of Object.values(asked)) expect(count).toBeGreaterThan(0);
      expect((await networks.homeRouter.mappings()).map((each) => each.split(" -> ")[1])).toEqual(
        Array.from({ length: 3 }, () => `${addresses.home}:7002`),
      );
      // So nothing but the asking stands between the internet and a home.
      const [open = ""] = await networks.homeRouter.mappings();
      const answer = await ask(networks.internet, addresses.homeRouter.wan, Number(open.split(" ")[0]));
      expect(answer).toContain("203.0.113.1");
      expect((await networks.homeRouter.counts()).inbound).toBeGreaterThan(inbound);
    });

    it("have wires of which a capture misses nothing", async () => {
      await using internet = await WireTap.open(networks.internet);
      await using home = await WireTap.open(networks.home);
      const say = `exec 3<>/dev/tcp/${addresses.relay}/7001; for n in $(seq 20000); do echo "line $n"; done >&3; cat <&3`;
      await networks.home.run(`bash -c '${say}'`);
      const said = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`).join("");
      for (const tap of [internet, home]) {
        const packets = readCapture(await tap.stop());
        const streams = [...tcpStreams(packets)].filter(([name]) => name.endsWith(`> ${addresses.relay}:7001`));
        expect(streams.map(([, bytes]) => bytes.toString() === said)).toEqual([true]);
      }
    });

    it("are gone, with all that runs there, when the test is killed", async () => {
      const script = join(root, "test/support/three-networks-holder.ts");
      const child = spawn(process.execPath, ["--conditions=source", script], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(createInterface(child.stdout), "line")) as [string];
      const pids = JSON.parse(line) as number[];
      expect(pids.length).toBeGreaterThan(3);
      expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
      child.kill("SIGKILL");
      await eventually("their end", () => !pids.some(isAlive));
    });
  });
});
