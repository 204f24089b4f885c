import { fakeCameraId } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { judgeDevice, type SeenDevice } from "./newcomer-policy.ts";

const [front, back] = [fakeCameraId("f"), fakeCameraId("b")];
const adopted = [
  { id: front, addresses: ["192.168.1.20", "fd00::20"], serial: "ACCC8E-123456" },
  { id: back, addresses: [], serial: "7" },
];
const endpoints = new Map([["urn:uuid:back", back]]);
const seen = (more: Partial<SeenDevice>): SeenDevice => ({
  ...{ endpoint: "urn:uuid:new", address: "192.168.1.99", name: "", hardware: "" },
  ...more,
});

describe("judgeDevice", () => {
  it.each<[string, Partial<SeenDevice>, string[], string]>([
    ["at a camera's address", { address: "192.168.1.20" }, [], `adopted ${front}`],
    ["at another address of it", { address: "fd00::20" }, [], `adopted ${front}`],
    ["that nobody knows", {}, [], "stranger"],
    ["that calls itself as a camera did", { endpoint: "urn:uuid:back" }, [], `moved ${back}`],
    ["with a camera's serial number in its id", { endpoint: "urn:uuid:00075f-accc8e123456" }, [], `moved ${front}`],
    ["with a camera's serial number, in its name", { name: "axis-ACCC8E123456" }, [], `moved ${front}`],
    ["whose name is a camera's that answers, too", { name: "axis-accc8e123456" }, ["192.168.1.20"], "stranger"],
    ["that has so short a serial number in it", { name: "Camera 7" }, [], "stranger"],
  ])("a device %s", (_, more, answering, standing) => {
    const device = seen(more);
    const judged = judgeDevice(device, { adopted, endpoints, answering: new Set([...answering, device.address]) });
    expect(judged.kind === "stranger" ? judged.kind : `${judged.kind} ${judged.camera}`).toBe(standing);
  });
});
