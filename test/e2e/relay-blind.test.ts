import { describe, expect, it, jest } from "@jest/globals";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readCapture, tcpStreams } from "../support/capture.ts";
import { dumpCore } from "../support/core-dump.ts";
import { eventually } from "../support/eventually.ts";
import { MarkSearch } from "../support/mark-search.ts";
import { MarkedJourney, type Marks } from "../support/marked-journey.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks } from "../support/network-namespace.ts";
import { asSeeing, betray, makeSeeing } from "../support/seeing.ts";
import { addresses, ThreeNetworks } from "../support/three-networks.ts";
import { WireTap } from "../support/wire-tap.ts";

// Programs are started, one after the other, and their memories read.
jest.setTimeout(180_000);
const never = { signal: new AbortController().signal };

const makeFolder = async (stack: AsyncDisposableStack): Promise<string> =>
  stack.adopt(await mkdtemp(join(tmpdir(), "gatehouse-blind-")), (path) => rm(path, { recursive: true, force: true }));

const searchCore = async (search: MarkSearch, pid: number, folder: string): Promise<string[]> => {
  const core = await dumpCore(pid, folder);
  try {
    return await search.inFile(core);
  } finally {
    await rm(core);
  }
};

const searchDisk = async (search: MarkSearch, folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return search.in(...(await Promise.all(files.map((file) => readFile(file)))));
};

const all = (marks: Marks): string[] => Object.keys(marks);
/** What leaves the laptop: its own credential opens its own ports alone. */
const travelling = (marks: Marks): string[] => all(marks).filter((mark) => mark !== "credential");

describeWith(["router", "captures", "ffmpeg"], "what a relay sees of a home", () => {
  (canMakeNetworks() ? describe : describe.skip)("while somebody away watches and is told", () => {
    it("is nothing: not in its memory, on its disk, in its log or on its wire", async () => {
      await using stack = new AsyncDisposableStack();
      const folder = await makeFolder(stack);
      const networks = stack.use(await ThreeNetworks.open());
      const wire = stack.use(await WireTap.open(networks.internet));
      const laptop = stack.use(await WireTap.open(networks.away));
      const journey = stack.use(await MarkedJourney.begin({ networks, folder }));
      const { house, marks } = journey;
      // The relay's own key, of which it does know.
      const relayKey = (await house.owner.call("remote", {}, never)).relay?.keys[0] ?? "";
      const search = new MarkSearch({ ...marks, relayKey });

      expect(await searchCore(search, house.relay.pid, folder)).toEqual(["relayKey"]);
      expect(await searchDisk(search, house.relayFolder)).toEqual(["relayKey"]);
      // The same search, where they are: what the gateway shows for as long as it does. What it has only passed on may be gone by now, and is
      // found below, in a relay that keeps it.
      const known = await searchCore(search, house.gateway.pid, folder);
      expect(known).toEqual(expect.arrayContaining(["name", "frame", "relayKey"]));
      expect(journey.viewer.ended).toBe(false);

      const capture = await wire.stop();
      const streams = tcpStreams(readCapture(capture));
      expect(search.in(capture, ...streams.values())).toEqual([]);
      for (const end of [addresses.homeRouter.wan, addresses.awayRouter.wan]) {
        const carried = [...streams].filter(([name]) => name.includes(`${end}:`)).map(([, bytes]) => bytes.length);
        expect(Math.max(...carried)).toBeGreaterThan(100_000);
      }
      await house.owner.call("switchRemote", { body: { enabled: false } }, never);
      await eventually("the end of the tunnel in the log", () => house.relay.log.includes("tunnel ended"));
      expect(search.in(Buffer.from(house.relay.log))).toEqual([]);

      const plain = await laptop.stop();
      // On its own loopback the laptop's programs hear all of it in the clear, but for the password, which no program of theirs has.
      expect(search.in(plain, ...tcpStreams(readCapture(plain)).values())).toEqual(
        all(marks).filter((mark) => mark !== "password"),
      );
    });

    it("is everything, had it been given a device's key, and the device another gateway's", async () => {
      await using stack = new AsyncDisposableStack();
      const folder = await makeFolder(stack);
      const networks = stack.use(await ThreeNetworks.open());
      const seeing = makeSeeing(join(folder, "relay"));
      const onPaired = (deviceFile: string): Promise<void> => betray(deviceFile, seeing);
      const journey = stack.use(
        await MarkedJourney.begin({ networks, folder, relayWithin: asSeeing(seeing), onPaired }),
      );
      const { house, marks } = journey;
      const search = new MarkSearch(marks);
      expect(await searchCore(search, house.relay.pid, folder)).toEqual(travelling(marks));
      expect(await searchDisk(search, house.relayFolder)).toEqual(travelling(marks));
    });
  });
});
