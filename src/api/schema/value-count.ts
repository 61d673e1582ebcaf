import { ApiError } from "#base";
import { maxBodyValues } from "./limits.ts";

/** Counts the fields and elements of one body, however many documents lie within one another in it. */
export class ValueCount {
  #values = 0;

  /** Throws RequestEntityTooLarge: the body is short enough, and yet too much work. */
  add(values: number): void {
    this.#values += values;
    if (this.#values <= maxBodyValues) return;
    throw new ApiError(
      "RequestEntityTooLarge",
      `the body of the request has more than ${maxBodyValues} fields and elements`,
    );
  }
}
