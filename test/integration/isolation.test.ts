import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { readTraffic, type ObservedTraffic } from "../../gateway-bridge/src/posture/isolation/observed-traffic.ts";
import { rulesetFor } from "../../gateway-bridge/src/posture/isolation/ruleset.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";

jest.setTimeout(60_000);

/** The box routes between the home and the cameras' network. */
const at = { home: "192.168.77.2", box: { home: "192.168.77.1", cameras: "192.168.50.1" }, camera: "192.168.50.2" };
const sixes = { home: "fd00:77::2", box: "fd00:50::1", camera: "fd00:50::2" };
const rules = rulesetFor({ interface: "eth1", gateway: at.box.cameras, cameras: [{ name: "Porch", host: at.camera }] });

const teller = `for (const [port, host] of PLACES) require("net").createServer((socket) => socket.on("error", () => {}).end("hello")).listen(port, host);
process.stdout.write("ready")`;
const timeTeller = fileURLToPath(new URL("../support/time-teller.ts", import.meta.url));

describeWith(["router", "rdate"], "the rules for a box that routes the cameras' network", () => {
  (canMakeNetworks() ? describe : describe.skip)("in networks of their own", () => {
    const stack = new AsyncDisposableStack();
    let home: NetworkNamespace, box: NetworkNamespace, camera: NetworkNamespace;

    const run = async (network: NetworkNamespace, ...args: readonly string[]): Promise<void> => {
      const [program, ...within] = network.within;
      const child = spawn(program, [...within, process.execPath, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      stack.defer(async () => {
        const gone = once(child, "exit");
        if (child.kill("SIGKILL")) await gone;
      });
      await once(child.stdout, "data");
    };
    const tellAt = (network: NetworkNamespace, ...places: (readonly [number, string])[]): Promise<void> =>
      run(network, "-e", teller.replace("PLACES", JSON.stringify(places)));
    /** Whether a connection is made and heard from. Who waits for a refusal waits for a second. */
    const reaches = async (from: NetworkNamespace, address: string, port: number, seconds = 1): Promise<boolean> => {
      const ask = `timeout ${seconds} bash -c 'exec 3<>/dev/tcp/${address}/${port}; cat <&3' || true`;
      return (await from.run(ask)).includes("hello");
    };
    const load = (): Promise<string> => box.run(`nft -f - <<'rules'\n${rules}\nrules`);

    beforeAll(async () => {
      const make = async (): Promise<NetworkNamespace> => stack.use(await NetworkNamespace.make());
      [home, box, camera] = [await make(), await make(), await make()];
      await box.run(`
        ip link add eth0 type veth peer name eth0 netns ${home.pid}
        ip link add eth1 type veth peer name eth0 netns ${camera.pid}
        ip address add ${at.box.home}/24 dev eth0
        ip address add ${at.box.cameras}/24 dev eth1
        ip address add ${sixes.box}/64 dev eth1 nodad
        ip address add fd00:77::1/64 dev eth0 nodad
        ip link set eth0 up
        ip link set eth1 up
        ip route add default via ${at.home}
        echo 1 >/proc/sys/net/ipv4/ip_forward
        echo 1 >/proc/sys/net/ipv6/conf/all/forwarding`);
      await home.run(`
        ip address add ${at.home}/24 dev eth0
        ip address add ${sixes.home}/64 dev eth0 nodad
        ip link set eth0 up
        ip route add default via ${at.box.home}
        ip -6 route add default via fd00:77::1`);
      await camera.run(`
        ip address add ${at.camera}/24 dev eth0
        ip address add ${sixes.camera}/64 dev eth0 nodad
        ip link set eth0 up
        ip route add default via ${at.box.cameras}
        ip -6 route add default via ${sixes.box}`);
      await Promise.all([
        tellAt(home, [443, at.home], [443, sixes.home]),
        tellAt(camera, [554, at.camera], [554, sixes.camera]),
        tellAt(box, [8_443, "::"]),
        run(box, "--conditions=source", "--disable-warning=ExperimentalWarning", timeTeller, at.box.cameras, at.camera),
      ]);
    });
    afterAll(() => stack.disposeAsync());

    it("are needed: without them cameras reach everybody, and everybody reaches cameras", async () => {
      expect(await reaches(camera, at.home, 443, 10)).toBe(true);
      expect(await reaches(camera, at.box.cameras, 8_443, 10)).toBe(true);
      expect(await reaches(camera, sixes.box, 8_443, 10)).toBe(true);
      expect(await reaches(home, at.camera, 554, 10)).toBe(true);
      expect(await reaches(camera, sixes.home, 443, 10)).toBe(true);
      expect(await reaches(home, sixes.camera, 554, 10)).toBe(true);
    });

    it("leave cameras to this box alone, and this box to itself", async () => {
      await load();
      // Again, as after a change: in the place of what there was.
      await load();
      expect(await reaches(box, at.camera, 554, 10)).toBe(true);
      expect(await reaches(box, sixes.camera, 554, 10)).toBe(true);
      expect(await reaches(home, at.box.home, 8_443, 10)).toBe(true);
      const refused = await Promise.all([
        reaches(camera, at.home, 443),
        reaches(camera, at.box.cameras, 8_443),
        // Its other address is no way round.
        reaches(camera, at.box.home, 8_443),
        reaches(camera, sixes.box, 8_443),
        reaches(home, at.camera, 554),
        reaches(camera, sixes.home, 443),
        reaches(camera, "fd00:77::1", 8_443),
        reaches(home, sixes.camera, 554),
      ]);
      expect(refused).toEqual(Array.from({ length: 8 }, () => false));
    });

    it("let a camera have the time, which a client that others wrote takes", async () => {
      await load();
      // Only says what the time is, in whole seconds. Its own clock is ours, so a day is far off.
      const told = await camera.run(`TZ=UTC0 LC_ALL=C rdate -np ${at.box.cameras}`);
      expect(Math.abs(Date.parse(told.trim().replace("UTC", "")) - Date.now())).toBeLessThan(86_400_000);
    });

    it("let a camera's answer to a discovery through, and no other datagram", async () => {
      await load();
      const script = `
        const box = require("dgram").createSocket("udp4");
        const heard = [];
        box.on("message", (datagram) => { heard.push(String(datagram)); if (heard.includes("last")) { console.log(heard.join(" ")); process.exit(); } });
        box.bind(40000, "${at.box.cameras}", () => console.error("bound"));`;
      const [program, ...within] = box.within;
      const hearing = spawn(program, [...within, process.execPath, "-e", script], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      stack.defer(() => void hearing.kill("SIGKILL"));
      await once(hearing.stderr, "data");
      const say = (from: number, what: string): string =>
        `require("dgram").createSocket("udp4").bind(${from}, function () { this.send("${what}", 40000, "${at.box.cameras}", () => this.close()); })`;
      const told = once(hearing.stdout, "data");
      for (const [from, what] of [
        [5_000, "stray"],
        [3_702, "answer"],
        [5_001, "stray"],
        [3_702, "last"],
      ] as const) {
        await camera.run(`${process.execPath} -e '${say(from, what)}'`);
      }
      const [heard] = (await told) as [Buffer];
      expect(heard.toString().trim()).toBe("answer last");
    });

    it("count what cameras tried, by whom and where to, and who tried to reach cameras", async () => {
      await load();
      const observe = async (): Promise<ObservedTraffic> => {
        await Promise.all([
          reaches(camera, at.home, 443),
          reaches(camera, "9.9.9.9", 8_883),
          reaches(camera, sixes.home, 443),
          reaches(home, at.camera, 554),
        ]);
        return readTraffic(await box.run("nft --json list table inet gatehouse_cameras"));
      };
      let observed = await observe();
      // Where the box is busy, a second can be over before all have tried.
      for (let more = 0; more < 9 && (observed.tries.length < 3 || observed.strangers === 0); more += 1) {
        observed = await observe();
      }
      const { tries, refused, strangers } = observed;
      const told = tries.map(({ from, to, protocol, port }) => `${from} ${to} ${protocol} ${port}`).sort();
      expect(told).toEqual([
        `${at.camera} 192.168.77.2 tcp 443`,
        `${at.camera} 9.9.9.9 tcp 8883`,
        `${sixes.camera} ${sixes.home} tcp 443`,
      ]);
      expect(tries.every(({ packets }) => packets > 0)).toBe(true);
      expect([refused, strangers].every((count) => count > 0)).toBe(true);
    });

    it("are taken off without a trace", async () => {
      await load();
      await box.run("nft delete table inet gatehouse_cameras");
      expect(await reaches(camera, at.home, 443, 10)).toBe(true);
      expect(await box.run("nft list ruleset")).toBe("");
    });
  });
});
