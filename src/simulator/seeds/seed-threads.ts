import { Worker } from "node:worker_threads";
import type { SeedAnswer, SeedRequest } from "./seed-messages.ts";

/** Plays seeds on several threads; `onAnswer` hears of each as it ends, and says whether to go on. */
export async function playSeeds(options: {
  readonly requests: Iterable<SeedRequest>;
  readonly threads: number;
  readonly onAnswer: (answer: SeedAnswer) => "on" | "enough";
}): Promise<void> {
  const left = options.requests[Symbol.iterator]();
  let isEnough = false;
  const work = async () => {
    let thread = newThread();
    for (let next = left.next(); !next.done && !isEnough; next = left.next()) {
      const answer = await ask(thread, next.value);
      if (options.onAnswer(answer) === "enough") isEnough = true;
      if (answer.type !== "crashed") continue;
      await thread.terminate();
      thread = newThread();
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: options.threads }, work));
}

function newThread(): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./worker.${extension}`, import.meta.url), {
    name: "nacre-simulator",
    // A run makes little that lives long and much that does not: the fewer collections, the more is gone by then.
    resourceLimits: { maxYoungGenerationSizeMb: 192 },
  });
}

function ask(thread: Worker, request: SeedRequest): Promise<SeedAnswer> {
  return new Promise((resolve) => {
    const answered = (answer: SeedAnswer) => {
      thread.off("error", failed);
      resolve(answer);
    };
    const failed = (error: Error) => {
      thread.off("message", answered);
      resolve({ type: "crashed", seed: request.seed, message: error.stack ?? error.message });
    };
    thread.once("message", answered);
    thread.once("error", failed);
    thread.postMessage(request);
  });
}
