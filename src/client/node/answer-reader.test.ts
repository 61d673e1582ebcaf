import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerReader } from "./answer-reader.ts";

interface Read {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  body: string;
  isKept?: boolean;
}

/** Reads what arrives in these pieces, after which the server closes if `closes`. */
function read(pieces: readonly string[], { closes = false } = {}): Read[] {
  const found: Read[] = [];
  const last = () => found.at(-1) as Read;
  const reader = new AnswerReader({
    onHead: ({ status, headers }) => void found.push({ status, headers, body: "" }),
    onBody: (bytes) => {
      last().body += Buffer.from(bytes).toString("latin1");
    },
    onEnd: ({ isKept }) => {
      last().isKept = isKept;
    },
  });
  for (const piece of pieces) reader.push(Buffer.from(piece, "latin1"));
  if (closes) reader.close();
  return found;
}

const answers = [
  {
    text: "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{\r\n}\n",
    says: { status: 201, body: "{\r\n}\n", isKept: true },
  },
  {
    text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nab\r\nc\r\nA\r\n0123456789\r\n0\r\nDigest: z\r\n\r\n",
    says: { status: 200, body: "ab\r\nc0123456789", isKept: true },
  },
  { text: "HTTP/1.1 204 No Content\r\n\r\n", says: { status: 204, body: "", isKept: true } },
  { text: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", says: { status: 200, body: "", isKept: true } },
  {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 \r\nconnection: close\r\ncontent-length: 2\r\n\r\nno",
    says: { status: 413, body: "no", isKept: false },
  },
];

test("answers are read, however they are cut into pieces", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });
  const some = fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(some, cuts, (sent, lengths) => {
      const text = sent.map((one) => one.text).join("");
      const pieces: string[] = [];
      for (let at = 0, cut = 0; at < text.length; cut += 1) {
        const length = lengths[cut % lengths.length] ?? 1;
        pieces.push(text.slice(at, at + length));
        at += length;
      }
      const said = read(pieces).map(({ status, body, isKept }) => ({ status, body, isKept }));
      assert.deepEqual(
        said,
        sent.map(({ says }) => says),
      );
    }),
  );
});

test("an answer without length goes on until the server closes", () => {
  const text = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nand so on";
  const open = { status: 200, headers: { "content-type": "text/plain" }, body: "and so on" };
  assert.deepEqual(read([text]), [open]);
  assert.deepEqual(read([text], { closes: true }), [{ ...open, isKept: false }]);
});

test("headers given twice are joined, under lower-case names", () => {
  const [answer] = read(["HTTP/1.1 204 No Content\r\nWarning: a\r\nwarning:  b \r\n\r\n"]);
  assert.deepEqual(answer?.headers, { warning: "a, b" });
});

test("what is no HTTP is refused", () => {
  const head = "HTTP/1.1 200 OK\r\n";
  for (const text of [
    "SSH-2.0-OpenSSH\r\n\r\n",
    `${head}content-length: 1, 2\r\n\r\n`,
    `${head}content-length: -1\r\n\r\n`,
    `${head}transfer-encoding: gzip, chunked\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\nxyz\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`,
    `${head}no colon\r\n\r\n`,
    `${head}x: ${"y".repeat(70_000)}`,
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  ]) {
    assert.throws(() => read([text]), /no HTTP\/1\.1/, text.slice(0, 60));
  }
});
