// The gateway serves the package under this name.
export * from "uqr";
