/** The chassis' public face: what a service is written with. One line per part, in the order in which a service meets them. */

export {
  type Change,
  ConfigError,
  type Configuration,
  type Mistake,
  Secret,
  type Setting,
  type Settings,
  setting,
} from "./config/mod.ts";
export {
  type Answer,
  answer,
  type Call,
  type CallOptions,
  type Client,
  type ClientOptions,
  client,
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
export type { Attributes, Span, SpanKind, SpanOptions, TraceContext, Tracer } from "./telemetry/mod.ts";
