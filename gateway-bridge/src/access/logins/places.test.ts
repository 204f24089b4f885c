import { describe, expect, it } from "@jest/globals";

import { Places } from "./places.ts";

const never = { signal: new AbortController().signal };

/** Work that goes on until it is let go. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { work: () => promise, release: () => resolve(undefined) };
};

describe("the places at which passwords are hashed", () => {
  it("are two, and those who wait come in turn, known browsers first", async () => {
    const places = new Places();
    const order: string[] = [];
    const [first, second] = [held(), held()];
    const running = [places.run("strangers", first.work, never), places.run("strangers", second.work, never)];
    for (const name of ["stranger 1", "stranger 2"]) {
      running.push(places.run("strangers", async () => void order.push(name), never));
    }
    running.push(places.run("known", async () => void order.push("known"), never));
    await Promise.resolve();
    expect(order).toEqual([]);
    first.release();
    second.release();
    await Promise.all(running);
    expect(order).toEqual(["known", "stranger 1", "stranger 2"]);
  });

  it("are waited for by 16 strangers at most, and known browsers have a queue of their own", async () => {
    const places = new Places();
    const work = held();
    const running = Array.from({ length: 18 }, () => places.run("strangers", work.work, never));
    await expect(places.run("strangers", work.work, never)).rejects.toMatchObject({ code: "too-many-guesses" });
    running.push(places.run("known", work.work, never));
    work.release();
    await Promise.all(running);
  });

  it("are not lost when who waits leaves, or when the work fails", async () => {
    const places = new Places();
    const work = held();
    const running = [places.run("strangers", work.work, never), places.run("strangers", work.work, never)];
    const leaving = new AbortController();
    const left = places.run("strangers", work.work, leaving);
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    work.release();
    await Promise.all(running);
    const failing = async (): Promise<never> => {
      throw new Error("failed");
    };
    for (let index = 0; index < 5; index += 1)
      await expect(places.run("known", failing, never)).rejects.toThrow("failed");
    expect(await places.run("strangers", async () => "done", never)).toBe("done");
  });
});
