const base = {
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  modulePathIgnorePatterns: ["/dist/"],
  testEnvironmentOptions: { customExportConditions: ["source", "node", "node-addons"] },
};

export default {
  coverageProvider: "v8",
  // How long a test may take where it says nothing: only to end one that hangs, on a box that does other things too.
  testTimeout: 60_000,
  projects: [
    {
      ...base,
      displayName: "unit",
      testMatch: [
        "<rootDir>/*/src/**/*.test.ts",
        "<rootDir>/gateway-bridge/pages/**/*.test.ts",
        "<rootDir>/test/support/**/*.test.ts",
        "<rootDir>/test/simulator/**/*.test.ts",
      ],
    },
    { ...base, displayName: "architecture", testMatch: ["<rootDir>/test/architecture/**/*.test.ts"] },
    { ...base, displayName: "integration", testMatch: ["<rootDir>/test/integration/**/*.test.ts"] },
    { ...base, displayName: "e2e", testMatch: ["<rootDir>/test/e2e/**/*.test.ts"] },
  ],
};
