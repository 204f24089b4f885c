import { openSync, readdirSync, readFileSync } from "node:fs";

/** Of open(2), as Linux tells it in octal. */
const closeOnExec = 0o2_000_000;
const standardStreams = 3;

const isInheritable = (descriptor: number): boolean => {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // Closed meanwhile: it was that of the listing itself.
    return false;
  }
};

/** Descriptors beside the standard streams that a program which is started now would be given. None where the system does not tell. */
export const inheritableDescriptors = (): readonly number[] => {
  try {
    return readdirSync("/proc/self/fdinfo")
      .map(Number)
      .filter((descriptor) => descriptor >= standardStreams && isInheritable(descriptor));
  } catch {
    return [];
  }
};

let nothing: number | undefined;

/**
 * What `spawn` is to give a program so that it gets three pipes and nothing else. Node's own descriptors close by themselves; those of
 * native libraries do not, and a WebRTC socket would be a way round the sandbox into the network. Each is covered by /dev/null.
 */
export const pipesAlone = (inheritable = inheritableDescriptors()): ("pipe" | "ignore" | number)[] => {
  // With the first program, whatever is open then, so that what stays open does not hang on who came first.
  nothing ??= openSync("/dev/null", "r");
  const stdio: ("pipe" | "ignore" | number)[] = ["pipe", "pipe", "pipe"];
  if (inheritable.length === 0) return stdio;
  const covered = new Set(inheritable);
  for (let descriptor = standardStreams; descriptor <= Math.max(...covered); descriptor += 1) {
    stdio.push(covered.has(descriptor) ? nothing : "ignore");
  }
  return stdio;
};
