import { parentPort, workerData } from "node:worker_threads";
import { readYaml } from "./read-yaml.ts";

// The whole life of a thread that `parseYaml` starts: one document.
parentPort?.postMessage(readYaml(workerData as string));
