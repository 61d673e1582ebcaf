import assert from "node:assert/strict";
import { test } from "node:test";
import { checkChoreography } from "./check.ts";
import type { Choreography } from "./definition.ts";
import { drawChoreography } from "./draw.ts";

const flow: Choreography = {
  name: "fulfilment",
  topic: "fulfilment",
  begins: ["placed"],
  participants: {
    stock: { placed: ["reserved", "sold-out"], refused: ["released"] },
    payment: { reserved: ["paid", "refused"] },
  },
  ends: { paid: "completed", "sold-out": "undone", released: "undone" },
  undoneBy: { reserved: "released" },
};

test("a flow that is whole is accepted, and drawn", () => {
  checkChoreography(flow);
  assert.equal(
    drawChoreography(flow),
    [
      "flowchart LR",
      "  begin((begin)) --> placed",
      "  placed -- stock --> reserved",
      "  placed -- stock --> sold-out",
      "  refused -- stock --> released",
      "  reserved -- payment --> paid",
      "  reserved -- payment --> refused",
      "  paid --> completed((completed))",
      "  sold-out --> undone((undone))",
      "  released --> undone((undone))",
    ].join("\n"),
  );
});

test("who hears an event and has nothing to say is drawn, too", () => {
  const watched = { ...flow, participants: { ...flow.participants, mail: { refused: [], paid: [] } } };
  checkChoreography(watched);
  const drawing = drawChoreography(watched).split("\n");
  assert.deepEqual(
    drawing.filter((line) => line.includes("mail")),
    ["  refused -.-> at_mail[mail]", "  paid -.-> at_mail[mail]"],
  );
});

const broken: readonly [string, Partial<Choreography>, RegExp][] = [
  [
    "a missing reaction",
    {
      participants: { ...flow.participants, stock: { placed: ["reserved", "sold-out"] } },
      ends: { paid: "completed", "sold-out": "undone" },
    },
    /nobody reacts to refused, and it is no end/,
  ],
  [
    "a reaction to what nobody says",
    { participants: { ...flow.participants, mail: { shipped: [] } } },
    /nobody says shipped/,
  ],
  ["an end that nobody says", { ends: { ...flow.ends, lost: "undone" } }, /nobody says lost/],
  [
    "something done that is not undone",
    { ends: { ...flow.ends, refused: "undone" } },
    /reserved must be undone by released, but after it comes refused without/,
  ],
  [
    "a flow that goes round for ever",
    { participants: { ...flow.participants, mail: { placed: ["asked"], asked: ["asked"] } } },
    /after asked it never ends/,
  ],
  [
    "an island",
    { participants: { ...flow.participants, mail: { asked: ["asked", "paid"] } } },
    /nothing that it begins with leads to asked/,
  ],
];

for (const [what, change, why] of broken)
  test(`${what} is found`, () => {
    assert.throws(() => checkChoreography({ ...flow, ...change }), why);
  });
