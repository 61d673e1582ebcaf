import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { contrastFunctions, hasChromium, type OpenPage, openPage } from "#testing";
import { sampleReport } from "../../testing/sample-report.ts";
import { htmlReport } from "./page.ts";

const skip = hasChromium()
  ? false
  : "there is no Chromium here (apt-get install chromium), or no right to start it without a network";

async function opened(t: TestContext): Promise<OpenPage> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-report-"));
  const path = join(directory, "report.html");
  writeFileSync(path, htmlReport(sampleReport()));
  const page = await openPage(`file://${path}`);
  t.after(async () => {
    await page.close();
    rmSync(directory, { recursive: true });
  });
  return page;
}

test("a real browser shows the page without asking anybody for anything, and without a complaint", {
  skip,
}, async (t) => {
  const page = await opened(t);
  assert.equal(await page.evaluate("document.title"), "Zone b & <friends>: failed");
  assert.equal(await page.evaluate("document.querySelectorAll('figure.chart').length"), 7);
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith("data:")),
    [],
  );
  assert.deepEqual(page.errors, []);
});

test("the arrow keys read single values of every chart, and say them", { skip }, async (t) => {
  const page = await opened(t);
  await page.evaluate("document.querySelector('#traffic-0').focus()");
  await page.press("Home");
  for (let step = 0; step < 10; step += 1) await page.press("ArrowRight");
  const reading = (id: string) => page.evaluate(`document.querySelector('#${id} .reading').textContent`);
  assert.equal(await reading("traffic-0"), "09:10: came 100, served 40, could be served 50");
  assert.equal(await reading("nodes"), "09:10: ready 4");
  assert.equal(await page.evaluate("document.querySelector('#traffic-0 .reading').ariaLive"), "polite");
  await page.press("End");
  assert.match(String(await reading("traffic-0")), /^09:29: /);
});

test("every chart can be reached by the tab key, and the place where one is shows", { skip }, async (t) => {
  const page = await opened(t);
  const reached = new Set<string>();
  for (let step = 0; step < 60; step += 1) {
    await page.press("Tab");
    const id = await page.evaluate<string>("document.activeElement.id");
    if (id) reached.add(id);
    const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
    if (id) assert.equal(outline, "solid", `${id} shows that it is where one is`);
  }
  assert.deepEqual([...reached].sort(), [
    "availability-0",
    "cpu",
    "memory",
    "nodes",
    "pending",
    "pods-0",
    "traffic-0",
  ]);
});

for (const scheme of ["light", "dark"]) {
  test(`in ${scheme} every word has a contrast of 4.5 : 1 with what is behind it, every curve 3 : 1`, {
    skip,
  }, async (t) => {
    const page = await opened(t);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await page.send("Emulation.setEmulatedMedia", { features });
    const { words, curves, background } = await page.evaluate<Contrasts>(contrasts);
    assert.ok(scheme === "dark" ? background < 0.1 : background > 0.9, `the page is ${scheme}`);
    assert.ok(words.length > 20);
    assert.deepEqual(
      words.filter(({ ratio }) => ratio < 4.5),
      [],
    );
    assert.deepEqual(
      curves.filter(({ ratio }) => ratio < 3),
      [],
    );
  });
}

test("on a small screen nothing but tables is wider than the screen", { skip }, async (t) => {
  const page = await opened(t);
  await page.send("Emulation.setDeviceMetricsOverride", {
    width: 360,
    height: 740,
    deviceScaleFactor: 1,
    mobile: true,
  });
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
});

interface Contrasts {
  readonly words: readonly { readonly of: string; readonly ratio: number }[];
  readonly curves: readonly { readonly of: string; readonly ratio: number }[];
  readonly background: number;
}

const contrasts = `(() => {
  ${contrastFunctions}
  const curves = [...document.querySelectorAll("path.curve, path.mark")].map((path) => ({
    of: path.getAttribute("class"),
    ratio: ratio(getComputedStyle(path).stroke, behind(path.closest("figure"))),
  }));
  return { words: words(), curves, background: luminance(getComputedStyle(document.body).backgroundColor) };
})()`;
