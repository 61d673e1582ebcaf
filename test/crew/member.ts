import { hostname } from "node:os";
import { service } from "@nacre/chassis";
import { member } from "./api.ts";

/** One of the crew. */
const it = service({
  name: "member",
  version: "1.0.0",
  routes: member,
  handlers: ({ check }) => {
    let ill = false;
    check("health", "ready", () => {
      if (ill) throw new Error("fallen ill");
    });
    return {
      who: () => ({ name: hostname() }),
      fallIll: () => {
        ill = true;
      },
    };
  },
});
await it.start();
