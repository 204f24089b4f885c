const base = {
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  modulePathIgnorePatterns: ["/dist/"],
  testEnvironmentOptions: { customExportConditions: ["source", "node", "node-addons"] },
};

export default {
  coverageProvider: "v8",
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
