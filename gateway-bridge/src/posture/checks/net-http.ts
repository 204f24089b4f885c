import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { failed, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { openPorts } from "../questions/open-ports.ts";
import { webPortsOf } from "../questions/web-doors.ts";

export const netHttp: CameraCheck = {
  id: "NET-HTTP",
  scope: "camera",
  severity: "medium",
  title: "Its page can be reached without encryption",
  why: [
    "What you type on the camera's page, and what it answers, can be read and changed on the way by every device in your network.",
    "A device in between can put a false login page in its place.",
  ],
  provision: "5.5-6, 5.8-1",
  ncsc: null,
  // Without TLS there is nothing to put in its place.
  parents: ["NET-HTTPS-OFF"],
  remedies: [{ remedy: "http-off", plane: "onvif" }],
  guide: (camera) => guideFor("NET-HTTP", camera),
  look: async (camera, cancel) => {
    const { http } = await webPortsOf(camera, cancel);
    const open = await openPorts(camera, http, cancel);
    const clear: string[] = [];
    const silent: string[] = [];
    for (const { port } of open) {
      const page = await pageAt(camera, port, cancel);
      if (page.kind === "clear") clear.push(`Port ${port} answers without TLS (${page.how}).`);
      if (page.kind === "silent") silent.push(page.why);
    }
    if (clear.length > 0) return failed(...clear);
    const [why] = silent;
    if (why !== undefined) return unknown(why);
    return passed(open.length === 0 ? `Nobody answers at ${http.join(", ")}.` : "Without TLS it only points to TLS.");
  },
};

type Page =
  | { readonly kind: "clear"; readonly how: string }
  /** It serves nothing there, or only says that one should come by TLS. */
  | { readonly kind: "none" }
  | { readonly kind: "silent"; readonly why: string };

/** What a port answers without TLS. */
const pageAt = async (camera: ProbedCamera, port: number, cancel: Cancellable): Promise<Page> => {
  try {
    const to = { method: "GET", path: "/", port, secure: false } as const;
    const { status, headers } = await camera.http.request(to, { kind: "nobody" }, cancel);
    const redirected = status >= 300 && status < 400 && /^https:/i.test(headers["location"] ?? "");
    if (!redirected) return { kind: "clear", how: `HTTP ${status}` };
    const device = camera.device;
    // It may well redirect people and still serve programs.
    return device.protocol === "http:" && portOf(device) === port ? { kind: "clear", how: "ONVIF" } : { kind: "none" };
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (isGatehouseError(error) && error.code === "camera-answer-malformed") return { kind: "none" };
    // One port that takes connections and says nothing hides no other.
    if (isGatehouseError(error) && error.code === "camera-unreachable") return { kind: "silent", why: error.message };
    throw error;
  }
};

const portOf = ({ port }: URL): number => (port === "" ? 80 : Number(port));
