/**
 * The object model: every kind's type, resource, schema and behaviour. Pure, and fit for a browser.
 */

export * from "./apply/mod.ts";
export * from "./generated/resources.ts";
export type * from "./generated/types.ts";
export * from "./json.ts";
export * from "./kinds/mod.ts";
export * from "./names.ts";
export type { ObjectList } from "./object.ts";
export * from "./openapi/mod.ts";
export * from "./patch/mod.ts";
export * from "./pod/mod.ts";
export { decodeProtobuf, encodeProtobuf, protobufMediaType } from "./protobuf/envelope.ts";
export * from "./qos.ts";
export * from "./quantity.ts";
export * from "./resource.ts";
export { type GroupVersionKind, schemaOf, schemaOfType } from "./schema/built-in.ts";
export {
  type DecodeReport,
  type Decoding,
  decodeObject,
  fieldWarnings,
  strictError,
} from "./schema/decode.ts";
export { applyStaticDefaults } from "./schema/defaults.ts";
export { type StructuralSchema, schemaFromOpenApi } from "./schema/from-openapi.ts";
export { type JsonBody, parseJsonBody } from "./schema/json-body.ts";
export type * from "./schema/type-schema.ts";
export * from "./selector/mod.ts";
export * from "./table/mod.ts";
export * from "./transport.ts";
export { kubernetesVersion } from "./version.ts";
