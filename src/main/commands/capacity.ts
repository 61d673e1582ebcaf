import {
  type Command,
  capacityPage,
  capacityRecord,
  formatOf,
  formatted,
  outputOption,
  readCapacity,
} from "#cli";
import { reachOptions, withClient } from "../reach.ts";

/** How much a cluster has, how much of it is given away, and how much of that is used. */
export const capacityCommand: Command = {
  name: "capacity",
  summary: "what is there, what is requested, what is used",
  usage: "",
  options: { ...reachOptions, ...outputOption },
  examples: [
    { line: "nacre capacity", what: "per node and in total, and who would be evicted first" },
    { line: "nacre capacity -o json", what: "the same for programs: cores and bytes" },
  ],
  async run(invocation) {
    const { output, signal } = invocation;
    const capacity = await withClient(invocation, (client) => readCapacity(client, { signal }));
    const format = formatOf(invocation);
    output.out(
      format === "table" ? capacityPage(output, capacity) : formatted(capacityRecord(capacity), format),
    );
    return 0;
  },
};
