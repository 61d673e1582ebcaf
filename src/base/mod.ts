export * from "./assert.ts";
export * from "./channel-frames.ts";
export * from "./clock.ts";
export * from "./errors.ts";
export * from "./log.ts";
export * from "./metrics.ts";
export * from "./queue.ts";
export * from "./random.ts";
