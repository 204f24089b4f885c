import { assertNever, routes, type Clock, type Route, type RouteName } from "@gatehouse/shared";
import type { FastifyReply } from "fastify";
import { addAbortSignal } from "node:stream";

import type { Clip, Snapshot } from "../ports.ts";
import type { FileAnswer, SdpAnswer, TextAnswer } from "./handlers.ts";
import { limits } from "./limits.ts";
import { patientStream } from "./patient-stream.ts";

export interface Answered {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
  /** What the handler gave. */
  readonly result: unknown;
  readonly clock: Clock;
}

/** Sends what a handler gave in the form that its route declares. */
export const sendAnswer = (reply: FastifyReply, { name, params, result, clock }: Answered): FastifyReply => {
  const { response }: Route = routes[name];
  switch (response) {
    case "jpeg": {
      const { jpeg, capturedAt } = result as Snapshot;
      // RFC 9111 5.1
      const age = Math.max(0, Math.floor((clock.now() - capturedAt) / 1_000));
      const headers = { "x-captured-at": capturedAt, age, "x-camera": params["camera"] };
      return reply.headers(headers).type("image/jpeg").send(jpeg);
    }
    case "mp4": {
      const { chunks, startedAt, ended } = result as Clip;
      const headers = { "x-started-at": startedAt, "x-camera": params["camera"] };
      return reply
        .headers(headers)
        .type("video/mp4")
        .send(addAbortSignal(ended, patientStream(chunks, clock, limits.stuckReader)));
    }
    case "sdp": {
      const { id, sdp } = result as SdpAnswer;
      return reply.code(201).header("location", `/v1/webrtc-sessions/${id}`).type("application/sdp").send(sdp);
    }
    case "text": {
      const { contentType, text } = result as TextAnswer;
      return reply.type(contentType).send(text);
    }
    case "file": {
      const { contentType, name: fileName, chunks } = result as FileAnswer;
      return reply
        .header("content-disposition", `attachment; filename="${fileName}"`)
        .type(contentType)
        .send(patientStream(chunks, clock, limits.stuckReader));
    }
    case "websocket":
      throw new TypeError("a WebSocket is not answered");
    default:
      if (typeof response === "string") return assertNever(response);
  }
  const checked = response.safeParse(result);
  // An answer with a field too many is a leak until shown otherwise.
  if (!checked.success) throw new TypeError(`the answer of ${name} breaks its schema: ${checked.error.message}`);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(checked.data));
};
