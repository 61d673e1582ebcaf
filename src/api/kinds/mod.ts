export { defineKind } from "./define-kind.ts";
export type * from "./kind-definition.ts";
export { kindDefinitionOf, kindDefinitions } from "./registry.ts";
