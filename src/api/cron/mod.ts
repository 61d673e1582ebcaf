export { type CronSchedule, parseSchedule } from "./parse-schedule.ts";
export { clockOf, rfc3339 } from "./time-zone.ts";
