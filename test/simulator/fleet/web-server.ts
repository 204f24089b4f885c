import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer, text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

import type { CameraCore } from "./camera-core.ts";
import { backupPath, takeFirmware, uploadPath } from "./onvif/firmware.ts";
import { OnvifDesk } from "./onvif/onvif-desk.ts";
import { loginPage, stillPicture } from "./pages.ts";
import type { VendorAnswer, VendorDesk } from "./vendor/vendor-desk.ts";
import { vendorDesk } from "./vendor/vendor-desks.ts";

const longestBody = 256 * 1024;

/** What a camera's HTTP and HTTPS ports serve alike: ONVIF, a picture, the vendor's words, a page to log in at. */
export class WebServer {
  readonly #core: CameraCore;
  readonly #onvif: OnvifDesk;
  readonly #vendor: VendorDesk | undefined;
  readonly #isOpen: () => boolean;

  /** @param isOpen whether its port is still open when an answer is given: a closed one keeps no connection */
  constructor(core: CameraCore, isOpen: () => boolean) {
    this.#core = core;
    this.#isOpen = isOpen;
    this.#onvif = new OnvifDesk(core);
    this.#vendor = vendorDesk(core);
  }

  /** Answers one request; never throws. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.#handle(request, response).catch(() => response.destroy());
  };

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "/" } = request;
    const { face, state, quirks } = this.#core;
    if (quirks.thinksMs !== undefined) await setTimeout(quirks.thinksMs);
    if (face.server !== undefined) {
      response.setHeader("Server", state.reveals ? `${face.server}/${state.identity.firmware}` : face.server);
    }
    if (Number(request.headers["content-length"] ?? 0) > longestBody && !url.startsWith(uploadPath)) {
      response.writeHead(413, { Connection: "close" }).end();
      return;
    }
    if (method === "POST" && (await this.#soap(request, response))) return;
    this.#core.counts.http += 1;
    if (method === "GET" && face.snapshotPaths.some((path) => samePath(url, path))) this.#snapshot(request, response);
    else if (method === "GET" && url === backupPath && face.keystore) this.#backup(request, response);
    else if (!(await this.#speakVendor(request, response))) this.#page(url, response);
  }

  async #soap(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { url = "/", headers } = request;
    if (url.startsWith(uploadPath)) {
      this.#send(response, await takeFirmware(this.#core, url, await buffer(request)), "text/plain", Buffer.alloc(0));
      return true;
    }
    if (!/^\/onvif\/(?:subscription\/)?[^/]+$/.test(url)) return false;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const visit = { origin: originOf(request), url, authorization: headers.authorization, signal: gone.signal };
    const answer = await this.#onvif.answer(await text(request), visit);
    if (answer === undefined) return false;
    const { status, xml, challenges = [] } = answer;
    if (challenges.length > 0) response.setHeader("WWW-Authenticate", challenges);
    this.#send(response, status, "application/soap+xml; charset=utf-8", Buffer.from(xml));
    return true;
  }

  #snapshot(request: IncomingMessage, response: ServerResponse): void {
    const core = this.#core;
    if (!core.state.anonymous.snapshot && !core.openToAll && !this.#admits(request, response)) return;
    core.counts.snapshots += 1;
    this.#send(response, 200, "image/jpeg", stillPicture());
  }

  #backup(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#admits(request, response)) return;
    this.#send(response, 200, "application/octet-stream", Buffer.from(JSON.stringify(this.#core.state)));
  }

  async #speakVendor(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { method = "", url = "/" } = request;
    const desk = this.#vendor;
    if (desk === undefined || !desk.knows(method, url)) return false;
    if (!desk.isOpen(method, url) && !this.#admits(request, response)) return true;
    const body = method === "GET" ? "" : await text(request);
    const answer: VendorAnswer = await desk.answer({ method, url, body });
    this.#send(response, answer.status, answer.type, Buffer.from(answer.body));
    return true;
  }

  #page(url: string, response: ServerResponse): void {
    if (url === "/" || url === "/index.html" || this.#core.quirks.pageForAll === true)
      this.#send(response, 200, "text/html", Buffer.from(loginPage(this.#core)));
    else this.#send(response, 404, "text/html", Buffer.from("<html><body>404 Not Found</body></html>"));
  }

  #send(response: ServerResponse, status: number, type: string, body: Buffer): void {
    if (!this.#isOpen() || this.#core.quirks.hangsUp === true) response.setHeader("Connection", "close");
    response.writeHead(status, { "Content-Type": type, "Content-Length": body.length }).end(body);
  }

  /** Has answered when this is false. */
  #admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = "", url = "/", headers } = request;
    const { web, plane } = { web: this.#core.web, plane: this.#core.plane("web") };
    const admission = web.admit({ plane, protocol: "http" }, headers.authorization, { method, uri: url });
    if (admission.kind === "admitted") return true;
    if (admission.kind === "refused") response.setHeader("WWW-Authenticate", admission.challenges);
    const page = this.#vendor?.refusal(admission) ?? { type: "text/html", body: "<html><body>401</body></html>" };
    this.#send(response, admission.kind === "locked" ? 403 : 401, page.type, Buffer.from(page.body));
    return false;
  }
}

/** Alike but for parameters that the caller added. */
const samePath = (url: string, known: string): boolean => url === known || url.startsWith(`${known}?`);

const originOf = (request: IncomingMessage): string => {
  const { localAddress = "", localPort = 0 } = request.socket;
  const secure = "encrypted" in request.socket;
  const port = localPort === (secure ? 443 : 80) ? "" : `:${localPort}`;
  return `${secure ? "https" : "http"}://${localAddress}${port}`;
};
