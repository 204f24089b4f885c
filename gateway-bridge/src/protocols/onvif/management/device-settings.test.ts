import { GatehouseError } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { isUnsupported, unlessUnsupported } from "./ask.ts";
import { getDeviceCapabilities } from "./capabilities.ts";
import { getNtp, getSystemDateAndTime, setNtp, setSystemDateAndTime } from "./clock.ts";
import { getDiscoveryMode, getEndpointReference, getScopes, setDiscoveryMode } from "./discovery.ts";
import { getSystemBackup, reboot, startFirmwareUpgrade } from "./firmware.ts";
import { getIpAddressFilter, setIpAddressFilter } from "./ip-filter.ts";
import { getSystemLog } from "./logs.ts";
import {
  getAuthFailureOptions,
  getAuthFailureWarning,
  getPasswordComplexity,
  getPasswordLengthRange,
  setAuthFailureWarning,
  setHashingAlgorithms,
  setPasswordComplexity,
} from "./password-policy.ts";
import { getSecureStreamUri } from "./secure-stream.ts";
import { outline, ScriptedCaller } from "./testing/scripted-caller.ts";

const cancel = { signal: new AbortController().signal };
const said = (onvif: ScriptedCaller): readonly string[] => onvif.asked.map(({ body }) => outline(body));

describe("a camera's clock", () => {
  it("is read and set", async () => {
    const onvif = new ScriptedCaller({
      GetSystemDateAndTime: `<SystemDateAndTime><DateTimeType>NTP</DateTimeType><DaylightSavings>true</DaylightSavings><TimeZone><TZ>CET-1CEST</TZ></TimeZone><UTCDateTime><Time><Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time><Date><Year>2026</Year><Month>1</Month><Day>31</Day></Date></UTCDateTime></SystemDateAndTime>`,
      SetSystemDateAndTime: "",
    });
    const utc = Date.UTC(2026, 0, 31, 1, 2, 3);
    const clock = await getSystemDateAndTime(onvif, cancel);
    expect(clock).toEqual({ utc, type: "NTP", daylightSavings: true, zone: "CET-1CEST" });
    await setSystemDateAndTime(onvif, { ...clock, type: "NTP" }, cancel);
    await setSystemDateAndTime(onvif, { type: "Manual", daylightSavings: false, zone: "", utc }, cancel);
    expect(said(onvif).slice(1)).toEqual([
      "SetSystemDateAndTime(DateTimeType=NTP DaylightSavings=true TimeZone(TZ=CET-1CEST))",
      "SetSystemDateAndTime(DateTimeType=Manual DaylightSavings=false UTCDateTime(Time(Hour=1 Minute=2 Second=3) Date(Year=2026 Month=1 Day=31)))",
    ]);
  });

  it("follows the servers that it is told", async () => {
    const onvif = new ScriptedCaller({
      GetNTP: `<NTPInformation><FromDHCP>false</FromDHCP><NTPManual><Type>DNS</Type><DNSname>pool.ntp.org</DNSname></NTPManual><NTPFromDHCP><Type>IPv4</Type><IPv4Address>10.0.0.1</IPv4Address></NTPFromDHCP></NTPInformation>`,
      SetNTP: "",
    });
    expect(await getNtp(onvif, cancel)).toEqual({ fromDhcp: false, dhcp: ["10.0.0.1"], manual: ["pool.ntp.org"] });
    await setNtp(onvif, { fromDhcp: false, manual: ["10.0.0.2", "a.lan", "fd00::1"] }, cancel);
    expect(said(onvif)[1]).toBe(
      "SetNTP(FromDHCP=false NTPManual(Type=IPv4 IPv4Address=10.0.0.2) NTPManual(Type=DNS DNSname=a.lan) NTPManual(Type=IPv6 IPv6Address=fd00::1))",
    );
  });
});

