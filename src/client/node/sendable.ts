import type { ApiRequest } from "#api";
import { badRequest } from "#base";

/** Throws BadRequest when path or headers cannot be sent as they are: they would be read as something else. */
export function checkSendable({ path, headers }: ApiRequest): void {
  if (forbiddenInPath.test(path)) {
    throw badRequest(`the path ${JSON.stringify(path)} cannot be sent: escape it`);
  }
  for (const name in headers) {
    if (forbiddenInHeader.test(headers[name] ?? "")) {
      throw badRequest(`the header ${name} cannot be sent: it is more than a line`);
    }
  }
}

const forbiddenInPath = /[^\x21-\x7e]/;
const forbiddenInHeader = /[^\t\x20-\x7e\x80-\xff]/;
