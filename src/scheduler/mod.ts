export { type SchedulerStartOptions, startScheduler } from "./start.ts";
