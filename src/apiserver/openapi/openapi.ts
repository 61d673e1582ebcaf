import {
  openApiHash,
  openApiV2Document,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
} from "#api/behaviour";
import { type Clock, must } from "#base";
import { bytesAnswer, jsonAnswer } from "../pipeline/answers.ts";
import type { Document } from "../pipeline/documents.ts";
import type { DocumentAnswer, Exchange } from "../pipeline/exchange.ts";
import { mediaRanges } from "../pipeline/negotiate.ts";
import { headerOf } from "../pipeline/request.ts";
import { Slice } from "../registry/slice.ts";
import { encodeSlowly } from "./encode-slowly.ts";

/** What is made: a path below `/openapi/v3/`, or one of the two forms of `/openapi/v2`. */
type Wanted =
  | { readonly form: "v3"; readonly path: string }
  | { readonly form: "v2" }
  | { readonly form: "v2-protobuf" };

/**
 * `/openapi/v2` and `/openapi/v3`. A document takes tens of milliseconds to make: it is made at the first request, in
 * slices, and the bytes are kept.
 */
export function openApi(clock: Clock): Document {
  const made = new Map<string, Promise<Uint8Array>>();
  const bytesOf = (wanted: Wanted): Promise<Uint8Array> => {
    const key = JSON.stringify(wanted);
    let bytes = made.get(key);
    if (!bytes) {
      bytes = make(wanted, clock);
      made.set(key, bytes);
      // A failure is not remembered: the next request tries again.
      bytes.catch(() => made.delete(key));
    }
    return bytes;
  };
  return {
    answer(path, exchange) {
      if (path === "/openapi/v3" || path === "/openapi/v3/") return jsonAnswer({ paths: openApiV3Index() });
      if (path === "/openapi/v2") return answerV2(exchange, bytesOf);
      if (!path.startsWith(v3Prefix)) return undefined;
      const at = path.slice(v3Prefix.length);
      return Object.hasOwn(openApiV3Index(), at) ? answerV3(at, exchange, bytesOf) : undefined;
    },
  };
}

const v3Prefix = "/openapi/v3/";

type BytesOf = (wanted: Wanted) => Promise<Uint8Array>;

async function answerV3(path: string, exchange: Exchange, bytesOf: BytesOf): Promise<DocumentAnswer> {
  return isKnown(exchange) ? tagged(notModified()) : tagged(bytesAnswer(await bytesOf({ form: "v3", path })));
}

async function answerV2(exchange: Exchange, bytesOf: BytesOf): Promise<DocumentAnswer> {
  if (isKnown(exchange)) return tagged(notModified());
  if (!wantsProtobuf(exchange)) return tagged(bytesAnswer(await bytesOf({ form: "v2" })));
  const answer = tagged(bytesAnswer(await bytesOf({ form: "v2-protobuf" })));
  answer.headers["content-type"] = protobufType;
  return answer;
}

/** As it is asked for; as it is answered. Go cannot read the former, which is why upstream answers the latter. */
const protobufAccept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

function wantsProtobuf({ headers }: Exchange): boolean {
  const [first] = mediaRanges(headerOf(headers, "accept") ?? "");
  return first?.type === protobufAccept || first?.type === protobufType;
}

function isKnown({ headers }: Exchange): boolean {
  return headerOf(headers, "if-none-match") === etag;
}

const etag = `"${openApiHash}"`;

function tagged(answer: DocumentAnswer): DocumentAnswer {
  answer.headers.etag = etag;
  answer.headers.vary = "Accept";
  return answer;
}

function notModified(): DocumentAnswer {
  return bytesAnswer(new Uint8Array(), 304);
}

async function make(wanted: Wanted, clock: Clock): Promise<Uint8Array> {
  const slice = new Slice(clock);
  const options = { pause: () => slice.pause() };
  if (wanted.form === "v2-protobuf") return openApiV2Protobuf(options);
  const document =
    wanted.form === "v2" ? await openApiV2Document(options) : await openApiV3Document(wanted.path, options);
  return encodeSlowly(must(document, "a document that is listed can be made"), slice);
}
