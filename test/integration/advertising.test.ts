import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { GatewayProcess } from "../support/gateway-process.ts";
import type { MdnsRecord } from "../support/mdns-query.ts";
import { describeWith } from "../support/needs.ts";
import { root } from "../support/repository.ts";

const address = "10.77.0.1";
/** A network that nobody else is in. */
const setup = `ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add ${address}/24 dev v0 &&
  ip link set v0 up && ip link set v1 up && exec "$@"`;
const ownNetwork = ["unshare", "--map-root-user", "--net", "sh", "-c", setup, "sh"];
const canUnshare = spawnSync("unshare", ["--map-root-user", "--net", "true"]).status === 0;

describeWith(["onvifTools"], "a gateway that listens on the network", () => {
  (canUnshare ? describe : describe.skip)("in a network of its own", () => {
    const stack = new AsyncDisposableStack();
    let gateway: GatewayProcess;
    let id: string;
    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), "gatehouse-advertising-"));
      stack.defer(() => rm(folder, { recursive: true }));
      const config = { name: "Secret home", listen: { host: "0.0.0.0", port: 8443 } };
      gateway = stack.use(await GatewayProcess.start({ data: join(folder, "data"), config, within: ownNetwork }));
      id = (JSON.parse(await readFile(join(gateway.data, "cli.json"), "utf8")) as { gatewayId: string }).gatewayId;
    }, 60_000);
    afterAll(() => stack.disposeAsync());

    const ask = async (name: string, type: string): Promise<MdnsRecord[]> => {
      const enter = ["--target", String(gateway.pid), "--user", "--net", "--preserve-credentials", process.execPath];
      const script = [join(root, "test/support/mdns-query.ts"), address, name, type];
      const child = spawn("nsenter", [...enter, ...script], { stdio: ["ignore", "pipe", "inherit"] });
      return JSON.parse(await text(child.stdout)) as MdnsRecord[];
    };

    it("is found by its service, with its id, its port and its address, and nothing else", async () => {
      const records = await ask("_gatehouse._tcp.local", "PTR");
      const valuesOf = (type: number): string[] =>
        records.filter((each) => each.type === type).map(({ value }) => value);
      expect(valuesOf(12)).toContain(`${id}._gatehouse._tcp.local`);
      expect(valuesOf(33)).toEqual([`8443 ${id}.local`]);
      expect(valuesOf(16)).toEqual([`id=${id}`]);
      expect(valuesOf(1)).toEqual([address]);
      // The id is drawn, and could spell anything.
      const all = JSON.stringify(records).replaceAll(id, "ID");
      expect(all).not.toMatch(/Secret|home/i);
      expect(all).not.toContain(`"${hostname()}`);
    }, 60_000);

    it("answers for the name that its certificate is for", async () => {
      const records = await ask(`${id}.local`, "A");
      expect(records.filter(({ type }) => type === 1)).toEqual([{ name: `${id}.local`, type: 1, value: address }]);
    }, 60_000);
  });
});
