import { describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";

import { WebSocket } from "../../gateway-bridge/src/consumers/fmp4/testing/web-socket.ts";
import { FakeCamera } from "../../gateway-bridge/src/media/testing/fake-camera.ts";
import { makePictures } from "../../gateway-bridge/src/media/testing/units.ts";
import { eventually } from "../support/eventually.ts";
import { LiveFmp4Server } from "../support/live-fmp4-server.ts";

/** A viewer over a real connection. */
class Viewer implements Disposable {
  readonly texts: string[] = [];
  readonly socket: WebSocket;
  fragments = 0;
  bytes = 0;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on("message", (data: Buffer, binary: boolean) => {
      if (!binary) this.texts.push(data.toString());
      else this.fragments += 1;
      this.bytes += data.length;
    });
    this.socket.on("error", () => undefined);
  }

  async leave(how: "close" | "terminate"): Promise<void> {
    const closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket[how]();
    await closed;
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** A camera that sends when told, and its live view; one GOP is stored. */
class Scene extends AsyncDisposableStack {
  readonly camera = new FakeCamera();
  server!: LiveFmp4Server;
  #next = 0;

  async open(): Promise<this> {
    this.server = this.use(await LiveFmp4Server.open({ openSource: this.camera.openSource }));
    this.use(this.server.stream.hold());
    await eventually("the camera is connected", () => this.camera.open === 1);
    await turn();
    this.film({ count: 5, size: 1_000 });
    return this;
  }

  film({ count, size }: { readonly count: number; readonly size: number }): void {
    const arrivedAt = systemClock.monotonic();
    this.camera.send(...makePictures({ count, size, timestamp: this.#next * 3_600, arrivedAt, fps: 25 }));
    this.#next += count;
  }

  watch(): Viewer {
    return this.use(new Viewer(this.server.liveUrl));
  }
}

describe("Viewers over real connections", () => {
  it("that stop reading are bounded in memory, and others lose nothing", async () => {
    await using scene = await new Scene().open();
    const [stuck, quick] = [scene.watch(), scene.watch()];
    await eventually("both watch", () => stuck.fragments >= 6 && quick.fragments >= 6);
    stuck.socket.pause();
    const views = [...scene.server.views];
    let sent = 5;
    // More than the system's own buffers hold: 60 MB.
    for (let gop = 0; gop < 60; gop += 1) {
      scene.film({ count: 10, size: 100_000 });
      sent += 10;
      await eventually("the quick viewer has it", () => quick.fragments === sent + 1);
    }
    const dropped = views.map((view) => view.dropped).sort((a, b) => a - b);
    expect(dropped[0]).toBe(0);
    expect(dropped[1]).toBeGreaterThan(100);
    expect(scene.server.stream.status).toMatchObject({ viewers: 2, dropped: dropped[1] });
    // What waits for it: a quarter of a megabyte and a picture in the socket.
    expect(Math.max(...scene.server.buffered)).toBeLessThan(256 * 1024 + 101_000);
    stuck.socket.resume();
    await eventually("it has room again", () => Math.max(...scene.server.buffered) === 0);
    const before = stuck.fragments;
    scene.film({ count: 10, size: 1_000 });
    await eventually("it goes on at the next key picture", () => stuck.fragments >= before + 10);
  }, 60_000);

  it("come and go without a trace: sockets, sessions, timers", async () => {
    await using scene = await new Scene().open();
    const handles = (): ReadonlyMap<string, number> => {
      const kinds = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|TLS|FSReq/.test(name));
      return new Map(
        Map.groupBy(kinds, (kind) => kind)
          .entries()
          .map(([kind, { length }]) => [kind, length]),
      );
    };
    const cycle = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        using viewer = new Viewer(scene.server.liveUrl);
        // Some leave before they were sent anything.
        if (index % 3 !== 0) await eventually("it watches", () => viewer.fragments >= 6);
        else if (index % 2 === 0) await once(viewer.socket, "open");
        await viewer.leave(index % 2 === 0 ? "close" : "terminate");
      }
      await eventually("nobody watches", () => scene.server.views.size === 0);
      while ((await scene.server.connections()) > 0) await turn();
    };
    await cycle(10);
    const before = handles();
    await cycle(100);
    // There may be less: what the test before this one left was perhaps still closing then.
    await eventually("nothing is left", () =>
      [...handles()].every(([kind, count]) => count <= (before.get(kind) ?? 0)),
    );
    expect(scene.server.stream.status).toMatchObject({ viewers: 0, connects: 1 });
    expect(scene.camera.tries).toBe(1);
  }, 60_000);

  it("that send something are shown the door", async () => {
    await using scene = await new Scene().open();
    const viewer = scene.watch();
    await eventually("it watches", () => viewer.fragments >= 6);
    viewer.socket.send("hello");
    const [code, reason] = (await once(viewer.socket, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1008, "viewers send nothing here"]);
  });

  it("that send more than a message may hold are cut off", async () => {
    await using scene = await new Scene().open();
    const viewer = scene.watch();
    await eventually("it watches", () => viewer.fragments >= 6);
    viewer.socket.send(Buffer.alloc(10_000));
    await once(viewer.socket, "close");
    await eventually("nobody watches", () => scene.server.stream.status.viewers === 0);
  });
});
