import { parts } from "./parts.ts";
import { shop } from "./shop.ts";

/*
 * main.ts [PART …] [--SETTING VALUE …]
 *
 * The parts named run in this process; without names, all of them do.
 */
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith("--"));
const names = firstOption < 0 ? words : words.slice(0, firstOption);
const unknown = names.find((name) => !parts.some((part) => part.name === name));
if (unknown !== undefined) {
  console.error(
    `There is no part ${unknown}: name some of ${parts.map(({ name }) => name).join(", ")}, or none for all.`,
  );
  process.exit(2);
}
const chosen = names.length === 0 ? parts : parts.filter(({ name }) => names.includes(name));
await shop(chosen, { args: words.slice(names.length) }).start();
