/** An answer with its status and headers. Made by `answer`. */
export class Answer<Status extends number = number, Body = unknown> {
  readonly status: Status;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: Status, body: Body, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An answer other than the route's ordinary one, or one with headers: `answer(201, order, { location: "/orders/7" })`. */
export function answer<const Status extends number, Body = undefined>(
  status: Status,
  body?: Body,
  headers: Readonly<Record<string, string>> = {},
): Answer<Status, Body> {
  return new Answer(status, body as Body, headers);
}