describe("who may find and reach a camera", () => {
  it("is read and set: discovery and scopes", async () => {
    const onvif = new ScriptedCaller({
      GetDiscoveryMode: "<DiscoveryMode>Discoverable</DiscoveryMode>",
      SetDiscoveryMode: "",
      GetScopes: "<Scopes><ScopeDef>Fixed</ScopeDef><ScopeItem>onvif://a/5.10</ScopeItem></Scopes>",
      GetEndpointReference: "<GUID>urn:uuid:1</GUID>",
    });
    expect(await getDiscoveryMode(onvif, cancel)).toBe("Discoverable");
    await setDiscoveryMode(onvif, "NonDiscoverable", cancel);
    expect(await getScopes(onvif, cancel)).toEqual([{ kind: "Fixed", uri: "onvif://a/5.10" }]);
    expect(await getEndpointReference(onvif, cancel)).toBe("urn:uuid:1");
    expect(said(onvif)[1]).toBe("SetDiscoveryMode(DiscoveryMode=NonDiscoverable)");
  });

  it("is read and set: the address filter, IPv4 before IPv6", async () => {
    const onvif = new ScriptedCaller({
      GetIPAddressFilter: `<IPAddressFilter><Type>Allow</Type><IPv6Address><Address>fd00::1</Address></IPv6Address><IPv4Address><Address>10.0.0.1</Address><PrefixLength>24</PrefixLength></IPv4Address><IPv4Address/></IPAddressFilter>`,
      SetIPAddressFilter: "",
    });
    const ranges = [{ address: "10.0.0.1", prefix: 24 }, { address: "fd00::1", prefix: 128 }]; // prettier-ignore
    expect(await getIpAddressFilter(onvif, cancel)).toEqual({ type: "Allow", ranges });
    await setIpAddressFilter(onvif, { type: "Allow", ranges: ranges.toReversed() }, cancel);
    expect(said(onvif)[1]).toBe(
      "SetIPAddressFilter(IPAddressFilter(Type=Allow IPv4Address(Address=10.0.0.1 PrefixLength=24) IPv6Address(Address=fd00::1 PrefixLength=128)))",
    );
  });
});

describe("what a camera asks of passwords", () => {
  it("is read and set, and never locked", async () => {
    const onvif = new ScriptedCaller({
      GetPasswordComplexityConfiguration: "<MinLen>8</MinLen><BlockUsernameOccurrence>true</BlockUsernameOccurrence><PolicyConfigurationLocked>false</PolicyConfigurationLocked>",
      GetPasswordComplexityOptions: "<MinLenRange><Min>0</Min><Max>28</Max></MinLenRange>",
      SetPasswordComplexityConfiguration: "",
      GetAuthFailureWarningConfiguration: "<Enabled>true</Enabled><MonitorPeriod>60</MonitorPeriod><MaxAuthFailures>5</MaxAuthFailures>",
      GetAuthFailureWarningOptions: "<MonitorPeriodRange><Min>1</Min><Max>600</Max></MonitorPeriodRange><AuthFailureRange><Min>9</Min><Max>3</Max></AuthFailureRange>",
      SetAuthFailureWarningConfiguration: "",
      SetHashingAlgorithm: "",
    }); // prettier-ignore
    const rules = await getPasswordComplexity(onvif, cancel);
    expect(rules).toEqual({ minLength: 8, uppercase: undefined, digits: undefined, specialCharacters: undefined, blocksUsername: true, locked: false }); // prettier-ignore
    await setPasswordComplexity(onvif, { ...rules, digits: 1 }, cancel);
    const warning = await getAuthFailureWarning(onvif, cancel);
    expect(warning).toEqual({ enabled: true, periodS: 60, failures: 5 });
    await setAuthFailureWarning(onvif, warning, cancel);
    await setHashingAlgorithms(onvif, ["SHA-256", "MD5"], cancel);
    expect(await getPasswordLengthRange(onvif, cancel)).toEqual({ min: 0, max: 28 });
    expect(await getAuthFailureOptions(onvif, cancel)).toEqual({ periodS: { min: 1, max: 600 }, failures: undefined });
    expect(said(onvif).filter((text) => text.startsWith("Set"))).toEqual([
      "SetPasswordComplexityConfiguration(MinLen=8 Number=1 BlockUsernameOccurrence=true)",
      "SetAuthFailureWarningConfiguration(Enabled=true MonitorPeriod=60 MaxAuthFailures=5)",
      "SetHashingAlgorithm(Algorithm=SHA-256 MD5)",
    ]);
  });
});

