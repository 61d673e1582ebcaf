/**
 * What only a server of the API does with objects: schemas and their encodings, behaviour of every kind, field ownership,
 * OpenAPI. Apart from the object model because its tables take memory that the other programs would pay for as well.
 */

export * from "./apply/mod.ts";
export { kindDefinitionOf, kindDefinitions } from "./kinds/mod.ts";
export * from "./openapi/mod.ts";
export { decodeProtobuf, encodeProtobuf, protobufMediaType } from "./protobuf/envelope.ts";
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
