export {
  contentsOf,
  dataOf,
  frameStart,
  frameStartWithHead,
  maxHeadBytes,
  maxTrunkBodyBytes,
  requestNumber,
  trunkFrames,
  trunkProtocol,
} from "./frames.ts";
export { answerHeadText, type Headers, HeadReader, type RequestHead, requestHeadText } from "./heads.ts";
export { Outbox } from "./outbox.ts";
