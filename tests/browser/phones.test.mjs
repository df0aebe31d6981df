// What a newcomer does on the page: types in one phone and sees it in the other two, with ticks.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { startStack } from "./stack.mjs";

const networks = ["whatsapp", "messenger", "instagram"];
let system, browser, page;
const problems = [];

before(async () => {
  system = await startStack();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(system.url)) problems.push(`outside request: ${request.url()}`);
  });
  await page.goto(system.url);
});

after(async () => {
  await browser?.close();
  await system?.stop();
});

const phone = (network) => page.getByTestId(`phone-${network}`);
const bubble = (network, text) => phone(network).getByTestId("bubble").filter({ hasText: text });

async function type(network, text) {
  await page.getByTestId(`composer-${network}`).fill(text);
  await page.getByTestId(`send-${network}`).click();
}

for (const from of networks) {
  test(`what is typed on ${from} appears once on the other two, with name and ticks`, async () => {
    const text = `typed on ${from} 😀 <b>not bold</b>`;
    await type(from, text);
    await bubble(from, text).waitFor();
    for (const to of networks.filter((n) => n !== from)) {
      await bubble(to, text).waitFor({ timeout: 15000 });
      assert.equal(await bubble(to, text).count(), 1, `${to} shows it once`);
    }
    await phone(from).locator('[data-testid="bubble"]', { hasText: text }).locator('[data-ticks="read"]').waitFor({ timeout: 15000 });
  });
}

test("a reply typed on one phone quotes the right message on the others", async () => {
  await type("whatsapp", "which one do you mean?");
  const target = bubble("messenger", "which one do you mean?");
  await target.waitFor({ timeout: 15000 });
  await target.hover();
  await target.getByRole("button", { name: /reply/i }).click();
  await type("messenger", "that one");
  for (const network of ["whatsapp", "instagram"]) {
    const reply = bubble(network, "that one");
    await reply.waitFor({ timeout: 15000 });
    assert.match(await reply.innerText(), /which one do you mean\?/);
  }
});

test("the page makes no error and asks nobody else for anything", async () => {
  await page.screenshot({ path: process.env.SCREENSHOT ?? "phones.png" });
  assert.deepEqual(problems, []);
});
