import { Secret } from "@gatehouse/shared";

import type { MendedCamera, MendTools } from "../remedy.ts";

/**
 * The key that a camera is about to be told to show, written down before it is told: whoever is cut off between the camera's change and the
 * gateway's own finds a key there that nobody knows, and has to tell it from a stranger's.
 */
export const announcePin = ({ id }: MendedCamera, { pending }: MendTools, purpose: string, pin: string): void =>
  pending.put(id, purpose, { username: "pin", password: Secret.of(pin) });

export const announcedPin = ({ id }: MendedCamera, { pending }: MendTools, purpose: string): string | undefined =>
  pending.get(id, purpose)?.password.reveal();
