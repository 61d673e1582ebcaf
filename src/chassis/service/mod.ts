export type { Check, CheckKind, HealthReport } from "./health.ts";
export { type Machine, type Service, type ServiceContext, type ServiceOptions, service } from "./service.ts";
