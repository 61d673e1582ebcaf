import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { contrastFunctions, hasChromium, lacksPostgres, type OpenPage, openPage } from "#testing";
import { eventually } from "./eventually.ts";
import { openTown } from "./shop/campaign.ts";
import { insist } from "./shop/customers.ts";

/** The page of examples/shop in a real browser, before a real shop. */
const skip =
  lacksPostgres() ??
  (hasChromium()
    ? false
    : "there is no Chromium here (apt-get install chromium), or no right to start it without a network");

test("the shop's page in a real browser", { skip }, async (context) => {
  const { url } = await openTown(context, { layout: "monolith" });

  await context.test(
    "with the keyboard alone money is paid in, and an order placed that comes to its end",
    async (t) => {
      const { page, shows } = await visit(t, url);
      const reached: string[] = [];
      const tab = async () => {
        await page.press("Tab");
        reached.push(await page.evaluate<string>(focused));
      };
      await tab();
      await page.write("Ada");
      await tab();
      await page.press("Enter");
      await shows("who-said", "€50.00 paid in.");
      await shows("balance", "You have €50.00.");
      for (let stop = 0; stop < 2; stop += 1) await tab();
      await page.press("ArrowDown");
      await shows("price", "That is €3.60.");
      for (let stop = 0; stop < 2; stop += 1) await tab();
      await page.press("Space");
      await shows("order-said", "Ordered: 3 × pear.");
      await shows("orders", "pear 3 €3.60 sent");
      await shows("balance", "You have €46.40.");
      // Each place where the keyboard is shows that it is there.
      assert.deepEqual(
        reached,
        ["customer", "euros", "Pay in", "fruit", "count", "Order"].map((name) => `${name} solid`),
      );
      assert.deepEqual(page.errors, []);
    },
  );

  await context.test("what comes of one customer's deed is not told to the next", async (t) => {
    const { page, shows, hold } = await visit(t, url);
    await insist(`${url}/web/accounts/Cy/deposits`, "for-cy", { cents: 700 });
    await page.press("Tab");
    await page.write("Bea");
    await page.press("Tab");
    await shows("balance", "You have €0.00.");
    const letGo = hold("/web/accounts/Bea/deposits");
    await page.press("Enter");
    await page.evaluate("document.querySelector('[name=customer]').select()");
    // While a name is being written it is nobody's.
    await page.write("C");
    await shows("balance", "");
    await page.write("y");
    await page.press("Tab");
    await shows("balance", "You have €7.00.");
    await shows("who-said", "One moment: what was asked for before is not answered yet.");
    letGo();
    await eventually("the button is free", () =>
      page.evaluate("!document.querySelector('[aria-disabled=true]')"),
    );
    await shows("who-said", "");
    await shows("balance", "You have €7.00.");
    await page.evaluate("document.querySelector('[name=customer]').select()");
    await page.write("Bea");
    await page.press("Tab");
    await shows("balance", "You have €50.00.");
  });

  for (const scheme of ["light", "dark"])
    await context.test(
      `in ${scheme} words have a contrast of 4.5 : 1, edges and the focus 3 : 1`,
      async (t) => {
        const { page, shows } = await visit(t, url);
        await page.send("Emulation.setEmulatedMedia", {
          features: [{ name: "prefers-color-scheme", value: scheme }],
        });
        await page.press("Tab");
        await page.write("Ada");
        await page.press("Tab");
        await shows("orders", "pear 3 €3.60 sent");
        const { words, edges } =
          await page.evaluate<Record<string, readonly { readonly ratio: number }[]>>(contrasts);
        assert.ok(words && words.length > 20 && edges && edges.length > 5);
        assert.deepEqual(
          words.filter(({ ratio }) => ratio < 4.5),
          [],
        );
        assert.deepEqual(
          edges.filter(({ ratio }) => ratio < 3),
          [],
        );
      },
    );
});

interface Visit {
  readonly page: OpenPage;
  /** Waits until an element's words are these. */
  readonly shows: (id: string, words: string) => Promise<void>;
  /** Keeps answers to what is asked of a path, until what it returns is called. */
  readonly hold: (path: string) => () => void;
}

/** Opens the page as from another machine, without TLS, where browsers leave out some of what they can do. */
async function visit(context: TestContext, shopUrl: string): Promise<Visit> {
  const held = new Map<string, Promise<void>>();
  const page = await openPage("http://shop.example/", async (request) => {
    const { method, headers } = request;
    const { pathname } = new URL(request.url);
    const body = method === "POST" ? { body: await request.text() } : {};
    const answer = await fetch(new URL(pathname, shopUrl), { method, headers, ...body });
    await held.get(pathname);
    return answer;
  });
  context.after(() => page.close());
  return {
    page,
    shows: (id, words) =>
      eventually(`${id} shows "${words}"`, async () => (await page.evaluate(wordsOf(id))) === words),
    hold: (path) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(path, promise);
      return resolve;
    },
  };
}

/** As they are read: cells of a row apart. */
const wordsOf = (id: string) => `(() => {
  const element = document.getElementById("${id}");
  const cells = [...element.querySelectorAll("td")];
  return cells.length ? cells.map((cell) => cell.textContent).join(" ") : element.textContent;
})()`;

/** Where the keyboard is, and how that shows. */
const focused = `(() => {
  const element = document.activeElement;
  return (element.name || element.textContent) + " " + getComputedStyle(element).outlineStyle;
})()`;

/** With every notice shown, as when all parts are away at once. */
const contrasts = `(() => {
  ${contrastFunctions}
  for (const notice of document.querySelectorAll("[hidden]")) notice.hidden = false;
  const fields = [...document.querySelectorAll("input, select, button")];
  const written = fields.map((field) => ({ of: field.name, ratio: ratio(getComputedStyle(field).color, behind(field)) }));
  const edges = fields.map((field) => ({ of: field.name, ratio: ratio(getComputedStyle(field).borderColor, behind(field.parentElement)) }));
  const focus = { of: "focus", ratio: ratio(getComputedStyle(document.activeElement).outlineColor, behind(document.body)) };
  return { words: [...words(), ...written], edges: [...edges, focus] };
})()`;
