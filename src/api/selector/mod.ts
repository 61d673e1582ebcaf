export {
  compileFieldSelector,
  exactFieldValue,
  type FieldRequirement,
  type FieldSelector,
  parseFieldSelector,
} from "./field-selector.ts";
export { compileLabelMap, compileLabelSelector } from "./label-selector.ts";
export { compileNodeSelector, type NodeMatcher, type SelectableNode } from "./node-selector.ts";
export { parseLabelSelector } from "./parse-label-selector.ts";
export type { Labels, Requirement } from "./requirement.ts";
export { compileSelector, everything, formatSelector, nothing, type Selector } from "./selector.ts";
