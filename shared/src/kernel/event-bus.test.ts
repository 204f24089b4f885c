import { describe, expect, it } from "@jest/globals";

import { MemoryLogger } from "../testing/index.ts";
import { EventBus } from "./event-bus.ts";

describe("EventBus", () => {
  it("hands each event to every listener, in order, until it is disposed", () => {
    const bus = new EventBus<number>(new MemoryLogger());
    const heard: string[] = [];
    const first = bus.on((event) => heard.push(`a${event}`));
    bus.on((event) => heard.push(`b${event}`));
    bus.emit(1);
    first[Symbol.dispose]();
    bus.emit(2);
    expect(heard).toEqual(["a1", "b1", "b2"]);
  });

  it("counts one function that listens twice as two listeners", () => {
    const bus = new EventBus<number>(new MemoryLogger());
    const heard: number[] = [];
    const listener = (event: number): void => void heard.push(event);
    const first = bus.on(listener);
    bus.on(listener);
    bus.emit(1);
    first[Symbol.dispose]();
    bus.emit(2);
    expect(heard).toEqual([1, 1, 2]);
  });

  it("logs a listener that throws, and harms no other", () => {
    const log = new MemoryLogger();
    const bus = new EventBus<number>(log);
    const heard: number[] = [];
    bus.on(() => {
      throw new Error("mine");
    });
    bus.on((event) => heard.push(event));
    bus.emit(1);
    expect(heard).toEqual([1]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { error: "Error: mine" } }]);
  });

  it("stays silent to a listener that an earlier one disposed of, and to one that came during the event", () => {
    const bus = new EventBus<number>(new MemoryLogger());
    const heard: string[] = [];
    bus.on(() => {
      second[Symbol.dispose]();
      bus.on(() => heard.push("newcomer"));
    });
    const second = bus.on(() => heard.push("second"));
    bus.emit(1);
    expect(heard).toEqual([]);
  });
});
