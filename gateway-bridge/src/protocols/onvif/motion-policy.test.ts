import { describe, expect, it } from "@jest/globals";

import { isMotionTopic, readMotion } from "./motion-policy.ts";
import { plainTopic, type Notification } from "./notification.ts";

const say = (topic: string, data: Record<string, string>, more: Partial<Notification> = {}): Notification => ({
  topic: plainTopic(topic),
  operation: "Changed",
  source: new Map([["Source", "VideoSource_1"]]),
  data: new Map(Object.entries(data)),
  ...more,
});

describe("plainTopic", () => {
  it.each([
    ["tns1:VideoSource/MotionAlarm", "VideoSource/MotionAlarm"],
    ["tns1:VideoSource/tnsaxis:MotionAlarm//.", "VideoSource/MotionAlarm"],
    [" tns1:RuleEngine/CellMotionDetector/Motion\n", "RuleEngine/CellMotionDetector/Motion"],
    ["//.", ""],
    ["", ""],
  ])("%j is %j", (text, topic) => expect(plainTopic(text)).toBe(topic));
});

describe("readMotion", () => {
  it.each<[string, Record<string, string>, boolean | undefined]>([
    ["tns1:RuleEngine/CellMotionDetector/Motion", { IsMotion: "true" }, true],
    ["tns1:RuleEngine/CellMotionDetector/Motion//.", { IsMotion: "false" }, false],
    ["tns1:VideoSource/MotionAlarm", { State: "1" }, true],
    ["tns1:VideoSource/MotionAlarm", { State: "0" }, false],
    ["tns1:RuleEngine/MotionRegionDetector/Motion", { State: "true" }, true],
    ["tns1:VideoAnalytics/tnsaxis:MotionDetection", { motion: "TRUE" }, true],
    ["tnsaxis:CameraApplicationPlatform/VMD/Camera1ProfileANY", { active: "1" }, true],
    ["tns1:RuleEngine/MotionDetector/Alarm", { Value: "true" }, true],
    ["tns1:RuleEngine/CellMotionDetector/Motion", { Other: "x", IsMotion: "true" }, true],
    // The more telling item is believed.
    ["tns1:VideoSource/MotionAlarm", { Value: "true", State: "false" }, false],
    // Not motion, or nothing said of it.
    ["tns1:RuleEngine/TamperDetector/Tamper", { IsTamper: "true", State: "true" }, undefined],
    ["tns1:Device/Trigger/DigitalInput", { LogicalState: "true" }, undefined],
    ["tns1:VideoSource/MotionAlarm", { State: "perhaps" }, undefined],
    ["tns1:VideoSource/MotionAlarm", {}, undefined],
  ])("%s with %j: %s", (topic, data, active) => expect(readMotion(say(topic, data))?.active).toBe(active));

  it("ends with the property", () => {
    expect(readMotion(say("VideoSource/MotionAlarm", {}, { operation: "Deleted" }))?.active).toBe(false);
  });

  it("keeps the camera's correlation id and tells lenses apart", () => {
    const first = readMotion(say("VideoSource/MotionAlarm", { State: "true", Reference: "r-7" }));
    const other = readMotion(say("VideoSource/MotionAlarm", { State: "true" }, { source: new Map([["Source", "2"]]) }));
    expect(first).toMatchObject({ topic: "VideoSource/MotionAlarm", reference: "r-7" });
    expect(other).not.toHaveProperty("reference");
    expect(other?.part).not.toBe(first?.part);
  });
});

it("isMotionTopic knows motion by any of its names", () => {
  expect(["RuleEngine/CellMotionDetector/Motion", "A/VMD4/B"].every(isMotionTopic)).toBe(true);
  expect(["VideoSource/GlobalSceneChange/ImagingService", ""].some(isMotionTopic)).toBe(false);
});
