import type { SoapOperation } from "../../soap.ts";
import { subscriptionPath, type OnvifEvents } from "../../onvif-events.ts";
import { preAuth, readMedia, type Operations } from "./operation.ts";

/** Events by pull points, as the simulator of streams has them; undefined for a path that is none of theirs. */
export const eventOperations = (events: OnvifEvents, path: string | undefined): Operations => {
  const operations =
    path === undefined ? events.operations : events.subscriptionOperations(path.slice(subscriptionPath.length));
  const wrap = (name: string, run: SoapOperation) =>
    (name === "GetServiceCapabilities" ? preAuth : readMedia)((_core, _body, { request, signal }) =>
      run(request, { signal }),
    );
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, wrap(name, run)]));
};