describe("firmware, logs and restarts", () => {
  it("takes firmware and gives settings at its own host only", async () => {
    const onvif = new ScriptedCaller({
      StartFirmwareUpgrade: "<UploadUri>http://203.0.113.9:81/upload?x=1</UploadUri><UploadDelay>PT1M5.5S</UploadDelay><ExpectedDownTime>P1DT2H</ExpectedDownTime>",
      GetSystemUris: "<SystemBackupUri>http://evil.example/backup</SystemBackupUri>",
      SystemReboot: "<Message>Rebooting in 90 seconds</Message>",
      GetSystemLog: "<SystemLog><String>a&lt;b</String></SystemLog>",
    }); // prettier-ignore
    const upload = await startFirmwareUpgrade(onvif, cancel);
    expect(upload).toMatchObject({ delayMs: 65_500, downTimeMs: 93_600_000 });
    expect(upload.url.href).toBe("http://192.168.1.20:81/upload?x=1");
    expect((await getSystemBackup(onvif, cancel)).href).toBe("http://192.168.1.20/backup");
    expect(await reboot(onvif, cancel)).toBe("Rebooting in 90 seconds");
    expect(await getSystemLog(onvif, "System", cancel)).toBe("a<b");
    expect(onvif.asked.at(-1)).toMatchObject({ limit: 8 << 20 });
  });

  it("never waits as long as a hostile camera asks", async () => {
    const onvif = new ScriptedCaller({ StartFirmwareUpgrade: "<UploadUri>/u</UploadUri><UploadDelay>P9999D</UploadDelay>" }); // prettier-ignore
    expect(await startFirmwareUpgrade(onvif, cancel)).toMatchObject({ delayMs: 300_000, downTimeMs: undefined });
  });

  it("says so where settings come as an attachment only", async () => {
    const failed = getSystemBackup(new ScriptedCaller({ GetSystemUris: "<SystemBackupUri/>" }), cancel);
    expect(isUnsupported(await failed.catch((error: unknown) => error))).toBe(true);
  });
});

it("reads what the device service can do, and what it does not say", async () => {
  const onvif = new ScriptedCaller({
    GetServiceCapabilities: `<Capabilities><Network IPFilter="true" DynDNS="0" NTP="1"/><Security TLS1.2="1" MaxPasswordLength="16" HashingAlgorithms="MD5,SHA-256" SecurityPolicies="PasswordComplexity AuthFailureWarnings"/><System HttpFirmwareUpgrade="true"/></Capabilities>`,
  });
  const { network, security, system } = await getDeviceCapabilities(onvif, cancel);
  expect(network).toMatchObject({ ipFilter: true, dynamicDns: false, ntpServers: 1, ipv6: undefined });
  expect(security).toMatchObject({
    tls12: true,
    tls10: undefined,
    maxPasswordLength: 16,
    hashingAlgorithms: ["MD5", "SHA-256"],
    policies: ["PasswordComplexity", "AuthFailureWarnings"],
  });
  expect(system).toMatchObject({ httpFirmwareUpgrade: true, firmwareUpgrade: undefined });
});

describe("isUnsupported", () => {
  const fault = (...codes: readonly string[]): GatehouseError =>
    new GatehouseError("camera-fault", "no", { details: { codes } });
  it.each<[string, unknown, boolean]>([
    ["an optional action", fault("Receiver", "ActionNotSupported"), true],
    ["an unknown action", fault("Sender", "UnknownAction"), true],
    ["a refusal", fault("Sender", "NotAuthorized"), false],
    ["a wrong value", fault("Sender", "InvalidArgVal"), false],
    ["a page that is not there", new GatehouseError("camera-answer-malformed", "", { details: { status: 404 } }), true],
    ["rubbish", new GatehouseError("camera-answer-malformed", "", { details: { status: 200 } }), false],
    ["a camera that is gone", new GatehouseError("camera-unreachable", ""), false],
    ["something else", new Error("ActionNotSupported"), false],
  ])("%s", async (_, error, expected) => {
    expect(isUnsupported(error)).toBe(expected);
    const asked = unlessUnsupported(Promise.reject(error as Error));
    const outcome = await asked.catch((thrown: unknown) => thrown);
    expect(outcome).toBe(expected ? undefined : error);
  });
});

describe("a stream within TLS", () => {
  it("is asked for by that word, at the camera's own host", async () => {
    const onvif = new ScriptedCaller({ GetStreamUri: "<Uri>rtsps://10.9.9.9:322/a?b=c&amp;d</Uri>" });
    expect((await getSecureStreamUri(onvif, "1.50", cancel)).href).toBe("rtsps://192.168.1.20:322/a?b=c&d");
    expect(said(onvif)).toEqual(["GetStreamUri(Protocol=RtspsUnicast ProfileToken=1.50)"]);
    expect(onvif.asked[0]?.service).toBe("media2");
  });

  it("is never one without", async () => {
    const onvif = new ScriptedCaller({ GetStreamUri: "<Uri>rtsp://192.168.1.20/a</Uri>" });
    await expect(getSecureStreamUri(onvif, "p", cancel)).rejects.toMatchObject({ code: "camera-weaker-auth" });
  });
});
