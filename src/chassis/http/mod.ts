export { AddressSet } from "../addresses.ts";
export { AcceptQueue } from "./accept-queue.ts";
export { Admission, type AdmissionOptions } from "./admission.ts";
export { type Answer, answer } from "./answer.ts";
export { type Call, type CallOptions, type Client, type ClientOptions, client } from "./client.ts";
export type { CrossOrigin } from "./cross-origin.ts";
export { deadlineHeader } from "./deadline.ts";
export { Dispatcher, type Endpoint } from "./dispatcher.ts";
export type { ExchangeContext } from "./exchange.ts";
export { openApi } from "./openapi.ts";
export {
  type FieldError,
  Problem,
  type ProblemDocument,
  type ProblemOptions,
  problem,
  reducedCapacity,
} from "./problem.ts";
export {
  type AnyHandler,
  del,
  get,
  type Handler,
  type HandlerRequest,
  type Handlers,
  patch,
  post,
  put,
  type Route,
  type Routes,
  type Shape,
} from "./route.ts";
export { type Input, type Output, type Schema, t } from "./schema.ts";
export { httpServer } from "./server.ts";
export { Turn } from "./turn.ts";
export type { TypedEndpoint } from "./typed-endpoint.ts";
