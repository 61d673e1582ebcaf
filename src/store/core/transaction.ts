import { ApiError, assert } from "#base";
import { limits } from "../limits.ts";
import type { Transaction } from "../store.ts";

/** Checks what every log can take (S3). Throws RequestEntityTooLarge for what a user may cause; asserts the rest. */
export function checkTransaction({ operations }: Transaction): void {
  assert(operations.length > 0, "a transaction writes something");
  if (operations.length > limits.transactionOperations) {
    throw tooLarge(
      `${operations.length} changes in one transaction, the limit is ${limits.transactionOperations}`,
    );
  }
  let bytes = 0;
  for (const operation of operations) {
    const { key } = operation;
    const keyBytes = Buffer.byteLength(key);
    assert(key !== "" && key.isWellFormed(), "a key is well-formed text");
    if (keyBytes > limits.keyBytes)
      throw tooLarge(`a key of ${keyBytes} bytes, the limit is ${limits.keyBytes}`);
    bytes += keyBytes + (operation.type === "put" ? operation.value.byteLength : 0);
  }
  if (bytes > limits.transactionBytes) {
    throw tooLarge(`${bytes} bytes in one transaction, the limit is ${limits.transactionBytes}`);
  }
  if (operations.length > 1) {
    assert(
      new Set(operations.map(({ key }) => key)).size === operations.length,
      "a transaction names a key once",
    );
  }
}

function tooLarge(what: string): ApiError {
  return new ApiError("RequestEntityTooLarge", `could not commit: ${what}; make the object smaller`);
}
