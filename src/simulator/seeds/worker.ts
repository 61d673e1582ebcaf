import { parentPort } from "node:worker_threads";
import { messageOf, must } from "#base";
import { plantedBugs } from "../planted/registry.ts";
import { runSeed } from "../runs/run-seed.ts";
import type { SeedAnswer, SeedRequest } from "./seed-messages.ts";

const port = must(parentPort, "this is a thread");
let playing: number | undefined;

// A program of the simulated cluster that fails like this would end in the real one.
process.on("unhandledRejection", (error) => {
  const message = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  port.postMessage({ type: "crashed", seed: playing ?? 0, message } satisfies SeedAnswer);
  process.exit(1);
});

port.on("message", async ({ planted, ...options }: SeedRequest) => {
  playing = options.seed;
  const bug = plantedBugs.find(({ name }) => name === planted);
  const report = await runSeed({ ...options, ...(bug ? { ports: bug.ports() } : {}) });
  port.postMessage({ type: "played", report } satisfies SeedAnswer);
});
