/** What a service is written with. */
export type { Clock, Counter, Gauge, Histogram, Logger, Metrics, Random } from "#base";

export { type Access, type Authenticator, type OidcOptions, oidc, type Principal } from "./auth/mod.ts";
export {
  type Change,
  ConfigError,
  type Configuration,
  type Mistake,
  type Parsed,
  Secret,
  type Setting,
  type Settings,
  setting,
  type Values,
} from "./config/mod.ts";
export {
  type AdmissionOptions,
  type Answer,
  answer,
  type Call,
  type CallOptions,
  type Client,
  type ClientOptions,
  type CrossOrigin,
  client,
  deadlineHeader,
  del,
  type FieldError,
  get,
  type Handler,
  type HandlerRequest,
  type Handlers,
  type Input,
  type Output,
  openApi,
  Problem,
  type ProblemDocument,
  type ProblemOptions,
  patch,
  post,
  problem,
  put,
  type Route,
  type Routes,
  type Schema,
  type Shape,
  t,
} from "./http/mod.ts";
export * from "./service/mod.ts";
export type {
  Attributes,
  Priority,
  Span,
  SpanKind,
  SpanOptions,
  TraceContext,
  Tracer,
} from "./telemetry/mod.ts";
