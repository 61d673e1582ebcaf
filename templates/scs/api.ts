import { get, post, t } from "@nacre/chassis";

export const note = t.object({ id: t.integer(), text: t.string(), at: t.string({ format: "date-time" }) });

/** What this service answers: its notes, and the page that shows them. */
export const api = {
  list: get("/notes", { summary: "The latest notes.", answers: { 200: t.array(note) } }),
  write: post("/notes", {
    summary: "Keeps a note.",
    body: t.object({ text: t.string({ minLength: 1, maxLength: 1000 }) }),
    answers: { 201: note },
  }),
  page: get("/", { answers: { 200: t.text("text/html; charset=utf-8") } }),
  script: get("/ui/page.js", { answers: { 200: t.text("text/javascript; charset=utf-8") } }),
  style: get("/ui/page.css", { answers: { 200: t.text("text/css; charset=utf-8") } }),
};
