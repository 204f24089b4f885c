import { describe } from "@jest/globals";

import { MemoryRegistry } from "./memory-registry.ts";
import { itIsARegistry } from "./testing/registry-contract.ts";

describe("MemoryRegistry", () => {
  itIsARegistry(() => new MemoryRegistry());
});
