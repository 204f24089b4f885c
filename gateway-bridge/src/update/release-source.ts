import { GatehouseError, isError, onAbort, systemCode, type Cancellable } from "@gatehouse/shared";
import { createReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { isAbsolute, join } from "node:path";

/** Where releases are fetched from. Names are those of files beside the manifest. */
export interface ReleaseSource {
  /** @throws GatehouseError `update-failed` where there is no such file, or no way to it */
  open(name: string, cancel: Cancellable): Promise<AsyncIterable<Buffer>>;
}

const failed = (name: string, why: string, cause?: unknown): GatehouseError =>
  new GatehouseError("update-failed", `${name} could not be fetched: ${why}.`, { cause });

/** @throws GatehouseError `request-invalid` for what is neither a folder nor an https address */
export const releaseSource = (place: string, options: { readonly ca?: string } = {}): ReleaseSource => {
  if (isAbsolute(place)) return folderSource(place);
  const url = URL.canParse(place) ? new URL(place.endsWith("/") ? place : `${place}/`) : undefined;
  if (url?.protocol === "https:" && url.username === "" && url.password === "") return httpsSource(url, options);
  throw new GatehouseError(
    "request-invalid",
    "Releases are fetched over https, or from a folder with an absolute path.",
  );
};

const folderSource = (folder: string): ReleaseSource => ({
  open: async (name, { signal }) => {
    const stream = createReadStream(join(folder, name), { signal });
    await new Promise<void>((resolve, reject) => {
      stream.once("open", () => resolve());
      stream.once("error", (error) => reject(failed(name, systemCode(error) ?? "it cannot be read", error)));
    });
    return stream as AsyncIterable<Buffer>;
  },
});

/** After so long without a byte the server is given up. */
const silence = 30_000;

const httpsSource = (base: URL, { ca }: { readonly ca?: string }): ReleaseSource => ({
  open: async (name, { signal }) => {
    const response = await answerOf(new URL(name, base), name, { ca, signal });
    // A redirect could lead anywhere; whoever moves the releases names the new place in the configuration.
    if (response.statusCode !== 200) {
      response.destroy();
      throw failed(name, `the server answered ${response.statusCode ?? 0}`);
    }
    return bodyOf(response, name);
  },
});

const answerOf = (
  url: URL,
  name: string,
  { ca, signal }: Cancellable & { readonly ca: string | undefined },
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const asked = request(url, {
      timeout: silence,
      agent: false,
      minVersion: "TLSv1.2",
      ...(ca !== undefined && { ca }),
    });
    const leaving = onAbort(signal, (reason) => asked.destroy(reason as Error));
    asked.once("timeout", () => asked.destroy(new Error("the server fell silent")));
    asked.once("close", () => leaving[Symbol.dispose]());
    asked.once("response", resolve);
    asked.on("error", (error) =>
      reject(signal.aborted ? error : failed(name, systemCode(error) ?? error.message, error)),
    );
    asked.end();
  });

async function* bodyOf(response: IncomingMessage, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    throw failed(name, isError(cause) ? cause.message : "the connection broke", cause);
  }
}
