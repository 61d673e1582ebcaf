/**
 * The format of `src/api/definitions/*.json`: one file per package of types (usually one API group and version),
 * one line per field. Everything in `src/api/generated` is made from these files.
 */
export interface PackageDefinition {
  /** Name of the package in OpenAPI: `io.k8s.api.apps.v1`. The file is named after its last two words, `apps.v1`. */
  readonly openapi: string;
  /** Name of the package in protobuf: `k8s.io.api.apps.v1`. */
  readonly protobuf: string;
  /** API group whose kinds this package holds; absent when it holds none of its own (`meta.v1`). */
  readonly group?: string;
  readonly version?: string;
  /** Place in discovery, lower first: where names clash, clients take the first. */
  readonly order?: number;
  /** What is served, by plural name. */
  readonly resources?: Readonly<Record<string, ResourceDefinition>>;
  readonly types: Readonly<Record<string, TypeDefinition>>;
}

/** The same at run time: each type as JSON text of its `TypeDefinition`. Resources are tokens of their own. */
export interface PackageTable extends Pick<PackageDefinition, "openapi" | "protobuf" | "group" | "version"> {
  readonly types: Readonly<Record<string, string>>;
}

export interface ResourceDefinition {
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs: readonly string[];
  /** Deleting answers with the object instead of a Status. */
  readonly returnsDeleted?: true;
  readonly subresources?: Readonly<Record<string, SubresourceDefinition>>;
}

export interface SubresourceDefinition {
  /** `Pod`, or `autoscaling/v1 Scale` when the kind lives in another group or version. */
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface TypeDefinition {
  /**
   * `true`: a kind of the package's group and version; `"everywhere"`: a kind of every group and version
   * (`DeleteOptions`). Absent: a part of other types.
   */
  readonly kind?: true | "everywhere";
  /** Travels only in protobuf or discovery, or only as a query: not part of the OpenAPI documents. */
  readonly hidden?: true;
  /** Applied and merged as one value: `x-kubernetes-map-type: atomic`. */
  readonly map?: "atomic";
  /** `x-kubernetes-unions`, verbatim. */
  readonly unions?: readonly object[];
  readonly fields: Readonly<Record<string, FieldDefinition>>;
}

export interface FieldDefinition {
  /**
   * A scalar (`string`, `bytes`, `bool`, `int32`, `int64`, `double`, `Time`, `MicroTime`, `Quantity`, `IntOrString`,
   * `RawExtension`, `FieldsV1`, `JSON`, …), a type of this package (`PodSpec`) or another (`meta.v1.ObjectMeta`);
   * with `[]` behind it a list, within `map<…>` a map from strings.
   */
  readonly type: string;
  /** Number in protobuf. `[2, 5]`: number 5 of the message in number 2, which JSON writes inline. */
  readonly protobuf?: number | readonly [number, ...number[]];
  /** The message that holds a list in protobuf, as its field 1, where JSON has the bare list: `ExtraValue`. */
  readonly wire?: string;
  readonly required?: true;
  /** An empty value is a value: `""`, `0` and `false` differ from absent. */
  readonly pointer?: true;
  readonly default?: unknown;
  readonly list?: "atomic" | "set" | "map";
  /** The fields that name an element of a `map` list. */
  readonly keys?: readonly string[];
  readonly map?: "atomic" | "granular";
  /** Strategic merge patch: `merge`, `replace`, `retainKeys`, or `merge,retainKeys`. */
  readonly patch?: string;
  readonly mergeKey?: string;
  /** OpenAPI format, where it does not follow from the type. */
  readonly format?: string;
}

/** Types that JSON writes as one value, with their OpenAPI names where those are schemas of their own. */
export const scalars: Readonly<Record<string, string | undefined>> = {
  string: undefined,
  bytes: undefined,
  bool: undefined,
  int32: undefined,
  int64: undefined,
  double: undefined,
  Quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  IntOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  Time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  MicroTime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
  FieldsV1: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  RawExtension: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  JSON: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
  JSONSchemaPropsOrArray: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
  JSONSchemaPropsOrBool: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
  JSONSchemaPropsOrStringArray:
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
};
