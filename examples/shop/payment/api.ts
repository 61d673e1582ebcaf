import { get, post, t } from "@nacre/chassis";

const account = t.object({ customer: t.string(), cents: t.integer() });

export const paymentApi = {
  deposit: post("/accounts/{customer}/deposits", {
    summary: "Pays money in. Asked again with the same key it is paid in once.",
    headers: t.object({ "idempotency-key": t.string({ minLength: 1, maxLength: 255 }) }),
    body: t.object({ cents: t.integer({ minimum: 1, maximum: 100_000_000 }) }),
    answers: { 201: account },
  }),
  readAccount: get("/accounts/{customer}", { answers: { 200: account } }),
};
