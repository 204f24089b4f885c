import type { Credentials } from "../../domain/camera.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { MendedCamera } from "../remedy.ts";

/** A camera that was opened through the budget, with the login that may change it. It is let go as it was before. */
export const mendedCamera = <Opened extends ProbedCamera & Disposable>(
  opened: Opened,
  given: { readonly credentials: Credentials | undefined; readonly options: MendedCamera["options"] },
): Opened & MendedCamera & AsyncDisposable =>
  Object.assign(opened, { ...given, [Symbol.asyncDispose]: async () => opened[Symbol.dispose]() });
