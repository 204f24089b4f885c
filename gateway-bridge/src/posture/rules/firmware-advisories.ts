import type { AffectedRange, FirmwareAdvisory, FirmwareRules, SupportRule } from "./firmware-rules.ts";

const nvd = (id: string): string => `https://nvd.nist.gov/vuln/detail/${id}`;
const known = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog";
const all: readonly AffectedRange[] = [{ all: true }];

/** An advisory as it is written below: lists may be read-only. */
type Written = Omit<FirmwareAdvisory, "makers" | "models" | "affected" | "sources" | "severity"> & {
  readonly makers: readonly string[];
  readonly models: readonly string[];
  readonly affected: readonly AffectedRange[];
  readonly severity?: FirmwareAdvisory["severity"];
  readonly sources?: readonly string[];
};

const advisory = ({ makers, models, affected, severity = "critical", sources = [], ...rest }: Written) =>
  ({
    ...rest,
    makers: [...makers],
    models: [...models],
    affected: [...affected],
    severity,
    sources: [nvd(rest.id), ...(rest.exploited === null ? [] : [known]), ...sources],
  }) satisfies FirmwareAdvisory;

const hikvision = ["hikvision", "hilook", "hiwatch"];
const dahua = ["dahua", "amcrest", "lorex"];
/** ICSA-17-124-01 names a range for each series; `x` there stands for one sign. */
const icsa17 = "https://www.cisa.gov/news-events/ics-advisories/icsa-17-124-01";

/**
 * Exploited in the wild, as the catalogue of known exploited vulnerabilities says. It names no versions: those are from the sources below.
 * Not here, because no model and no version of a camera tells that it has them: CVE-2014-8361, CVE-2021-35394, CVE-2021-35395 (a chip
 * maker's kit) and CVE-2017-17562 (a web server in many devices). Nor what routers have: CVE-2019-17621.
 */
