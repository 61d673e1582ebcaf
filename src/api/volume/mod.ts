export * from "./annotations.ts";
export * from "./bound.ts";
export * from "./local-directory.ts";
export * from "./match.ts";
export * from "./pod-claims.ts";
export * from "./storage-class.ts";
