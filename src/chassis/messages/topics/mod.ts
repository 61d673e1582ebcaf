export type { Declared, DraftOf, EventOf, EventSchemas, EventsOf, Sayable } from "./declared.ts";
export type {
  Answers,
  AskedQuestion,
  Asking,
  AskOptions,
  Asks,
  Question,
  QuestionSchemas,
} from "./questions.ts";
export {
  type Consumed,
  type Effects,
  type Handlers,
  type Topic,
  type TopicDefinition,
  topic,
} from "./topic.ts";