const exploited: readonly FirmwareAdvisory[] = [
  advisory({
    id: "CVE-2021-36260",
    makers: hikvision,
    models: ["DS-2CD*", "DS-2DE*", "DS-2DF*", "DS-2DY*", "DS-2XE*", "PTZ-N*"],
    // The fault is in firmware from 2016 on; mended builds are 210625 and 210628, which nobody compared with the maker's list for each model.
    affected: [{ builtFrom: "2016-01-01", builtBefore: "2021-06-25" }],
    effect: "Whoever reaches its web page can run any command on it, without a password.",
    exploited: "2022-01-10",
    confidence: "unverified",
    sources: ["https://www.hikvision.com/en/support/cybersecurity/security-advisory/security-notification-command-injection-vulnerability-in-some-hikvision-products/"], // prettier-ignore
  }),
  ...(
    [
      ["DS-2CD2##2F-I*", "2014-07-21", "2016-05-31"],
      ["DS-2CD2##0F-I*", "2014-07-21", "2016-04-02"],
      ["DS-2CD2##2FWD*", "2015-04-10", "2016-11-26"],
      ["DS-2CD4#2#FWD*", "2014-07-21", "2016-04-15"],
      ["DS-2CD4##5*", "2014-07-21", "2016-04-22"],
      ["DS-2DF*", "2014-08-05", "2016-09-29"],
      ["DS-2CD63##*", "2014-03-05", "2016-01-07"],
    ] as const
  ).map(([model, builtFrom, builtBefore]) =>
    advisory({
      id: "CVE-2017-7921",
      makers: hikvision,
      models: [model],
      affected: [{ builtFrom, builtBefore }],
      effect: "Whoever reaches its web page can become its administrator, without a password.",
      exploited: "2026-03-05",
      confidence: "published",
      sources: [icsa17],
    }),
  ),
  ...["CVE-2021-33044", "CVE-2021-33045"].map((id) =>
    advisory({
      id,
      makers: dahua,
      // The series IPC-HX3XXX, where HX stands for HFW, HDW, HDBW and the like.
      models: ["IPC-H@3###*"],
      affected: [{ builtBefore: "2021-06-30" }],
      effect: "Whoever reaches it can log in without knowing the password.",
      exploited: "2024-08-21",
      confidence: "published",
    }),
  ),
  ...["CVE-2021-33044", "CVE-2021-33045"].map((id) =>
    advisory({
      id,
      makers: dahua,
      models: ["IPC-H@5###*", "IPC-HUM7###*"],
      affected: [{ builtBefore: "2021-07-05" }],
      effect: "Whoever reaches it can log in without knowing the password.",
      exploited: "2024-08-21",
      confidence: "published",
    }),
  ),
  advisory({
    id: "CVE-2020-5735",
    makers: dahua,
    models: ["IPM-721*", "IP2M-841*"],
    // Mended in builds of 2020; the day differs by model and was not compared.
    affected: [{ builtBefore: "2020-01-01" }],
    severity: "high",
    effect: "Whoever knows any of its logins can run commands on it.",
    exploited: "2021-11-03",
    confidence: "unverified",
    sources: ["https://www.tenable.com/security/research/tra-2020-20"],
  }),
  advisory({
    id: "CVE-2019-11001",
    makers: ["reolink"],
    models: ["RLC-410W*", "C1 Pro*", "C2 Pro*", "RLC-422W*", "RLC-511W*"],
    affected: [{ before: "1.0.228" }],
    severity: "high",
    effect: "Whoever knows its administrator's login can run commands on it.",
    exploited: "2024-12-18",
    confidence: "published",
  }),
  advisory({
    id: "CVE-2021-40407",
    makers: ["reolink"],
    models: ["RLC-410W*"],
    affected: [{ from: "3.0.0", before: "3.0.0.137" }],
    severity: "high",
    effect: "Whoever knows its administrator's login can run commands on it.",
    exploited: "2024-12-18",
    confidence: "published",
    sources: ["https://talosintelligence.com/vulnerability_reports/TALOS-2021-1424"],
  }),
  ...["CVE-2020-25078", "CVE-2020-25079"].flatMap((id) =>
    (
      [
        ["DCS-2530L*", "1.06.01"],
        ["DCS-2670L*", "2.02.01"],
      ] as const
    ).map(([model, before]) =>
      advisory({
        id,
        makers: ["d-link"],
        models: [model],
        affected: [{ before }],
        effect: "Whoever reaches its web page can read the administrator's password, and run commands with it.",
        exploited: "2025-08-05",
        confidence: "published",
        sources: ["https://supportannouncement.us.dlink.com/announcement/publication.aspx?name=SAP10180"],
      }),
    ),
  ),
  advisory({
    id: "CVE-2016-11021",
    makers: ["d-link"],
    models: ["DCS-930L*"],
    affected: [{ before: "2.12" }],
    severity: "high",
    effect: "Whoever knows its administrator's login can run commands on it.",
    exploited: "2022-03-25",
    confidence: "published",
  }),
  advisory({
    id: "CVE-2025-1316",
    makers: ["edimax"],
    models: ["IC-7100*"],
    affected: all,
    effect: "Whoever reaches its web page can run any command on it, and its maker mends it no more.",
    exploited: "2025-03-19",
    confidence: "published",
    sources: ["https://www.cisa.gov/news-events/ics-advisories/icsa-25-063-08"],
  }),
  ...["CVE-2024-6047", "CVE-2024-11120"].map((id) =>
    advisory({
      id,
      makers: ["geovision"],
      models: ["GV-VS11*", "GV-VS12*", "GV-DSP_LPR_V3*", "GV-DSP LPR V3*", "GVLX 4*"],
      affected: all,
      effect: "Whoever reaches its web page can run any command on it, and its maker mends it no more.",
      exploited: "2025-05-07",
      confidence: "published",
    }),
  ),
  ...["CVE-2024-8956", "CVE-2024-8957"].map((id) =>
    advisory({
      id,
      makers: ["ptzoptics"],
      models: ["PT30X-SDI*", "PT30X-NDI*"],
      affected: [{ before: "6.3.40" }],
      effect: "Whoever reaches its web page can read its settings without a password, and run commands on it.",
      exploited: "2024-11-04",
      confidence: "published",
    }),
  ),
  advisory({
    id: "CVE-2018-14933",
    makers: ["nuuo"],
    models: ["NVRmini*"],
    affected: all,
    effect: "Whoever reaches its web page can run any command on it.",
    exploited: "2024-12-18",
    confidence: "unverified",
  }),
  advisory({
    id: "CVE-2022-23227",
    makers: ["nuuo"],
    models: ["NVRmini2*", "NVRmini 2*"],
    affected: [{ before: "3.11.1" }],
    effect: "Whoever reaches its web page can add an administrator and run any command on it.",
    exploited: "2024-12-18",
    confidence: "published",
  }),
  advisory({
    id: "CVE-2023-47565",
    makers: ["qnap"],
    models: ["VS-*"],
    affected: [{ from: "4.0", before: "5.0.0" }],
    severity: "high",
    effect: "Whoever knows one of its logins can run commands on it.",
    exploited: "2023-12-21",
    confidence: "published",
  }),
];

