export { age, duration } from "./age.ts";
export type { Cell, Column, TableColumns } from "./columns.ts";
