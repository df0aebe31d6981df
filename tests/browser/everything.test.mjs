// What people send besides words, on the page: dropped pictures, voice notes, places, contacts, buttons, edits, unsends.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { startStack } from "./stack.mjs";

const files = path.join(path.dirname(fileURLToPath(import.meta.url)), "../kit/files");
const scratch = mkdtempSync(path.join(os.tmpdir(), "trefoil-browser-"));
const networks = ["whatsapp", "messenger", "instagram"];
let system, browser, page;
const problems = [];

before(async () => {
  system = await startStack();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  page.on("request", (request) => { if (!request.url().startsWith(system.url)) problems.push(`outside request: ${request.url()}`); });
  await page.goto(system.url);
});

after(async () => {
  await browser?.close();
  await system?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const phone = (network) => page.getByTestId(`phone-${network}`);
const shown = (network, what) => phone(network).locator(`[data-testid="bubble"][data-direction="in"] [data-testid="${what}"]`);
const bubble = (network, text) => phone(network).getByTestId("bubble").filter({ hasText: text });

async function attach(network, what) {
  await page.getByTestId(`attach-${network}`).click();
  await phone(network).locator(`[data-what="${what}"]`).click();
}

async function type(network, text) {
  await page.getByTestId(`composer-${network}`).fill(text);
  await page.getByTestId(`send-${network}`).click();
}

/** A file of the test kit, dragged from outside over a phone and let go there: the browser's own drag and drop. */
async function drop(network, name) {
  const { x, y, width, height } = await phone(network).boundingBox();
  const devtools = await page.context().newCDPSession(page);
  const drag = (type, dx) => devtools.send("Input.dispatchDragEvent", { type, x: x + width / 2 + dx, y: y + height / 2,
    data: { items: [], files: [path.join(files, name)], dragOperationsMask: 1 } });
  await drag("dragEnter", -9);
  await drag("dragOver", 0);
  await phone(network).and(page.locator(".dropping")).waitFor();
  if (process.env.SCREENSHOT_DRAG) await page.screenshot({ path: process.env.SCREENSHOT_DRAG });
  await drag("drop", 0);
  await devtools.detach();
}

/** Nothing of it hangs over the edge of its balloon. */
const isWithinBalloon = (element) => element.evaluate((inner) => {
  const a = inner.getBoundingClientRect(), b = inner.closest(".balloon").getBoundingClientRect();
  return a.left >= b.left && a.right <= b.right;
});

for (const from of networks) {
  test(`a picture dropped on ${from} is seen on the other two`, async () => {
    const others = networks.filter((n) => n !== from), before = {};
    for (const to of others) before[to] = await shown(to, "picture").count();
    await drop(from, "picture.jpg");
    for (const to of others) {
      const picture = shown(to, "picture").nth(before[to]);
      await picture.waitFor({ timeout: 20000 });
      await page.waitForFunction((image) => image.complete && image.naturalWidth > 0, await picture.elementHandle());
    }
  });
}

test("a voice note recorded on WhatsApp can be played on the other two", async () => {
  await attach("whatsapp", "voice");
  for (const to of ["messenger", "instagram"]) {
    const sound = shown(to, "sound").first();
    await sound.waitFor({ state: "attached", timeout: 20000 });
    await page.waitForFunction((audio) => audio.duration > 0.5, await sound.elementHandle());
  }
});

test("a place is a card with a map where it was sent, and words with a link where there are none", async () => {
  await attach("whatsapp", "location");
  await phone("whatsapp").getByTestId("location").locator("svg.map").waitFor();
  for (const to of ["messenger", "instagram"]) await bubble(to, /https:\/\/maps\./).waitFor({ timeout: 15000 });
});

test("a contact is a card where it was sent, and its words elsewhere", async () => {
  await attach("whatsapp", "contact");
  await phone("whatsapp").getByTestId("contacts").getByText("dora@example.org").waitFor();
  for (const to of ["messenger", "instagram"]) await bubble(to, /Dora Example[^]*dora@example\.org/).waitFor({ timeout: 15000 });
});

test("a reply to a story says so where it was written, and its words reach the others", async () => {
  await page.getByTestId("composer-instagram").fill("what a view");
  await attach("instagram", "story");
  await bubble("instagram", /reply to a story[^]*what a view/).waitFor();
  for (const to of ["whatsapp", "messenger"]) await bubble(to, "what a view").waitFor({ timeout: 15000 });
});

test("a film, a sticker and a document look like what they are", async () => {
  const send = async (kind, name, mime) => {
    const body = readFileSync(path.join(files, name)).toString("base64");
    await page.evaluate(async ({ body, kind, name, mime }) => {
      const bytes = Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
      await phones.whatsapp.attachments.sendOne(new Blob([bytes]), name, mime, kind);
    }, { body, kind, name, mime });
  };
  await send("video", "film.mp4", "video/mp4");
  await send("sticker", "sticker.webp", "image/webp");
  await send("file", "paper.pdf", "application/pdf");
  for (const to of ["messenger", "instagram"]) {
    const film = shown(to, "film").last();
    await film.waitFor({ timeout: 20000 });
    await page.waitForFunction((video) => video.videoWidth > 0, await film.elementHandle());
    await phone(to).locator('a[data-testid="file"][download$=".pdf"]').waitFor({ timeout: 20000 });
  }
  await phone("whatsapp").locator('img.sticker[data-testid="picture"]').waitFor();
});

test("a template is a card with what was filled in, and words where there are none", async () => {
  const file = path.join(scratch, "template.json");
  writeFileSync(file, JSON.stringify({ author: { name: "Desk" }, template: { name: "order_ready", language: "en_US", rendered: "Your order 1043 is ready.",
    components_json: JSON.stringify([{ type: "body", parameters: [{ type: "text", text: "1043" }] }]) } }));
  const sent = await system.cli("send", "Trefoil", "--json", file);
  assert.equal(sent.status, 0, sent.error);
  for (const to of ["whatsapp", "messenger"]) {
    const card = shown(to, "template").last();
    await card.waitFor({ timeout: 15000 });
    assert.match(await card.innerText(), /order_ready[^]*1043/);
  }
  await bubble("instagram", "Your order 1043 is ready.").waitFor({ timeout: 15000 });
});

test("buttons a service offers can be pressed on every phone, and the choice reaches the others", async () => {
  const file = path.join(scratch, "buttons.json");
  for (const [i, network] of networks.entries()) {
    writeFileSync(file, JSON.stringify({ author: { name: "Desk" }, choices: { shape: "buttons", body: `Is nine fine, round ${i}?`,
      options: [{ id: `yes-${i}`, title: `Yes ${i}` }, { id: `no-${i}`, title: `No ${i}` }] } }));
    const sent = await system.cli("send", "Trefoil", "--json", file);
    assert.equal(sent.status, 0, sent.error);
    const button = bubble(network, `round ${i}?`).getByRole("button", { name: `Yes ${i}`, exact: true });
    await button.waitFor({ timeout: 15000 });
    assert.ok(await isWithinBalloon(button), "the button hangs over");
    await button.click();
    for (const to of networks.filter((n) => n !== network)) await bubble(to, `Yes ${i}`).last().waitFor({ timeout: 15000 });
  }
});

test("a list opens over the screen and its row can be chosen", async () => {
  const file = path.join(scratch, "list.json");
  writeFileSync(file, JSON.stringify({ author: { name: "Desk" }, choices: { shape: "list", body: "Shipping?", label: "Ways",
    options: [{ id: "r1", title: "Courier", description: "Today", section: "Fast" }, { id: "r2", title: "Express", description: "Tomorrow", section: "Fast" }] } }));
  assert.equal((await system.cli("send", "Trefoil", "--json", file)).status, 0);
  await bubble("whatsapp", "Shipping?").getByRole("button", { name: "Ways" }).click({ timeout: 15000 });
  await phone("whatsapp").getByTestId("options").getByRole("button", { name: /Express/ }).click();
  for (const to of ["messenger", "instagram"]) await bubble(to, /WhatsApp[^]*Express/).waitFor({ timeout: 15000 });
});

test("what is edited or taken back on one phone is told on the others", async () => {
  await type("instagram", "tea or cofee");
  const own = bubble("instagram", "tea or cofee");
  await bubble("whatsapp", "tea or cofee").waitFor({ timeout: 15000 });
  await own.hover();
  await own.getByRole("button", { name: "Edit" }).click();
  await type("instagram", "tea or coffee");
  await bubble("whatsapp", "✎ tea or coffee").waitFor({ timeout: 15000 });
  const edited = bubble("instagram", "tea or coffee");
  await edited.hover();
  await edited.getByRole("button", { name: "Unsend" }).click();
  await bubble("instagram", "taken back").waitFor();
  for (const to of ["whatsapp", "messenger"]) await bubble(to, "🗑").waitFor({ timeout: 15000 });
});

test("what a network refuses is said in words", async () => {
  await page.getByTestId("attach-messenger").click();
  await phone("messenger").locator(".attachments").waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate(() => control("say", { network: "messenger", person: "nobody", text: "x" }).catch((problem) => { window.refused = problem.message; }));
  assert.match(await page.evaluate(() => window.refused), /person/);
});

test("everything on the page was drawn without an error or a request to anybody else", async () => {
  await page.screenshot({ path: process.env.SCREENSHOT ?? path.join(scratch, "everything.png") });
  const own = problems.filter((text) => !/404|400/.test(text)); // a refusal is shown, and the browser notes it too
  assert.deepEqual(own, []);
});
