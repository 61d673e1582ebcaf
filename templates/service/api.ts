import { get, t } from "@nacre/chassis";

/** What this service answers. A plain value: clients are made from it, too. */
export const api = {
  greet: get("/hello/{name}", {
    summary: "Greets somebody.",
    params: t.object({ name: t.string({ maxLength: 100 }) }),
    answers: { 200: t.object({ text: t.string() }) },
  }),
};