/** Made public, and not known to be exploited. */
const disclosed: readonly FirmwareAdvisory[] = [
  advisory({
    id: "CVE-2018-6413",
    makers: hikvision,
    models: ["DS-2CD9111*"],
    affected: [{ builtBefore: "2016-02-04" }],
    effect: "Whoever reaches it can make it run their own program.",
    exploited: null,
    confidence: "published",
  }),
  ...["CVE-2025-31700", "CVE-2025-31701"].map((id) =>
    advisory({
      id,
      makers: dahua,
      models: ["IPC-H@1###*", "IPC-H@2###*", "DH-H4C*"],
      affected: [{ builtBefore: "2025-04-16" }],
      severity: "high",
      effect: "Whoever reaches it can make it run their own program, without a password.",
      exploited: null,
      confidence: "published",
      sources: [
        "https://www.bitdefender.com/en-us/blog/labs/vulnerabilities-identified-in-dahua-hero-c1-smart-cameras",
      ],
    }),
  ),
  ...["CVE-2018-10660", "CVE-2018-10661", "CVE-2018-10662"].map((id) =>
    advisory({
      id,
      makers: ["axis"],
      // The maker's list has some 390 models with a version each; only this series was taken from it.
      models: ["*M304#*"],
      affected: [{ before: "8.20.1" }],
      effect: "Whoever reaches its web page can run any command on it, without a password.",
      exploited: null,
      confidence: "unverified",
      sources: ["https://www.axis.com/files/faq/Advisory_ACV-128401.pdf"],
    }),
  ),
  advisory({
    id: "CVE-2021-31986",
    makers: ["axis"],
    models: ["*"],
    // By the lines that the maker mends: what lies between them is judged by none.
    affected: [
      { from: "6.50", before: "6.50.5.5" },
      { from: "8.40", before: "8.40.4.3" },
      { from: "9.80", before: "9.80.3.5" },
      { from: "10.0", before: "10.7" },
    ],
    severity: "medium",
    effect: "Whoever can make it send mail can make it run their own program.",
    exploited: null,
    confidence: "unverified",
    sources: ["https://www.axis.com/support/cybersecurity/vulnerability-management"],
  }),
  advisory({
    id: "CVE-2021-4045",
    makers: ["tapo", "tp-link"],
    models: ["*C200*"],
    affected: [{ before: "1.1.16", from: "1.0" }],
    effect: "Whoever reaches it can run any command on it, without a password.",
    exploited: null,
    confidence: "published",
    sources: ["https://www.incibe.es/en/incibe-cert/early-warning/vulnerabilities/cve-2021-4045"],
  }),
  ...(
    [
      [["WYZEC1-JZ*", "Wyze Cam v2*"], "4.9.8.1002"],
      [["WYZE_CAKP2JFUS*", "Wyze Cam v3*"], "4.36.8.32"],
      [["WYZECP1*", "Wyze Cam Pan v2*"], "4.49.1.47"],
    ] as const
  ).map(([models, before]) =>
    advisory({
      id: "CVE-2019-9564",
      makers: ["wyze"],
      models,
      affected: [{ before }],
      effect: "Whoever is in the same network can control it without a password.",
      exploited: null,
      confidence: "published",
      sources: ["https://www.bitdefender.com/files/News/CaseStudies/study/413/Bitdefender-PR-Whitepaper-WCam-creat5991-en-EN.pdf"], // prettier-ignore
    }),
  ),
  advisory({
    id: "CVE-2017-2872",
    makers: ["foscam"],
    models: ["C1*"],
    affected: [{ from: "2.0", before: "2.52.2.44" }],
    severity: "high",
    effect: "Whoever knows its administrator's login can replace its firmware by their own.",
    exploited: null,
    confidence: "unverified",
    sources: ["https://talosintelligence.com/vulnerability_reports/TALOS-2017-0379"],
  }),
];

/** For makers whose versions tell no date, and models that are given up. */
const support: readonly SupportRule[] = [
  {
    makers: ["axis"],
    models: ["*"],
    // The oldest line of long support that is still mended in 2026; the day that it ends was not compared for each model.
    oldest: "10.12",
    confidence: "unverified",
    sources: ["https://help.axis.com/en-us/axis-os"],
  },
  {
    makers: ["wyze"],
    models: ["WYZEC1", "Wyze Cam v1*"],
    oldest: null,
    confidence: "published",
    sources: ["https://www.bitdefender.com/files/News/CaseStudies/study/413/Bitdefender-PR-Whitepaper-WCam-creat5991-en-EN.pdf"], // prettier-ignore
  },
  {
    makers: ["edimax"],
    models: ["IC-7100*"],
    oldest: null,
    confidence: "published",
    sources: ["https://www.cisa.gov/news-events/ics-advisories/icsa-25-063-08"],
  },
];

/** What this version of Gatehouse came with. */
export const builtInRules: FirmwareRules = {
  format: 1,
  issued: Date.UTC(2026, 10, 22),
  advisories: [...exploited, ...disclosed],
  support: [...support],
};
