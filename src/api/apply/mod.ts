export { type Application, applyConfiguration } from "./apply-configuration.ts";
export { trackUpdate, type UpdateTracking } from "./track-update.ts";
